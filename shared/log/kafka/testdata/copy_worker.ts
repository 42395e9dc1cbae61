/**
 * Run as a process of its own: URL GROUP INPUT OUTPUT. Copies records, a few a transaction, and prints
 * one line an event: `assigned 3`, `committed 3`, `ended 3`. Ends at SIGTERM; tries again when Kafka is
 * away.
 */
import { hasCode, messageOf } from "../../../errors.ts";
import type { TaskLog } from "../../log.ts";
import { openLog } from "../../open.ts";

const [url, group, input, output] = Deno.args as [string, string, string, string];
const RECORDS_MAX = 40;

const encoder = new TextEncoder();
const say = (line: string) => Deno.stdout.writeSync(encoder.encode(`${line}\n`));
const stop = new AbortController();
Deno.addSignalListener("SIGTERM", () => stop.abort());

async function copy(task: TaskLog, signal: AbortSignal): Promise<void> {
  say(`assigned ${task.partition}`);
  try {
    const memory = await task.loadMemory();
    let copied = Number(memory.get("copied") ?? 0);
    // As workers do: what Kafka says of committed offsets can be out of date after a restart.
    const known = memory.get("next");
    let offsets = known === undefined ? await task.committedOffsets() : [Number(known)];
    while (!signal.aborted) {
      const [fetched] = await task.fetch(offsets, 500, signal);
      const records = fetched!.records.slice(0, RECORDS_MAX);
      if (records.length === 0) {
        offsets = [fetched!.nextOffset];
        continue;
      }
      copied += records.length;
      offsets = [records.at(-1)!.offset + 1];
      const copies = records.map(({ key, value, offset }) => ({
        topic: output,
        key,
        value,
        headers: { copied: `${copied}`, from: `${task.partition}/${offset}` },
      }));
      await task.write(copies.splice(0, copies.length / 2));
      await task.commit({
        records: copies,
        memory: new Map([["copied", `${copied}`], ["next", `${offsets[0]}`]]),
        offsets,
      });
      say(`committed ${task.partition}`);
    }
  } catch (error) {
    say(`failed ${task.partition} ${messageOf(error)}`);
    throw error;
  } finally {
    say(`ended ${task.partition}`);
  }
}

const log = await openLog(url, { kafkaSessionTimeoutMs: 2_000 });
while (!stop.signal.aborted) {
  try {
    await log.runTasks({ group, inputs: [input] }, copy, stop.signal);
  } catch (error) {
    if (!hasCode(error, "unavailable")) throw error;
    say(`waiting ${messageOf(error)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
await log.close();
say("done");
// SIGTERM's listener would keep the process.
Deno.exit(0);
