import assert from "node:assert/strict";
import type { PredictionWindow } from "../events.ts";
import { InputLog, secondsFrom } from "../testing/input_log.ts";
import { expectPredictions } from "./oracle.ts";
import { DEFAULT_SEMANTICS, noOutcomes, type Outcomes, type Semantics } from "./semantics.ts";

function predict(log: InputLog, changes: Partial<Semantics> = {}) {
  const expected = expectPredictions(log, { ...DEFAULT_SEMANTICS, ...changes });
  const windows = expected.windows.map(({ window }) => window);
  return { ...expected, closings: expected.windows, windows, starts: startsIn(windows) };
}

function startsIn(windows: readonly PredictionWindow[]): number[] {
  return windows.map((window) => window.window_start);
}

function windowAt(windows: readonly PredictionWindow[], start: number): PredictionWindow {
  return windows.find((window) => window.window_start === start)!;
}

function outcomes(counts: Partial<Outcomes>): Outcomes {
  return { ...noOutcomes(), ...counts };
}

// The design's first worked example, as it grows:
//
//   event time   86 …  99 100 101 102 … 114 … 119 120
//   readings               r   ·   r  …  r  …  r
//   [86,101)     ━━━━━━━━━━━━━                          closed by 119 − 5 = 114, one reading
//   [99,114)            ━━━━━━━━━━━━━━━━━               closed by 119
//   [100,115)              ━━━━━━━━━━━━━━━━             open until 120
const exampleLog = () => new InputLog().reading(100).readings(102, 119);

Deno.test("expectPredictions() closes the windows that end by the watermark", () => {
  const { windows, starts, outcomes: counts } = predict(exampleLog());
  assert.deepEqual(starts, secondsFrom(86, 99));
  assert.deepEqual(windows[0], {
    client_id: "home",
    username: "user",
    window_start: 86,
    window_end: 101,
    timestamps: [100],
    consumption: [100],
  });
  assert.deepEqual(windowAt(windows, 99).timestamps, [100, ...secondsFrom(102, 113)]);
  // 100 is the start of a window that is still open, so every reading is still held.
  assert.deepEqual(counts, outcomes({ held: 19 }));
});

Deno.test("expectPredictions() closes a window with the reading at start + 15 + lateness", () => {
  const { windows, starts, closings, outcomes: counts } = predict(
    exampleLog().reading(120, { atS: 120.25 }),
  );
  assert.deepEqual(starts, secondsFrom(86, 100));
  assert.deepEqual(windowAt(windows, 100).timestamps, [100, ...secondsFrom(102, 114)]);
  assert.equal(closings.at(-1)!.closedAtMs, 120_250);
  assert.deepEqual(counts, outcomes({ used: 1, held: 19 }));
});

// The reading at 101 comes after 120: its windows start at 87 to 101, all but the last are closed.
//
//   [100,115)   closed        has no 101
//   [101,116)   still open    has 101
Deno.test("expectPredictions() lets a partly late reading join its open windows only", () => {
  const { windows, outcomes: counts } = predict(exampleLog().reading(120).reading(101).tick());
  assert.deepEqual(windowAt(windows, 100).timestamps, [100, ...secondsFrom(102, 114)]);
  assert.deepEqual(windowAt(windows, 101).timestamps, secondsFrom(101, 115));
  assert.deepEqual(counts, outcomes({ used: 21, partly_late: 1, tick: 1 }));
});

Deno.test("expectPredictions() refuses a reading whose windows are all closed", () => {
  const { outcomes: counts, deadLetters } = predict(
    new InputLog().readings(101, 120).reading(100).tick(),
  );
  assert.deepEqual(counts, outcomes({ used: 20, late: 1, tick: 1 }));
  assert.deepEqual(deadLetters, [{ reason: "late", topic: "power", partition: 0, offset: 20 }]);
});

// What becomes of the last reading. Its windows at 100 start at 86 to 100.
//
//   T − 5    100  101       114  115        what a reading at T has closed
//   [86,101)   open  closed
//   [100,115)                open  closed
const judged: [title: string, readings: number[], last: Partial<Outcomes>][] = [
  ["takes a reading in whose windows are all just open", [105, 100], { used: 1 }],
  ["counts a reading whose first window is just closed", [106, 100], { used: 1, partly_late: 1 }],
  ["counts a reading whose last window is just open", [119, 100], { used: 1, partly_late: 1 }],
  ["refuses a reading whose last window is just closed", [120, 100], { late: 1 }],
  ["counts a second reading of a second", [100, 100], { duplicate: 1 }],
  ["counts a partly late duplicate as duplicate only", [100, 119, 100], { duplicate: 1 }],
  ["counts a late duplicate as late", [100, 120, 100], { late: 1 }],
];
for (const [title, readings, last] of judged) {
  Deno.test(`expectPredictions() ${title}`, () => {
    const log = new InputLog();
    for (const t of readings) log.reading(t);
    const counts = predict(log.tick()).outcomes;
    const before = { used: readings.length - 1, tick: 1 };
    assert.deepEqual(
      counts,
      outcomes({ ...before, ...last, used: before.used + (last.used ?? 0) }),
    );
  });
}

Deno.test("expectPredictions() keeps the first reading of a second", () => {
  const log = new InputLog().reading(100, { consumption: 1 }).reading(100, { consumption: 2 });
  assert.deepEqual(predict(log.tick()).windows[0]!.consumption, [1]);
});

Deno.test("expectPredictions() sorts the readings of a window", () => {
  const { windows } = predict(new InputLog().reading(102).reading(101).reading(103).tick());
  assert.deepEqual(windowAt(windows, 101).timestamps, [101, 102, 103]);
});

// A jump: the reading at 200 cannot close a window of its own, and the empty ones between are none.
//
//   event time   86 … 100        186 … 200
//   windows      ━━━━━━━━        ━━━━━━━━━
Deno.test("expectPredictions() emits no window without a reading", () => {
  const { starts } = predict(new InputLog().reading(100).reading(200).tick());
  assert.deepEqual(starts, [...secondsFrom(86, 100), ...secondsFrom(186, 200)]);
});

Deno.test("expectPredictions() starts no window before 1970", () => {
  assert.deepEqual(predict(new InputLog().reading(3).tick()).starts, [0, 1, 2, 3]);
  // 10 − 5 closes what would end by 5, and nothing does: the reading at 3 is not partly late.
  const { outcomes: counts } = predict(new InputLog().reading(10).reading(3).tick());
  assert.deepEqual(counts, outcomes({ used: 2, tick: 1 }));
});

Deno.test("expectPredictions() emits a window that holds just enough readings", () => {
  const log = new InputLog().reading(100).reading(101).tick();
  const { starts, outcomes: counts } = predict(log, { minReadings: 2 });
  assert.deepEqual(starts, secondsFrom(87, 100));
  assert.deepEqual(counts, outcomes({ used: 2, tick: 1 }));
});

// slide 5:   85   90   95   100       104: in the windows that start at 90, 95 and 100
Deno.test("expectPredictions() starts windows at the multiples of the slide", () => {
  const { starts } = predict(new InputLog().reading(104).tick(), { slideS: 5 });
  assert.deepEqual(starts, [90, 95, 100]);
});

Deno.test("expectPredictions() closes up to the last window of its readings at a tick", () => {
  // With slide 5 the tick closes up to 100 + 15: 104 is late then, 105 is not.
  const log = new InputLog().reading(104).tick().reading(104).reading(105);
  const { outcomes: counts } = predict(log, { slideS: 5 });
  assert.deepEqual(counts, outcomes({ used: 1, late: 1, held: 1, tick: 1, partly_late: 1 }));
});

Deno.test("expectPredictions() closes every household at a tick, and says that nobody's reading did", () => {
  const log = new InputLog().reading(100, { household: "a" }).reading(100, { household: "b" });
  const { closings } = predict(log.tick(130));
  assert.equal(closings.length, 30);
  assert.ok(closings.every(({ closedAtMs }) => closedAtMs === undefined));
});

Deno.test("expectPredictions() judges each household by its own readings", () => {
  const log = new InputLog().reading(100, { household: "slow" }).reading(500, {
    household: "fast",
  });
  log.reading(101, { household: "slow" });
  assert.deepEqual(predict(log).outcomes, outcomes({ held: 3 }));
});

// Steps of 5 s of stream time by another household; `home` is silent from 100 on.
//
//   stream time   0    5   …  55   60
//   home          r                │  ≥ 60: closed
//   other         r    r   …  r    r
function silentUntil(atS: number): InputLog {
  const log = new InputLog().reading(100);
  for (let s = 105; s < atS; s += 5) log.reading(s, { household: "other" });
  return log.reading(Math.floor(atS), { household: "other", atS });
}

Deno.test("expectPredictions() closes a household that is silent for idle-timeout", () => {
  const { windows } = predict(silentUntil(160));
  const home = windows.filter((window) => window.client_id === "home");
  assert.deepEqual(startsIn(home), secondsFrom(86, 100));
});

Deno.test("expectPredictions() leaves a household open that is silent for just less", () => {
  const { windows } = predict(silentUntil(159.999));
  assert.ok(windows.every((window) => window.client_id !== "home"));
});

Deno.test("expectPredictions() closes a silent household before its own next record", () => {
  const late = predict(silentUntil(155).reading(100, { atS: 160 }));
  assert.equal(late.outcomes.late, 1);
  const inTime = predict(silentUntil(155).reading(100, { atS: 159.999 }));
  assert.equal(inTime.outcomes.duplicate, 1);
});

const lifeSigns: [title: string, sign: (log: InputLog) => InputLog, isAlive: boolean][] = [
  ["a duplicate", (log) => log.reading(100, { atS: 155 }), true],
  ["a late reading", (log) => log.reading(1, { atS: 155 }), true],
  ["a reading from the future", (log) => log.reading(166, { atS: 155 }), false],
  [
    "an invalid record",
    (log) => log.raw({ topic: "power", appendMs: 155_000, key: "home", value: null }),
    false,
  ],
];
for (const [title, sign, isAlive] of lifeSigns) {
  Deno.test(`expectPredictions() takes ${title} for ${isAlive ? "a" : "no"} sign of life`, () => {
    const log = sign(silentUntil(150)).reading(161, { household: "other" });
    const { windows } = predict(log);
    // Whatever the sign was, the readings of `home` have closed nothing but by silence.
    assert.equal(windows.some((window) => window.client_id === "home"), !isAlive);
  });
}

// An outage of everyone moves stream time by 5 s only: the backlog finds its windows open.
Deno.test("expectPredictions() cuts nothing after an outage of everyone", () => {
  const log = new InputLog().reading(100).reading(101, { atS: 5000 }).tick();
  assert.deepEqual(predict(log).outcomes, outcomes({ used: 2, tick: 1 }));
  assert.deepEqual(windowAt(predict(log).windows, 100).timestamps, [100, 101]);
});

Deno.test("expectPredictions() refuses semantics in which readings fall between windows", () => {
  assert.throws(() => predict(new InputLog(), { slideS: 16 }), /slideS must be from 1 to windowS/);
  assert.throws(
    () => predict(new InputLog(), { minReadings: 0 }),
    /minReadings must be at least 1/,
  );
});
