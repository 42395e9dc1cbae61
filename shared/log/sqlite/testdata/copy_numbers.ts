/**
 * Run as a process of its own: PATH. Copies topic `power` to `predictions` as group `copy`, a few
 * records a commit, and prints how many commits it has made.
 */
import type { TaskLog } from "../../log.ts";
import { openLog } from "../../open.ts";

const log = await openLog(`sqlite:${Deno.args[0]}`);
const encoder = new TextEncoder();
let commits = 0;

async function copy(task: TaskLog, signal: AbortSignal): Promise<void> {
  let copied = Number((await task.loadMemory()).get("copied") ?? 0);
  let offsets = await task.committedOffsets();
  while (!signal.aborted) {
    const [fetched] = await task.fetch(offsets, 1000, signal);
    const records = fetched!.records.slice(0, 50);
    if (records.length === 0) continue;
    copied += records.length;
    offsets = [records.at(-1)!.offset + 1];
    await task.commit({
      records: records.map((one) => ({ ...one, topic: "predictions" })),
      memory: new Map([["copied", `${copied}`]]),
      offsets,
    });
    Deno.stdout.writeSync(encoder.encode(`${++commits}\n`));
  }
}

await log.runTasks({ group: "copy", inputs: ["power"] }, copy, new AbortController().signal);
