import assert from "node:assert/strict";
import type { SystemLook, TaskLook } from "../../../shared/system/look.ts";
import { readMetrics } from "../../../shared/service/metrics_text.ts";
import { runbookSection } from "./runbook.ts";
import { type Sight, stateBetween, type SystemPoint } from "./system_state.ts";

const TASK: TaskLook = {
  ...{ task: 0, owner: { member: "a", host: "h" }, lag: 0, settled: 100, held: 0 },
  ...{ late: 0, lost: 0, newestS: 1, memoryBytes: 1 },
};

function sight(
  atMs: number,
  task: Partial<TaskLook> = {},
  { letters = 0, metrics = "" as string | null, members = 1 as number | null } = {},
): Sight {
  const look: SystemLook = {
    atMs,
    topics: [{ topic: "dead-letter", end: letters, bytes: 0 }],
    workers: [{
      worker: "predictions",
      members: members ?? undefined,
      tasks: [{ ...TASK, ...task }],
    }],
  };
  const problem = metrics === null ? "connection refused" : undefined;
  const series = metrics === null ? undefined : readMetrics(metrics);
  return { look, answers: [{ worker: "bridge", address: "b:1", series, problem }] };
}

function sectionsOf(now: Sight, history: readonly SystemPoint[] = []): string[] {
  const { problems } = stateBetween(sight(0), now, history);
  for (const { section } of problems) assert.ok(runbookSection(section), `${section} is none`);
  return problems.map(({ section }) => section);
}

Deno.test("stateBetween() finds nothing wrong where nothing is", () => {
  assert.deepEqual(sectionsOf(sight(2000)), []);
});

Deno.test("stateBetween() names what is not well, the critical first, with the runbook's section", () => {
  const far = 'wattstream_task_lag_seconds{task="0"} 90';
  const lagging = sight(2000, { lag: 5 }, { letters: 3 });
  const answers = [
    { worker: "predictions", address: "p:1", series: readMetrics(far), problem: undefined },
  ];
  const history = stateBetween(sight(0), sight(1000), []).point;
  assert.deepEqual(sectionsOf({ ...lagging, answers }, [history]), [
    "WattstreamLagging",
    "WattstreamDeadLetters",
  ]);
  assert.deepEqual(sectionsOf(sight(2000, {}, { metrics: null })), ["WattstreamTargetDown"]);
  assert.deepEqual(sectionsOf(sight(2000, { lost: 1 })), ["WattstreamRecordsLost"]);
  assert.deepEqual(sectionsOf(sight(2000, { owner: undefined })), ["WattstreamTaskWithoutOwner"]);
  assert.deepEqual(sectionsOf(sight(2000, { owner: undefined }, { members: null })), []);
  const disconnected = "wattstream_bridge_connected 0\nwattstream_bridge_spool_messages 7";
  assert.deepEqual(sectionsOf(sight(2000, {}, { metrics: disconnected })), [
    "WattstreamBridgeDisconnected",
    "WattstreamSpoolNotDraining",
  ]);
});

Deno.test("stateBetween() says that a worker stands still once it has for several looks", () => {
  const history: SystemPoint[] = [];
  const still = (atMs: number) => {
    const state = stateBetween(sight(atMs - 2000, { lag: 4 }), sight(atMs, { lag: 4 }), history);
    history.push(state.point);
    return state.problems.map(({ section }) => section);
  };
  const found = [1, 2, 3, 4, 5].map((count) => still(count * 2000).length);
  assert.deepEqual(found, [0, 0, 0, 0, 1]);
});

Deno.test("stateBetween() has rates of counters that are there before and now", () => {
  const received = (count: number) => `wattstream_bridge_received_total{kind="power"} ${count}`;
  const [before, now] = [
    sight(0, {}, { metrics: received(10) }),
    sight(2000, {}, {
      metrics: received(50),
    }),
  ];
  assert.equal(stateBetween(before, now, []).receivedPerS, 20);
  assert.equal(stateBetween(now, now, []).receivedPerS, undefined);
});
