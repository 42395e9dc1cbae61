/** The check of models and disaggregated seconds, on a small log that a real task has worked on. */
import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { groupLags } from "../../shared/log/lag.ts";
import type { Log, NewRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { UNWATCHED } from "../../shared/stream/task_observer.ts";
import { runTask } from "../../shared/stream/task_runner.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import { disaggregationCore } from "../../workers/disaggregation/core.ts";
import { NAMES, simulatedHome } from "../../workers/disaggregation/model/testing/simulated_home.ts";
import { checkDisaggregation, deviceProblems } from "./disaggregation.ts";

const START_S = 1_700_000_000;
const LABELS_S = 600;

/** Ten labelled minutes, then readings and windows of ten more, and what was declared meanwhile. */
function inputs(): NewRecord[] {
  const home = simulatedHome({ watts: [100, 450, 1_500], seed: 5 });
  const dataset = home.labels(START_S, LABELS_S);
  const later = home.labels(START_S + LABELS_S, 600);
  const record = (topic: string, value: unknown): NewRecord => ({
    topic,
    key: NAMES.client_id,
    value: JSON.stringify(value),
  });
  const windows = Array.from({ length: 500 }, (_, index) => {
    const window_start = START_S + LABELS_S + index;
    const within = later.timestamps.map((second, at) => ({ second, at }))
      .filter(({ second }) => second >= window_start && second < window_start + 15);
    return record("predictions", {
      ...{ ...NAMES, window_start, window_end: window_start + 15 },
      timestamps: within.map(({ second }) => second),
      consumption: within.map(({ at }) => later.consumption[at]),
    });
  });
  const readings = later.timestamps.map((timestamp, at) =>
    record("power", { ...NAMES, timestamp, consumption: later.consumption[at] })
  );
  const states = later.timestamps.map((timestamp, at) =>
    record("device-state", { ...NAMES, timestamp, state_bitmap: later.state_bitmaps[at] })
  );
  return [record("dataset2train", dataset), ...readings, ...windows, ...states];
}

async function append(log: Log, records: readonly NewRecord[]): Promise<void> {
  const appender = log.appender();
  for (const record of records) await appender.append([record]);
  await appender.close();
}

async function runWorker(log: Log, nowMs: () => number): Promise<void> {
  const core = disaggregationCore();
  const settings = {
    ...{ ...DEFAULT_SEMANTICS, quietTimeoutMs: Infinity, partitionCount: 1 },
    lostRecords: "stop" as const,
  };
  const stop = new AbortController();
  const running = log.runTasks(
    { group: core.name, inputs: core.inputs },
    (task, signal) => runTask(task, { core, settings, observer: UNWATCHED, nowMs }, signal),
    stop.signal,
  );
  await eventually(async () => {
    for (const { records } of await groupLags(log, [core.name])) assert.equal(records, 0);
  }, { deadlineMs: PATIENCE_MS });
  stop.abort();
  await running;
}

Deno.test("checkDisaggregation() finds what is as it must be, and what is not", async () => {
  const folder = await Deno.makeTempDir();
  let clockMs = (START_S + 2_000) * 1000;
  const nowMs = () => clockMs += 50;
  const log = await openLog(`sqlite:${folder}/log.db`, { nowMs });
  try {
    await log.createTopics(wattstreamTopics(1));
    await append(log, inputs());
    clockMs += 10_000;
    await runWorker(log, nowMs);
    const right = await checkDisaggregation(log, DEFAULT_SEMANTICS);
    const { modelsExpected, statesExpected, matching, toldPct, microF1 } = right;
    assert.equal(modelsExpected, 1);
    assert.ok(statesExpected > 200, `${statesExpected} seconds`);
    assert.equal(matching, modelsExpected + statesExpected);
    assert.deepEqual(deviceProblems(right), []);
    const { windowToStateMs: window, readingToStateMs: reading } = right;
    assert.ok(window.p50! >= 0 && window.p99! >= window.p50!, JSON.stringify(window));
    assert.ok(reading.p50! > window.p50! && reading.p99! > window.p99!, JSON.stringify(reading));
    assert.ok(toldPct === 100 && microF1! > 0.95, `told ${toldPct} %, F1 ${microF1}`);

    const spoiled: NewRecord[] = [];
    for await (const { key, value } of log.read({ topic: "disaggregated" })) {
      spoiled.push({ topic: "disaggregated", key, value });
      break;
    }
    await append(log, spoiled);
    assert.deepEqual(deviceProblems(await checkDisaggregation(log, DEFAULT_SEMANTICS)), [
      "1 models or disaggregated seconds should not be there",
    ]);
    // Windows of which nothing has come.
    const windows = inputs().filter(({ topic }) => topic === "predictions");
    await append(log, windows.slice(10, 40));
    const lacking = deviceProblems(await checkDisaggregation(log, DEFAULT_SEMANTICS));
    assert.match(lacking[0]!, /^\d+ models or disaggregated seconds are lost/);
  } finally {
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
});
