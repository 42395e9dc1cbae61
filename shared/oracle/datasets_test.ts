import assert from "node:assert/strict";
import { bitmapOf, InputLog, secondsFrom } from "../testing/input_log.ts";
import { expectTraining } from "./oracle.ts";
import { DEFAULT_SEMANTICS, noOutcomes, type Outcomes, type Semantics } from "./semantics.ts";

function train(log: InputLog, changes: Partial<Semantics> = {}) {
  const expected = expectTraining(log, { ...DEFAULT_SEMANTICS, ...changes });
  const sessions = expected.datasets.map((
    { session_start, session_end },
  ) => [session_start, session_end]);
  return { ...expected, sessions };
}

function outcomes(counts: Partial<Outcomes>): Outcomes {
  return { ...noOutcomes(), ...counts };
}

// The design's third worked example: largest event time 120.
//
//   event time   … 114 115 … 120
//                final│ not yet
Deno.test("expectTraining() refuses a record older than the watermark", () => {
  const { outcomes: counts, deadLetters } = train(new InputLog().reading(120).state(114));
  assert.deepEqual(counts, outcomes({ held: 1, late: 1 }));
  assert.deepEqual(deadLetters, [
    { reason: "late", topic: "device-state", partition: 0, offset: 0 },
  ]);
});

Deno.test("expectTraining() takes in a record of the watermark's own second", () => {
  const { outcomes: counts } = train(new InputLog().reading(120).state(115));
  assert.deepEqual(counts, outcomes({ held: 2 }));
});

Deno.test("expectTraining() judges late before duplicate", () => {
  const log = new InputLog().reading(100).reading(105).reading(100).reading(106).reading(100);
  // The reading at 100 is final at 106, without a partner.
  assert.deepEqual(train(log).outcomes, outcomes({ held: 2, unfused: 1, duplicate: 1, late: 1 }));
});

Deno.test("expectTraining() keeps the first record of each input and second", () => {
  const log = new InputLog().fused(10, 45)
    .reading(45, { consumption: -1 }).state(45, { bitmap: [true] }).tick();
  const { datasets, outcomes: counts } = train(log);
  assert.deepEqual(datasets, [{
    client_id: "home",
    username: "user",
    session_start: 10,
    session_end: 45,
    timestamps: secondsFrom(10, 45),
    consumption: secondsFrom(10, 45),
    state_bitmaps: secondsFrom(10, 45).map(bitmapOf),
  }]);
  assert.deepEqual(counts, outcomes({ used: 72, duplicate: 2, tick: 1 }));
});

// The design's fourth worked example: fused 10 to 45, emitted once the watermark reaches 51.
//
//   event time   10 … 45     50  51     56
//   fused        ━━━━━━━
//   watermark                        ▲ a reading at 56 moves it to 51: 51 − 45 > 5
Deno.test("expectTraining() emits a session once the watermark is more than gap past it", () => {
  const log = new InputLog().fused(10, 45).reading(56);
  assert.deepEqual(train(log).sessions, [[10, 45]]);
  assert.deepEqual(train(log).outcomes, outcomes({ used: 72, held: 1 }));
});

Deno.test("expectTraining() holds a session while a second within gap may still come", () => {
  const log = new InputLog().fused(10, 45).reading(55);
  assert.deepEqual(train(log).sessions, []);
  assert.deepEqual(train(log).outcomes, outcomes({ held: 73 }));
});

//   devices   10 … 45: 1    46 … 51: 2     46 is final at 52, and with it the session before it
Deno.test("expectTraining() emits a session as soon as one of another length has begun", () => {
  const log = new InputLog().fused(10, 45, { bitmap: [true] })
    .fused(46, 51, { bitmap: [true, true] });
  assert.deepEqual(train(log).sessions, []);
  assert.deepEqual(train(log.reading(52)).sessions, [[10, 45]]);
  assert.deepEqual(train(log).outcomes, outcomes({ used: 72, held: 13 }));
});

// gap 5:   10 … 45 ·· 50 …  one session      10 … 45 ·· 51 …  two
const gaps: [title: string, log: InputLog, sessions: number[][]][] = [
  ["goes on over a gap", new InputLog().fused(10, 45).fused(50, 90), [[10, 90]]],
  ["ends by more than gap", new InputLog().fused(10, 45).fused(51, 90), [[10, 45], [51, 90]]],
  [
    "ends by a device more",
    new InputLog().fused(10, 45, { bitmap: [true] }).fused(46, 90, { bitmap: [true, true] }),
    [[10, 45], [46, 90]],
  ],
  [
    "ends by a device less",
    new InputLog().fused(10, 45, { bitmap: [true, true] }).fused(46, 90, { bitmap: [true] }),
    [[10, 45], [46, 90]],
  ],
  [
    "ends by seconds without a partner",
    new InputLog().fused(10, 45).readings(46, 50).fused(51, 90),
    [[10, 45], [51, 90]],
  ],
];
for (const [title, log, sessions] of gaps) {
  Deno.test(`expectTraining() has a session that ${title}`, () => {
    assert.deepEqual(train(log.tick()).sessions, sessions);
  });
}

// min-duration 30:   10 … 40 lasts 30, short      10 … 41 lasts 31, a dataset
Deno.test("expectTraining() counts a session of min-duration as short", () => {
  const { sessions, outcomes: counts, fusedShort } = train(new InputLog().fused(10, 40).tick());
  assert.deepEqual(sessions, []);
  assert.deepEqual(counts, outcomes({ short: 62, tick: 1 }));
  assert.equal(fusedShort, 31);
});

Deno.test("expectTraining() emits a session of more than min-duration", () => {
  const { sessions, outcomes: counts } = train(new InputLog().fused(10, 41).tick());
  assert.deepEqual(sessions, [[10, 41]]);
  assert.deepEqual(counts, outcomes({ used: 64, tick: 1 }));
});

// max-session 600:   1000 … 1599 │ 1600 …
Deno.test("expectTraining() cuts a session at max-session", () => {
  const { sessions } = train(new InputLog().fused(1000, 1650).tick());
  assert.deepEqual(sessions, [[1000, 1599], [1600, 1650]]);
});

Deno.test("expectTraining() emits a full session once its end is final", () => {
  // 1604 is accepted: 1599 − 1000 < 600, a second may still come. 1605: the first open is 1600.
  assert.deepEqual(train(new InputLog().fused(1000, 1599).reading(1604)).sessions, []);
  assert.deepEqual(train(new InputLog().fused(1000, 1599).reading(1605)).sessions, [[1000, 1599]]);
});

// The longest session that gap allows for: 1000 … 1598 ·· 1600, which starts a new one.
Deno.test("expectTraining() starts anew where a gap spans max-session", () => {
  const log = new InputLog().fused(1000, 1598).fused(1600, 1650);
  assert.deepEqual(train(log.tick()).sessions, [[1000, 1598], [1600, 1650]]);
});

// A tick:   10 … 45 ┊ 46 … 90     neighbours, but closed between
Deno.test("expectTraining() ends a session at a tick", () => {
  const { sessions } = train(new InputLog().fused(10, 45).tick().fused(46, 90).tick());
  assert.deepEqual(sessions, [[10, 45], [46, 90]]);
});

Deno.test("expectTraining() refuses what a tick has closed", () => {
  const log = new InputLog().fused(10, 44).reading(45).tick().state(45).state(46);
  // 10 to 44 lasts 34 s: a dataset.
  assert.deepEqual(
    train(log).outcomes,
    outcomes({ used: 70, unfused: 1, late: 1, held: 1, tick: 1 }),
  );
});

// Silence: `home` stops at 45; another household moves stream time on by 5 s a record.
//
//   stream time   0    5   …  55   60
//   home          f                │  ≥ 60: closed
//   other         r    r   …  r    r
function silentUntil(atS: number): InputLog {
  const log = new InputLog().fused(10, 44).state(45, { atS: 44.5 }).reading(45, { atS: 45 });
  for (let s = 50; s < atS; s += 5) log.reading(s, { household: "other" });
  return log.reading(Math.floor(atS), { household: "other", atS });
}

Deno.test("expectTraining() closes a household that is silent for idle-timeout", () => {
  assert.deepEqual(train(silentUntil(105)).sessions, [[10, 45]]);
  assert.deepEqual(train(silentUntil(104.999)).sessions, []);
});

Deno.test("expectTraining() ends a session by silence before the next record", () => {
  const closed = silentUntil(100).state(46, { atS: 105 }).reading(46).fused(47, 90);
  assert.deepEqual(train(closed.tick()).sessions, [[10, 45], [46, 90]]);
  const open = silentUntil(100).state(46, { atS: 104.999 }).reading(46).fused(47, 90);
  assert.deepEqual(train(open.tick()).sessions, [[10, 90]]);
});

Deno.test("expectTraining() cuts nothing after an outage of everyone", () => {
  const log = new InputLog().fused(10, 45).state(46, { atS: 5000 }).reading(46).fused(47, 90);
  assert.deepEqual(train(log.tick()).sessions, [[10, 90]]);
});

// The state at 100 was appended before the reading at 106 that makes it late, and 1 ms after.
Deno.test("expectTraining() merges its inputs by append time", () => {
  const before = new InputLog().reading(106, { atS: 106.5 }).state(100, { atS: 106.499 });
  assert.deepEqual(train(before).outcomes, outcomes({ unfused: 1, held: 1 }));
  const tie = new InputLog().reading(106, { atS: 106.5 }).state(100, { atS: 106.5 });
  assert.deepEqual(train(tie).outcomes, outcomes({ unfused: 1, held: 1 }));
  const after = new InputLog().reading(106, { atS: 106.5 }).state(100, { atS: 106.501 });
  assert.deepEqual(train(after).outcomes, outcomes({ late: 1, held: 1 }));
});

// Both inputs at 10 … 45 (a session) and 60 … 70 (short), then a state that comes too late.
Deno.test("expectTraining() counts the seconds that both inputs have, and those that fuse", () => {
  const log = new InputLog().fused(10, 45).fused(60, 70).reading(80).reading(86).state(80).tick();
  const { fusedExpected, fusedReached, fusedShort } = train(log);
  assert.deepEqual({ fusedExpected, fusedReached, fusedShort }, {
    fusedExpected: 48,
    fusedReached: 47,
    fusedShort: 11,
  });
});

Deno.test("expectTraining() counts a second that was refused as one that did not fuse", () => {
  const log = new InputLog().reading(500, { atS: 100 }).state(500, { atS: 100 }).tick();
  const { fusedExpected, fusedReached } = train(log);
  assert.deepEqual([fusedExpected, fusedReached], [1, 0]);
});
