import assert from "node:assert/strict";
import type { PredictionWindow, TrainingDataset } from "../events.ts";
import type { LogRecord } from "../log/log.ts";
import { NO_HEADERS } from "../log/log.ts";
import { InputLog } from "../testing/input_log.ts";
import { Comparison } from "./compare.ts";
import { Latencies } from "./latencies.ts";
import { expectPredictions, expectTraining } from "./oracle.ts";
import { DEFAULT_SEMANTICS } from "./semantics.ts";
import { correctnessOf, noTally, type Tally } from "./tally.ts";

// One dataset (10 … 45), a short session (60 … 62) and the windows of all of it; two seconds (80,
// 81) of which the second comes too late to fuse.
const inputs = new InputLog().fused(10, 45).fused(60, 62).fused(80, 80).reading(81).reading(95)
  .state(81);
inputs.tick();
const expected = {
  predictions: expectPredictions(inputs, DEFAULT_SEMANTICS),
  training: expectTraining(inputs, DEFAULT_SEMANTICS),
};
const windows = expected.predictions.windows.map(({ window }) => window);
const dataset = expected.training.datasets[0]!;
const closedMs = expected.predictions.windows[0]!.closedAtMs!;

const encoder = new TextEncoder();

function recordsOf(values: readonly object[], key = "home"): LogRecord[] {
  return values.map((value, offset) => ({
    topic: "output",
    partition: 0,
    offset,
    appendMs: closedMs + 40,
    key: encoder.encode(key),
    value: encoder.encode(JSON.stringify(value)),
    headers: NO_HEADERS,
  }));
}

/** Compares with what the oracle expects of a log that is whole. */
function compare(
  owed: typeof expected,
  { predictions, datasets }: Record<"predictions" | "datasets", readonly LogRecord[]>,
) {
  const latencies = new Latencies();
  const whole = { horizonS: -Infinity, gapS: DEFAULT_SEMANTICS.gapS };
  const comparison = new Comparison({ ...owed, ...whole }, latencies);
  for (const window of predictions) comparison.takeWindow(window);
  for (const each of datasets) comparison.takeDataset(each);
  return { tally: comparison.end(), latencies };
}

function tallyOf(
  predictions: readonly LogRecord[],
  datasets: readonly LogRecord[] = recordsOf([dataset]),
): Tally {
  return compare(expected, { predictions, datasets }).tally;
}

/** The tally of a log that is just as it should be, with these differences. */
function flawless(differences: Partial<Tally> = {}): Tally {
  return {
    ...noTally(),
    windows_expected: windows.length,
    windows_matching: windows.length,
    datasets_expected: 1,
    datasets_matching: 1,
    outputs: windows.length + 1,
    ascending: windows.length + 1,
    fusedExpected: 41,
    fusedReached: 40,
    ...differences,
  };
}

Deno.test("Comparison finds nothing wrong with what the oracle expects", () => {
  assert.deepEqual(tallyOf(recordsOf(windows)), flawless());
});

Deno.test("Comparison takes outputs in any order", () => {
  assert.deepEqual(tallyOf(recordsOf(windows.toReversed())), flawless());
});

Deno.test("Comparison counts an expected output that is not there as lost", () => {
  const found = windows.length - 1;
  assert.deepEqual(
    tallyOf(recordsOf(windows.slice(1)), []),
    flawless({
      windows_matching: found,
      datasets_matching: 0,
      lost: 2,
      outputs: found,
      ascending: found,
      fusedReached: 4,
    }),
  );
});

Deno.test("Comparison counts records beyond the first of an identity as duplicated", () => {
  const twice = [...windows, windows[0]!, windows[0]!];
  assert.deepEqual(
    tallyOf(recordsOf(twice), recordsOf([dataset, dataset])),
    flawless({ duplicated: 3, outputs: windows.length + 4, ascending: windows.length + 4 }),
  );
});

Deno.test("Comparison counts an identity that is not expected, and its duplicates", () => {
  const foreign = { ...windows[0]!, client_id: "nobody" };
  assert.deepEqual(
    tallyOf(recordsOf([...windows, foreign, foreign])),
    flawless({
      unexpected: 1,
      duplicated: 1,
      outputs: windows.length + 3,
      ascending: windows.length + 3,
    }),
  );
});

Deno.test("Comparison counts a record that is no output as unexpected, not ascending", () => {
  assert.deepEqual(
    tallyOf(recordsOf([...windows, { nothing: true }])),
    flawless({ unexpected: 1, outputs: windows.length + 2 }),
  );
});

const wrongWindows: [field: string, changed: PredictionWindow][] = [
  ["window_end", { ...windows[1]!, window_end: windows[1]!.window_end + 1 }],
  ["timestamps", { ...windows[1]!, timestamps: windows[1]!.timestamps.map((t) => t + 1) }],
  ["consumption", { ...windows[1]!, consumption: windows[1]!.consumption.map((w) => w + 1) }],
  ["consumption of another length", { ...windows[1]!, consumption: [] }],
];
for (const [field, changed] of wrongWindows) {
  Deno.test(`Comparison does not match a window with a wrong ${field}`, () => {
    const changedAll = windows.map((window, i) => i === 1 ? changed : window);
    assert.deepEqual(
      tallyOf(recordsOf(changedAll)),
      flawless({ windows_matching: windows.length - 1 }),
    );
  });
}

Deno.test("Comparison takes a window of another user for one of another household", () => {
  const changed = windows.map((window, i) => i === 1 ? { ...window, username: "another" } : window);
  assert.deepEqual(
    tallyOf(recordsOf(changed)),
    flawless({ windows_matching: windows.length - 1, lost: 1, unexpected: 1 }),
  );
});

Deno.test("Comparison does not match a window with another key", () => {
  assert.deepEqual(tallyOf(recordsOf(windows, "other")), flawless({ windows_matching: 0 }));
});

function changeAt<T>(list: readonly T[], index: number, item: T): T[] {
  return list.map((old, i) => i === index ? item : old);
}

const wrongDatasets: [what: string, changed: TrainingDataset, wrongSeconds: number][] = [
  ["session_end", { ...dataset, session_end: 46 }, 0],
  ["value", { ...dataset, consumption: changeAt(dataset.consumption, 3, -1) }, 1],
  ["label", { ...dataset, state_bitmaps: changeAt(dataset.state_bitmaps, 3, [true]) }, 1],
  ["second", { ...dataset, timestamps: changeAt(dataset.timestamps, 35, 46) }, 1],
  ["list cut short", { ...dataset, state_bitmaps: dataset.state_bitmaps.slice(0, 30) }, 6],
];
for (const [what, changed, wrongSeconds] of wrongDatasets) {
  Deno.test(`Comparison does not match a dataset with a wrong ${what}`, () => {
    assert.deepEqual(
      tallyOf(recordsOf(windows), recordsOf([changed])),
      flawless({ datasets_matching: 0, fusedReached: 40 - wrongSeconds }),
    );
  });
}

Deno.test("Comparison counts seconds in datasets of another start as reached", () => {
  // The expected session, cut in two that nobody expects to start where the second one does.
  const halves = [[0, 20], [20, 36]].map(([from, to]) => ({
    ...dataset,
    session_start: dataset.timestamps[from!]!,
    session_end: dataset.timestamps[to! - 1]!,
    timestamps: dataset.timestamps.slice(from, to),
    consumption: dataset.consumption.slice(from, to),
    state_bitmaps: dataset.state_bitmaps.slice(from, to),
  }));
  assert.deepEqual(
    tallyOf(recordsOf(windows), recordsOf(halves)),
    flawless({
      datasets_matching: 0,
      unexpected: 1,
      outputs: windows.length + 2,
      ascending: windows.length + 2,
    }),
  );
});

Deno.test("Comparison tells strictly ascending timestamps from others", () => {
  const window = windows.find(({ timestamps }) => timestamps.length === 15)!;
  const repeated = { ...window, timestamps: changeAt(window.timestamps, 1, window.timestamps[0]!) };
  const tally = tallyOf(recordsOf([repeated]), []);
  assert.deepEqual([tally.outputs, tally.ascending], [1, 0]);
});

Deno.test("Comparison measures from the closing reading to the window, where one closed it", () => {
  const byReading = expected.predictions.windows.filter((window) =>
    window.closedAtMs !== undefined
  );
  const { latencies } = compare(expected, {
    predictions: recordsOf([...windows, windows[0]!]),
    datasets: [],
  });
  assert.ok(byReading.length > 0 && byReading.length < windows.length);
  assert.equal(latencies.count, byReading.length);
  const [first] = byReading;
  const { msMax, percentiles } = compare(expected, {
    predictions: recordsOf([first!.window]),
    datasets: [],
  }).latencies;
  assert.deepEqual([msMax, percentiles.p50], [40, 40]);
});

Deno.test("Comparison takes the −0 of a reading for the 0 that JSON makes of it", () => {
  const log = new InputLog();
  const value = '{"client_id":"home","username":"user","timestamp":100,"consumption":-0}';
  log.raw({ topic: "power", appendMs: 100_000, key: "home", value }).tick();
  const zero = {
    predictions: expectPredictions(log, DEFAULT_SEMANTICS),
    training: expectTraining(log, DEFAULT_SEMANTICS),
  };
  const written = zero.predictions.windows.map(({ window }) => window);
  const { tally } = compare(zero, { predictions: recordsOf(written), datasets: [] });
  assert.equal(tally.windows_matching, 15);
});

Deno.test("correctnessOf() gives percentages, 100 where there is nothing", () => {
  const empty = correctnessOf(noTally());
  assert.deepEqual([empty.ascending_pct, empty.fused_pct], [100, 100]);
  const tally = { ...noTally(), outputs: 8, ascending: 2, fusedExpected: 4, fusedReached: 3 };
  const { ascending_pct, fused_pct, ...counts } = correctnessOf(tally);
  assert.deepEqual([ascending_pct, fused_pct], [25, 75]);
  assert.deepEqual(counts, {
    windows_expected: 0,
    windows_matching: 0,
    datasets_expected: 0,
    datasets_matching: 0,
    lost: 0,
    duplicated: 0,
    unexpected: 0,
  });
});
