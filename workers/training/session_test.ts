import assert from "node:assert/strict";
import type { DeviceState, Reading, TrainingDataset } from "../../shared/events.ts";
import {
  householdParts,
  IDENTITY,
  RecordingSink,
  scanned,
} from "../../shared/testing/recording_sink.ts";
import { SessionHousehold, type SessionSettings } from "./session.ts";

const DEFAULTS: SessionSettings = { latenessS: 5, gapS: 5, minDurationS: 30, maxSessionS: 600 };

/** One household under test, with what it emitted, settled and remembered. */
class Driver {
  readonly household: SessionHousehold;
  readonly settled: Record<string, number>;
  readonly remembered: number[];
  readonly #sink = new RecordingSink();
  #held = 0;
  #place = 0;

  constructor(settings: Partial<SessionSettings> = {}, closedS = -Infinity) {
    this.settled = this.#sink.settled;
    this.remembered = this.#sink.remembered;
    const parts = householdParts(this.#sink, closedS);
    this.household = new SessionHousehold(parts, { ...DEFAULTS, ...settings });
  }

  get sessions(): [first: number, last: number][] {
    return this.#sink.outputs.map((text) => {
      const { session_start, session_end }: TrainingDataset = JSON.parse(text);
      return [session_start, session_end];
    });
  }

  /** Records taken in that are not settled yet. */
  get heldCount(): number {
    return Object.values(this.settled).reduce((held, settled) => held - settled, this.#held);
  }

  power(timestamp: number): string {
    return this.#accept({ ...IDENTITY, timestamp, consumption: timestamp }, 1);
  }

  state(timestamp: number, devices = 1): string {
    return this.#accept({ ...IDENTITY, timestamp, state_bitmap: Array(devices).fill(true) }, 0);
  }

  #accept(event: Reading | DeviceState, input: number): string {
    const verdict = this.household.accept(scanned(event), input, this.#place++);
    if (verdict === "held") this.#held++;
    return verdict;
  }

  fused(first: number, last: number, devices = 1): this {
    for (let second = first; second <= last; second++) {
      this.state(second, devices);
      this.power(second);
    }
    return this;
  }
}

Deno.test("SessionHousehold takes a record of the watermark's second, none before it", () => {
  const driver = new Driver();
  driver.power(120);
  assert.equal(driver.power(114), "late");
  assert.equal(driver.power(115), "held");
});

/*
 *   fused  10 … 45          watermark 50: 45 may still be joined, 51: nothing can join any more
 */
Deno.test("SessionHousehold emits a session once nothing can join it", () => {
  const driver = new Driver().fused(10, 45);
  driver.power(55);
  assert.deepEqual(driver.sessions, []);
  driver.power(56);
  assert.deepEqual(driver.sessions, [[10, 45]]);
  assert.equal(driver.settled.used, 72);
});

Deno.test("SessionHousehold counts a session of min-duration, but not over it, as short", () => {
  const driver = new Driver().fused(10, 40);
  driver.power(60);
  assert.deepEqual(driver.sessions, []);
  assert.equal(driver.settled.short, 62);
  const longer = new Driver().fused(10, 41);
  longer.power(60);
  assert.deepEqual(longer.sessions, [[10, 41]]);
});

for (const [next, sessions] of [[50, [[10, 90]]], [51, [[10, 45], [51, 90]]]] as const) {
  Deno.test(`SessionHousehold goes on from 45 at ${next} as ${sessions.length} session(s)`, () => {
    const driver = new Driver().fused(10, 45).fused(next, 90);
    driver.power(101);
    assert.deepEqual(driver.sessions, sessions);
  });
}

Deno.test("SessionHousehold ends a session before the second at max-session", () => {
  const driver = new Driver({ maxSessionS: 60 }).fused(100, 250);
  driver.household.close();
  assert.deepEqual(driver.sessions, [[100, 159], [160, 219]]);
  // At each beginning and at each end by length; at the close all is remembered.
  assert.deepEqual(driver.remembered, [100, 160, 160, 220, 220, 251]);
  assert.equal(driver.settled.short, 62);
});

/*
 *   devices  10 … 45: 2      46 … 90: 3, then 2       46 is final once 51 has come: nothing that may
 *   closes   [10, 45]        at 46                    still come could join the session before it
 */
for (const devices of [1, 3]) {
  Deno.test(`SessionHousehold ends a session of 2 devices where there are ${devices}`, () => {
    const driver = new Driver().fused(10, 45, 2).fused(46, 51, devices);
    assert.deepEqual(driver.sessions, []);
    driver.power(52);
    assert.deepEqual(driver.sessions, [[10, 45]]);
    assert.deepEqual(driver.remembered, [10, 46]);
    assert.equal(driver.household.oldestPlace(), 72);
    driver.fused(52, 90, devices).fused(91, 91, 2).household.close();
    assert.deepEqual(driver.sessions, [[10, 45], [46, 90]]);
    assert.equal(driver.settled.short, 2);
  });
}

Deno.test("SessionHousehold settles a second without a partner as unfused", () => {
  const driver = new Driver();
  driver.power(100);
  driver.state(101);
  driver.power(107);
  assert.deepEqual(driver.settled, { unfused: 2 });
  assert.equal(driver.heldCount, 1);
});

Deno.test("SessionHousehold counts a second record of one input as duplicate", () => {
  const driver = new Driver();
  driver.power(100);
  assert.equal(driver.power(100), "duplicate");
  assert.equal(driver.state(100), "held");
  assert.equal(driver.state(100), "duplicate");
});

Deno.test("SessionHousehold.close() makes all final and remembers the next second", () => {
  const driver = new Driver().fused(10, 45);
  driver.household.close();
  assert.deepEqual(driver.sessions, [[10, 45]]);
  assert.deepEqual(driver.remembered, [10, 46]);
  assert.equal(driver.heldCount, 0);
  assert.equal(driver.household.oldestPlace(), Infinity);
});

Deno.test("SessionHousehold.oldestPlace() reaches back to the open session's first record", () => {
  const driver = new Driver();
  driver.power(1); // place 0: unfused, let go once it is out of reach
  driver.fused(10, 45);
  assert.equal(driver.household.oldestPlace(), 1);
  driver.power(60);
  driver.power(80);
  assert.equal(driver.household.oldestPlace(), 1 + 72 + 1);
});
