import assert from "node:assert/strict";
import { encodeEvent } from "../../shared/events.ts";
import { ClosingReadings } from "./closing_readings.ts";

const START_S = 1_700_000_000;
const [HOME, OTHER] = [
  { client_id: "home", username: "a" },
  { client_id: "home", username: "b" },
];

/** A reading that comes `lateS` after its second, as the log has it. */
function reading(identity: typeof HOME, second: number, lateS = 1) {
  const timestamp = START_S + second;
  return {
    ...{ topic: "power", partition: 0, offset: 0, key: null, headers: {} },
    appendMs: 1000 * (timestamp + lateS),
    value: new TextEncoder().encode(encodeEvent({ ...identity, timestamp, consumption: 1 })),
  };
}

// lateness 5:  windows that end by 20 are closed at 25, those that end by 22 at 27
Deno.test("ClosingReadings finds the first reading that closed a window", () => {
  const readings = new ClosingReadings({ latenessS: 5, maxAheadS: 10 });
  const closedAt = (identity: typeof HOME, end: number) => {
    const ms = readings.closedAtMs({ ...identity, window_end: START_S + end });
    return ms === undefined ? undefined : ms / 1000 - START_S;
  };
  for (const second of [20, 25, 24, 27, 40]) readings.take(reading(HOME, second));
  readings.take(reading(OTHER, 22));
  assert.deepEqual([20, 20, 21, 22, 23, 35].map((end) => closedAt(HOME, end)), [
    ...[26, 26, 28, 28, 41, 41],
  ]);
  assert.equal(closedAt(HOME, 36), undefined);
  assert.equal(closedAt(OTHER, 17), 23);
  assert.equal(closedAt(OTHER, 18), undefined);
});

Deno.test("ClosingReadings leaves out what closes nothing", () => {
  const readings = new ClosingReadings({ latenessS: 5, maxAheadS: 10 });
  readings.take(reading(HOME, 100, -11));
  readings.take({ ...reading(HOME, 100), value: null });
  readings.take({ ...reading(HOME, 100), value: new TextEncoder().encode("{") });
  assert.equal(readings.closedAtMs({ ...HOME, window_end: START_S + 20 }), undefined);
});
