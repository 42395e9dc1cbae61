import assert from "node:assert/strict";
import type { PredictionWindow } from "../../shared/events.ts";
import {
  householdParts,
  IDENTITY,
  RecordingSink,
  scanned,
} from "../../shared/testing/recording_sink.ts";
import { WindowHousehold, type WindowSettings } from "./sliding_window.ts";
import { WindowWriter } from "./window_json.ts";

const DEFAULTS: WindowSettings = { windowS: 15, slideS: 1, latenessS: 5, minReadings: 1 };

/** One household under test: what it says of each reading, and what it has emitted since. */
class Driver {
  readonly household: WindowHousehold;
  readonly remembered: number[];
  readonly #sink = new RecordingSink();
  #place = 0;

  constructor(settings: Partial<WindowSettings> = {}, closedS = -Infinity) {
    this.remembered = this.#sink.remembered;
    const parts = householdParts(this.#sink, closedS);
    const all = { ...DEFAULTS, ...settings };
    this.household = new WindowHousehold(parts, all, new WindowWriter(all.windowS));
  }

  accept(timestamp: number, consumption = timestamp): string {
    const reading = scanned({ ...IDENTITY, timestamp, consumption });
    return this.household.accept(reading, 0, this.#place++);
  }

  acceptAll(first: number, last: number): void {
    for (let second = first; second <= last; second++) this.accept(second);
  }

  /** The windows emitted since the last call, by start. */
  take(): Map<number, number[]> {
    assert.deepEqual(this.#sink.settled, {}, "predictions settle nothing later");
    const windows: PredictionWindow[] = this.#sink.outputs.splice(0).map((text) =>
      JSON.parse(text)
    );
    return new Map(windows.map((window) => [window.window_start, window.timestamps]));
  }
}

/*
 *   readings  100   102 103 … 119   120   101 100
 *   closes    starts 86 … 99        100   (partly late, late)
 */
Deno.test("WindowHousehold follows the worked example of the design", () => {
  const driver = new Driver();
  driver.accept(100);
  driver.acceptAll(102, 119);
  const closed = driver.take();
  assert.deepEqual([...closed.keys()], Array.from({ length: 14 }, (_, index) => 86 + index));
  assert.deepEqual(closed.get(86), [100]);
  assert.equal(driver.accept(120), "used");
  assert.deepEqual([...driver.take().keys()], [100]);
  assert.equal(driver.accept(101), "partly_late");
  assert.equal(driver.accept(100), "late");
  driver.accept(121);
  assert.deepEqual(driver.take().get(101)?.slice(0, 2), [101, 102]);
});

Deno.test("WindowHousehold closes a window at s + 15 + lateness, not a second before", () => {
  const driver = new Driver();
  driver.accept(100);
  driver.accept(105);
  assert.deepEqual([...driver.take().keys()], []);
  driver.accept(106);
  assert.deepEqual([...driver.take()], [[86, [100]]]);
});

Deno.test("WindowHousehold counts the first reading of a second, and says so of the next", () => {
  const driver = new Driver();
  driver.accept(100, 1);
  assert.equal(driver.accept(100, 2), "duplicate");
});

Deno.test("WindowHousehold emits nothing for the windows of a long gap", () => {
  const driver = new Driver();
  driver.accept(100);
  driver.accept(1_000_000_000);
  const starts = [...driver.take().keys()];
  assert.deepEqual([starts.length, starts[0], starts.at(-1)], [15, 86, 100]);
});

Deno.test("WindowHousehold sorts what came out of order", () => {
  const driver = new Driver();
  for (const second of [100, 103, 101, 102]) driver.accept(second);
  driver.accept(125);
  assert.deepEqual(driver.take().get(90), [100, 101, 102, 103]);
});

Deno.test("WindowHousehold starts windows at the multiples of slide", () => {
  const driver = new Driver({ slideS: 5 });
  driver.acceptAll(100, 125);
  assert.deepEqual([...driver.take().keys()], [90, 95, 100, 105]);
});

Deno.test("WindowHousehold emits windows of at least min-readings alone", () => {
  const driver = new Driver({ minReadings: 2 });
  driver.accept(100);
  driver.accept(101);
  driver.accept(130);
  assert.deepEqual([...driver.take().keys()].at(0), 87);
  assert.equal(driver.accept(131), "used");
});

Deno.test("WindowHousehold.close() emits all that is open, and remembers how far", () => {
  const driver = new Driver();
  driver.acceptAll(100, 103);
  driver.household.close();
  assert.deepEqual([...driver.take().keys()].at(-1), 103);
  assert.deepEqual(driver.remembered, [118]);
  assert.equal(driver.household.oldestPlace(), Infinity);
  driver.household.close();
  assert.deepEqual(driver.remembered, [118]);
});

Deno.test("WindowHousehold takes no reading of what its memory says is closed", () => {
  const driver = new Driver({}, 118);
  assert.equal(driver.accept(103), "late");
  assert.equal(driver.accept(104), "partly_late");
  driver.accept(140);
  assert.deepEqual([...driver.take()][0], [104, [104]]);
});

Deno.test("WindowHousehold.oldestPlace() is that of the oldest reading an open window holds", () => {
  const driver = new Driver();
  driver.accept(101); // place 0
  driver.accept(100); // place 1
  assert.equal(driver.household.oldestPlace(), 0);
  driver.accept(120); // closes up to 115: 100 is let go, 101 is not
  assert.equal(driver.household.oldestPlace(), 0);
  driver.accept(121);
  assert.equal(driver.household.oldestPlace(), 2);
});
