import assert from "node:assert/strict";
import { trainingCore } from "../../workers/training/core.ts";
import { readMetrics } from "../service/metrics_text.ts";
import { DEFAULT_SEMANTICS } from "../oracle/semantics.ts";
import { Metrics } from "../service/metrics.ts";
import { InputLog } from "../testing/input_log.ts";
import { type LogSnapshot, SimulatedTaskLog } from "../testing/simulated_task_log.ts";
import { LagWatch } from "./lag_watch.ts";
import { TaskMetrics } from "./observe_tasks.ts";
import { noOutcomes, OUTCOMES } from "./outcomes.ts";
import { streamMetricsOf } from "./stream_metrics.ts";
import type { HotHousehold, TaskObserver, TaskView } from "./task_observer.ts";
import { runTask } from "./task_runner.ts";

type Look = (name: string) => number;

const METRICS = streamMetricsOf({ inputs: ["device-state", "power"], outputs: ["dataset2train"] });
const NO_LOG = { describe: () => Promise.resolve([]) };

interface RunSeen {
  readonly snapshots: readonly LogSnapshot[];
  /** Once the task has ended. */
  readonly end: Look;
  /** Of `/hot` after each transaction. */
  readonly hot: readonly (readonly HotHousehold[])[];
}

/** Runs training over the inputs, as one process; `look` comes after each transaction and the end. */
async function run(
  { deviceState, power }: InputLog,
  look: (value: Look, transaction: number) => void,
  start?: LogSnapshot,
): Promise<RunSeen> {
  const log = new SimulatedTaskLog({
    ...{ partition: 0, inputs: [deviceState, power], random: () => 0.5 },
    ...(start && { start }),
  });
  const metrics = new Metrics(METRICS);
  const nowMs = () => log.nowMs;
  const lag = new LagWatch(NO_LOG, ["device-state", "power"]);
  const observed = new TaskMetrics({ metrics, lag, nowMs });
  const texts: Promise<string>[] = [];
  const hot: (readonly HotHousehold[])[] = [];
  const observer: TaskObserver = {
    assigned: (partition) => observed.assigned(partition),
    recovered: (...told) => observed.recovered(...told),
    fetched: (...told) => observed.fetched(...told),
    committed(...told) {
      observed.committed(...told);
      texts.push(metrics.text());
      hot.push(observed.hottest());
    },
    lost: (...told) => observed.lost(...told),
    ended: (partition) => observed.ended(partition),
  };
  const settings = {
    ...DEFAULT_SEMANTICS,
    ...{ quietTimeoutMs: Infinity, partitionCount: 1, lostRecords: "stop" as const },
  };
  const core = trainingCore(DEFAULT_SEMANTICS);
  await runTask(log, { core, settings, observer, nowMs }, log.done.signal);
  for (const [index, text] of (await Promise.all(texts)).entries()) look(valuesIn(text), index);
  assert.deepEqual(observed.hottest(), []);
  return { snapshots: log.snapshots, end: valuesIn(await metrics.text()), hot };
}

function valuesIn(text: string): Look {
  const series = readMetrics(text);
  return (name) => {
    const value = series.get(name);
    assert.ok(value !== undefined, `no ${name}`);
    return value;
  };
}

function readBy(value: Look): number {
  return ["device-state", "power"]
    .reduce((sum, topic) => sum + value(`wattstream_records_read_total{topic="${topic}"}`), 0);
}

/** What a scrape must show of a process, whatever it has taken over. */
function assertParity(value: Look): void {
  const settled = OUTCOMES.filter((outcome) => outcome !== "lost")
    .reduce((sum, outcome) => sum + value(`wattstream_records_total{outcome="${outcome}"}`), 0);
  assert.equal(
    readBy(value) + value("wattstream_records_taken_over_total"),
    settled + value("wattstream_records_held") + value("wattstream_records_handed_over_total"),
  );
}

/** One dataset, and a session that stays open. */
function someInput(): InputLog {
  const input = new InputLog().fused(100, 140);
  for (let second = 141; second < 180; second++) input.fused(second, second, { household: "b" });
  return input.reading(120).readings(200, 215).reading(10_000);
}

Deno.test("TaskMetrics shows the same number of records read and settled or held, in each process", async () => {
  const input = someInput();
  const total = input.deviceState.length + input.power.length;
  const whole = await run(input, assertParity);
  assert.equal(readBy(whole.end), total);
  assert.equal(whole.end('wattstream_records_read_total{topic="power"}'), input.power.length);
  assert.equal(whole.end('wattstream_outputs_total{topic="dataset2train"}'), 1);
  assertParity(whole.end);
  assert.equal(whole.end("wattstream_records_held"), 0);
  assert.ok(whole.end("wattstream_records_handed_over_total") > 0);
  for (const start of whole.snapshots) {
    const { end } = await run(input, assertParity, start);
    assertParity(end);
  }
});

Deno.test("TaskMetrics shows what a task's memory counts before the task has committed anything", async () => {
  const metrics = new Metrics(METRICS);
  const lag = new LagWatch(NO_LOG, ["power"]);
  const observed = new TaskMetrics({ metrics, lag, nowMs: () => 0 });
  const view: TaskView = {
    ...{ lastAppendMs: undefined, newestS: undefined },
    ...{ positions: () => [7], watermarkSpreadS: () => 0, memories: () => [], hottest: () => [] },
  };
  observed.assigned(3);
  const recovery = { replayedCount: 0, heldCount: 0, householdCount: 0, tookMs: 1 };
  observed.recovered(3, { ...recovery, totals: { ...noOutcomes(), used: 7 } }, view);
  const value = valuesIn(await metrics.text());
  assert.equal(value('wattstream_task_settled_records{task="3",outcome="used"}'), 7);
  assert.equal(value('wattstream_task_settled_records{task="3",outcome="late"}'), 0);
});

Deno.test("TaskMetrics counts a task's outcomes over the lives of processes, out of its memory", async () => {
  const input = someInput();
  const settled = (value: Look) =>
    OUTCOMES.map((outcome) =>
      value(`wattstream_task_settled_records{task="0",outcome="${outcome}"}`)
    );
  let atEnd: number[] = [];
  const { snapshots } = await run(input, (value) => atEnd = settled(value));
  const middle = snapshots[Math.floor(snapshots.length / 2)]!;
  let later: number[] = [];
  await run(input, (value) => later = settled(value), middle);
  assert.deepEqual(later, atEnd);
  assert.ok(atEnd.some((count) => count > 0));
});

Deno.test("TaskMetrics takes a task's gauges away with the task", async () => {
  const { end } = await run(someInput(), (value, transaction) => {
    assert.equal(value("wattstream_tasks"), 1);
    if (transaction > 0) assert.ok(value('wattstream_task_households{task="0"}') > 0);
  });
  assert.equal(end("wattstream_tasks"), 0);
  assert.equal(end("wattstream_households"), 0);
  assert.throws(() => end('wattstream_task_households{task="0"}'), /no wattstream_task_households/);
  assert.ok(end('wattstream_task_read_records_total{task="0"}') > 0);
});

Deno.test("TaskMetrics names the ten households from which most comes, the hottest first", async () => {
  const input = new InputLog();
  for (let second = 100; second < 130; second++) {
    for (let household = 0; household < 12; household++) {
      if (second % (household + 1) === 0) {
        input.fused(second, second, { household: `h${household}` });
      }
    }
  }
  const { hot } = await run(input, () => {});
  const last = hot.at(-1)!;
  assert.equal(last.length, 10);
  assert.equal(last[0]!.client_id, "h0");
  const rates = last.map(({ recordsPerS }) => recordsPerS);
  assert.deepEqual(rates, rates.toSorted((a, b) => b - a));
  assert.ok(rates[0]! > rates[9]!);
});
