/*
 * One run, in which everything goes wrong that can be made to. Each alert has to fire and resolve
 * while no other does but those that are as true then.
 *
 *   well ─▶ bad data ─▶ well ─▶ two workers are killed, and back ─▶ well ─▶ Kafka hangs ─▶ well
 *        ─▶ Kafka is slow ─▶ well
 */
import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import type { Log } from "../../shared/log/log.ts";
import { GROUP_INPUTS } from "../../shared/log/lag.ts";
import { emptyPanels } from "./panels.ts";
import {
  type Pipeline,
  SlowBroker,
  withPipeline,
  type WorkerName,
  WORKERS,
} from "./watched_pipeline.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 500 };

const KILLED: readonly WorkerName[] = ["predictions", "training"];
/** Of a machine that has no time for us, these are true. */
const BUSY_MACHINE = ["WattstreamEventLoopBlocked", "WattstreamLogSlow", "WattstreamLagging"];
const BAD_DATA = ["WattstreamClockWrong", "WattstreamDeadLetters", "WattstreamLateShare"];
const HANGING_LOG = ["WattstreamSpoolFilling", "WattstreamSpoolNotDraining"];
/** What is so on a slow machine until a worker that was started again has its tasks. */
const WITH_RESTART = ["WattstreamTaskWithoutOwner", "WattstreamHouseholdSilent"];
/** What else is so while the log hangs, or until the tasks are back. */
const WITH_HANGING_LOG = [
  ...["WattstreamAcknowledgementsStuck", "WattstreamTaskWithoutOwner", "WattstreamFencings"],
  ...["WattstreamRecoveryLoop", "WattstreamHouseholdSilent", "WattstreamWatermarkStuck"],
];

Deno.test("dashboards show a running pipeline; alerts fire for what goes wrong, and resolve, and no others", async () => {
  await withPipeline(async (pipeline) => {
    const { kafka, meters, prometheus, start } = pipeline;
    const workers = new Map<WorkerName, ReturnType<typeof start>>();
    for (const name of WORKERS) workers.set(name, start(name));
    await Promise.all([...workers.values()].map((worker) => worker.ready()));
    await eventually(async () => {
      const [rate] = await prometheus.query('wattstream:outputs:rate5m{worker="predictions"} > 0');
      assert.ok(rate !== undefined, "windows come out");
    }, DEADLINE);
    await untilFiring(pipeline, []);
    await eventually(async () => {
      assert.deepEqual(await emptyPanels(prometheus, "20s"), []);
    }, DEADLINE);

    meters.send("garbage", "future", "late");
    await untilFiring(pipeline, BAD_DATA);
    meters.send();
    await untilFiring(pipeline, []);

    await Promise.all(KILLED.map((name) => workers.get(name)!.kill()));
    await untilFiring(pipeline, ["WattstreamTargetDown"]);
    await Promise.all(KILLED.map((name) => start(name).ready()));
    await untilFiring(pipeline, [], WITH_RESTART);

    await kafka.brokers[0]!.suspend();
    await untilFiring(pipeline, HANGING_LOG, WITH_HANGING_LOG);
    await kafka.brokers[0]!.resume();
    await untilFiring(pipeline, [], WITH_HANGING_LOG);

    const slow = new SlowBroker(kafka.brokers[0]!);
    await untilFiring(pipeline, ["WattstreamLogSlow"], [...HANGING_LOG, ...WITH_HANGING_LOG]);
    await slow.letGo();
    await untilFiring(pipeline, [], [...HANGING_LOG, ...WITH_HANGING_LOG]);

    await Promise.all([meters.close(), workers.get("simulator")!.stop()]);
    await assertNothingVanished(pipeline);
  });
});

/**
 * Waits until these alerts fire, or none; meanwhile and then none but they may, those before, and
 * `others`, which need not.
 */
async function untilFiring(
  { prometheus }: Pipeline,
  expected: readonly string[],
  others: readonly string[] = [],
): Promise<void> {
  const before = await prometheus.firing();
  const allowed = new Set([...before, ...expected, ...others, ...BUSY_MACHINE]);
  const unexpected = new Set<string>();
  await eventually(async () => {
    const firing = await prometheus.firing();
    for (const name of firing) if (!allowed.has(name)) unexpected.add(name);
    // Silence is that of the others too.
    const passed = expected.length === 0 ? BUSY_MACHINE : [...BUSY_MACHINE, ...others];
    const counted = firing.filter((name) => expected.includes(name) || !passed.includes(name));
    assert.deepEqual(counted, [...expected].sort());
  }, DEADLINE);
  assert.deepEqual([...unexpected], [], `while waiting for ${expected.join(", ") || "silence"}`);
}

/**
 * Sum of outcomes = inputs, and nothing without an outcome, as queries, after kills and a hang: the one
 * in the end, the other at every moment.
 */
async function assertNothingVanished({ prometheus, log }: Pipeline): Promise<void> {
  for (const stage of ["bridge", "task"]) {
    for (const extreme of ["min", "max"]) {
      const parity = await prometheus.query(
        `${extreme}_over_time(wattstream:${stage}_unaccounted:records[1h])`,
      );
      assert.ok(parity.length > 0, stage);
      for (const { labels, value } of parity) assert.equal(value, 0, JSON.stringify(labels));
    }
  }
  await eventually(async () => {
    for (const worker of WORKERS) {
      const inputs = GROUP_INPUTS[worker];
      if (inputs === undefined) continue;
      const [sum] = await prometheus.query(
        `sum(wattstream:settled:records{worker="${worker}"}) + sum(wattstream:held:records{worker="${worker}"})`,
      );
      const lags = await prometheus.query(`wattstream_task_lag_records{worker="${worker}"}`);
      const message = `${worker}, lag by task: ${
        lags.map(({ labels, value }) => `${labels.task}: ${value}`).join(", ")
      }`;
      assert.equal(sum?.value, await countRecords(log, inputs), message);
    }
  }, DEADLINE);
}

async function countRecords(log: Log, topics: readonly string[]): Promise<number> {
  let count = 0;
  for (const topic of topics) for await (const _ of log.read({ topic })) count++;
  return count;
}
