import assert from "node:assert/strict";
import { WattstreamError } from "../errors.ts";
import type { TopicDescription } from "../log/log.ts";
import { LagWatch } from "./lag_watch.ts";
import type { TaskView } from "./task_observer.ts";

const topic = (name: string, ends: readonly number[]): TopicDescription => ({
  name,
  logAppendTime: true,
  partitions: ends.map((endOffset, partition) => ({
    ...{ partition, startOffset: 0, endOffset, bytes: 0 },
  })),
});
const viewAt = (positions: readonly number[], lastAppendMs?: number): TaskView => ({
  positions: () => positions,
  lastAppendMs,
  newestS: undefined,
  watermarkSpreadS: () => 0,
  memories: () => [],
  hottest: () => [],
});

Deno.test("LagWatch counts what a task has not read of all its inputs, and how old the last it read is", async () => {
  const topics = [topic("power", [7, 20]), topic("device-state", [5, 8])];
  const watch = new LagWatch({ describe: () => Promise.resolve(topics) }, [
    "device-state",
    "power",
  ]);
  assert.equal(watch.partitionCount, 0);
  assert.deepEqual(watch.of(1, viewAt([0, 0]), 9_000), { records: 0, seconds: 0 });
  await watch.look();
  assert.equal(watch.partitionCount, 2);
  assert.deepEqual(watch.of(1, viewAt([8, 18], 4_000), 9_000), { records: 2, seconds: 5 });
  assert.deepEqual(watch.of(1, viewAt([9, 21], 4_000), 9_000), { records: 0, seconds: 0 });
});

Deno.test("LagWatch takes a task that has read nothing to be behind since that is known", async () => {
  const watch = new LagWatch({ describe: () => Promise.resolve([topic("power", [3])]) }, ["power"]);
  await watch.look();
  assert.deepEqual(watch.of(0, viewAt([0]), 1_000), { records: 3, seconds: 0 });
  assert.deepEqual(watch.of(0, viewAt([0]), 61_000), { records: 3, seconds: 60 });
});

Deno.test("LagWatch keeps what it knew while the log is away", async () => {
  const stop = new AbortController();
  let count = 0;
  const log = {
    describe() {
      if (count++ === 0) return Promise.resolve([topic("power", [3])]);
      stop.abort();
      return Promise.reject(new WattstreamError("unavailable", "away"));
    },
  };
  const watch = new LagWatch(log, ["power"]);
  await watch.look();
  await watch.run(stop.signal);
  assert.equal(watch.of(0, viewAt([1], 0), 2_000).records, 2);
});
