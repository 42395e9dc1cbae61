/** Retention takes nothing that a group of tasks still needs. */
import assert from "node:assert/strict";
import type { Log, TaskLog } from "../log.ts";
import { openLog } from "../open.ts";

const INPUTS = ["device-state", "power"];

async function withLog(
  run: (log: Log, clock: { nowMs: number }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const clock = { nowMs: 1000 };
  const log = await openLog(`sqlite:${folder}/log.db`, { nowMs: () => clock.nowMs });
  try {
    await log.createTopics([
      ...INPUTS.map((name) => ({ name, partitions: 1, retentionMs: 10_000, retentionBytes: 40 })),
    ]);
    await run(log, clock);
  } finally {
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** As a worker whose task does this once, and then is gone. */
async function asTask(log: Log, run: (task: TaskLog) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  await log.runTasks({ group: "training", inputs: INPUTS }, async (task) => {
    await run(task);
    stop.abort();
  }, stop.signal);
}

async function appendSeconds(log: Log, clock: { nowMs: number }, count: number): Promise<void> {
  for (let second = 0; second < count; second++) {
    clock.nowMs += 1000;
    await log.appender().append(
      INPUTS.map((topic) => ({ topic, key: "home", value: "0123456789" })),
    );
  }
}

async function startsOf(log: Log): Promise<number[]> {
  return (await log.describe(INPUTS)).map(({ partitions }) => partitions[0]!.startOffset);
}

function checkpoint(rewind: readonly number[]): ReadonlyMap<string, string> {
  return new Map([["task", JSON.stringify({ rewind })]]);
}

Deno.test("retention by age and bytes cuts no rewind point, of either input, and goes on behind it", () =>
  withLog(async (log, clock) => {
    await appendSeconds(log, clock, 20);
    const before = await startsOf(log);
    assert.ok(before.every((start) => start > 9), "nobody needs anything yet");
    await asTask(
      log,
      (task) => task.commit({ records: [], memory: checkpoint([18, 19]), offsets: [20, 20] }),
    );
    await appendSeconds(log, clock, 40);
    assert.deepEqual(await startsOf(log), [18, 19]);
    await asTask(
      log,
      (task) => task.commit({ records: [], memory: checkpoint([50, 60]), offsets: [60, 60] }),
    );
    await appendSeconds(log, clock, 20);
    assert.deepEqual(await startsOf(log), [50, 60]);
  }));

Deno.test("retention cuts nothing that a group without a checkpoint has not processed", () =>
  withLog(async (log, clock) => {
    await appendSeconds(log, clock, 3);
    await asTask(log, (task) => task.commit({ records: [], memory: new Map(), offsets: [2, 1] }));
    await appendSeconds(log, clock, 40);
    assert.deepEqual(await startsOf(log), [2, 1]);
  }));
