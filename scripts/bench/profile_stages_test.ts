import assert from "node:assert/strict";
import { type CpuProfile, stagesOf } from "./profile_stages.ts";

const node = (id: number, url: string, children: number[] = [], functionName = "f") => ({
  ...{ id, children },
  callFrame: { functionName, url },
});

const ROOT = "file:///somewhere";
const NODES = [
  node(1, "", [2, 3, 4, 5, 9], "(root)"),
  node(2, "", [], "(idle)"),
  node(3, "", [], "(garbage collector)"),
  node(4, `${ROOT}/workers/predictions/main.ts`),
  node(5, `${ROOT}/shared/stream/task_runner.ts`, [6, 7, 8, 11]),
  node(6, `${ROOT}/shared/bytes/event_scanner.ts`),
  node(7, "ext:core/01_core.js"),
  node(8, `${ROOT}/shared/log/kafka/records/batch_writer.ts`),
  node(9, "file:///npm/@platformatic/kafka/dist/network/connection.js", [10]),
  node(10, "file:///npm/@platformatic/kafka/dist/apis/consumer/fetch-v17.js"),
  node(11, `${ROOT}/shared/stream/observe_tasks.ts`, [12]),
  node(12, "file:///npm/prom-client/lib/counter.js"),
];

function stagesAt(samples: readonly number[]): Record<string, number> {
  const profile: CpuProfile = {
    nodes: NODES,
    samples,
    timeDeltas: samples.map(() => 1e6),
  };
  const seconds = Object.entries(stagesOf(profile)).filter(([, s]) => s > 0);
  return Object.fromEntries(seconds);
}

Deno.test("stagesOf() takes the innermost frame that a stage knows, and nothing of idle time", () => {
  assert.deepEqual(stagesAt([5, 6, 6, 7, 8, 9, 10, 11, 12, 3, 2, 1]), {
    ...{ core: 2, decode: 2, encode: 1, network: 1, fetch: 1, metrics: 2, collection: 1, other: 1 },
  });
});

Deno.test("stagesOf() takes all up to the core's first work as start-up", () => {
  assert.deepEqual(stagesAt([1, 3, 9, 2, 4, 5, 3]), { "start-up": 4, core: 1, collection: 1 });
});
