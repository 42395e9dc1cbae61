import assert from "node:assert/strict";
import type { Model } from "../../../shared/events.ts";
import { HouseholdState, KEPT_S } from "./household_state.ts";

const IDENTITY = { username: "u", client_id: "h" };

function dataset(session_start: number) {
  const state_bitmaps = [[true], [false]];
  const timestamps = [session_start, session_start + 1];
  return {
    ...IDENTITY,
    ...{ session_start, session_end: session_start + 1, timestamps },
    consumption: [1, 2],
    state_bitmaps,
  };
}

Deno.test("HouseholdState puts together what is known of a second, in whatever order it comes", () => {
  const state = new HouseholdState();
  state.takeDisaggregated({
    ...IDENTITY,
    ...{ timestamp: 10, consumption: 5, on: [0.9], watts: [4], unexplained: 1, model_version: 1 },
  });
  state.takeState({ ...IDENTITY, timestamp: 10, state_bitmap: [true] });
  state.takeReading({ ...IDENTITY, timestamp: 9, consumption: 3 });
  state.takeReading({ ...IDENTITY, timestamp: 10, consumption: 5 });
  const seconds = [
    { second: 9, consumption: 3 },
    { second: 10, on: [0.9], watts: [4], unexplained: 1, declared: [true], consumption: 5 },
  ];
  const energy = { sinceS: 10, totalWs: 5, unexplainedWs: 1, devicesWs: [4] };
  assert.deepEqual(state.all(), { seconds, energy });
  assert.deepEqual(state.changes(), { seconds, energy });
  assert.equal(state.changes(), undefined);
});

Deno.test("HouseholdState keeps the last minutes and no more", () => {
  const state = new HouseholdState();
  for (let timestamp = 1; timestamp <= 2 * KEPT_S; timestamp++) {
    state.takeReading({ ...IDENTITY, timestamp, consumption: 1 });
  }
  state.takeReading({ ...IDENTITY, timestamp: KEPT_S, consumption: 1 });
  const { seconds } = state.all();
  assert.equal(seconds!.length, KEPT_S);
  assert.equal(seconds![0]!.second, KEPT_S + 1);
  assert.equal(state.changes()!.seconds!.length, KEPT_S);
});

Deno.test("HouseholdState lists each dataset once, the newest first, and a bound of them", () => {
  const state = new HouseholdState();
  for (const start of [100, 300, 200, 300]) state.takeDataset(dataset(start));
  const starts = (update = state.all()) => update.datasets!.map(({ startS }) => startS);
  assert.deepEqual(starts(), [300, 200, 100]);
  for (let start = 1000; start < 1100; start++) state.takeDataset(dataset(start));
  assert.equal(starts().length, 50);
  assert.equal(starts()[0], 1099);
});

Deno.test("HouseholdState goes by the newest model, window and names", () => {
  const state = new HouseholdState();
  const model = (version: number) => ({ ...IDENTITY, version, devices: [] } as unknown as Model);
  const window = (window_start: number) => ({
    ...IDENTITY,
    ...{ window_start, window_end: window_start + 15, timestamps: [], consumption: [] },
  });
  for (const version of [2, 3, 1]) state.takeModel(model(version));
  for (const start of [7, 9, 8]) state.takeWindow(window(start));
  state.takeDevices({ ...IDENTITY, devices: [{ name: "new" }] }, 5);
  state.takeDevices({ ...IDENTITY, devices: [{ name: "old" }] }, 4);
  const all = state.all();
  assert.equal(all.model!.version, 3);
  assert.equal(all.window!.window_start, 9);
  assert.deepEqual(all.devices, [{ name: "new" }]);
});
