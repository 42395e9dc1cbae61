import assert from "node:assert/strict";
import { DayEnergy } from "./day_energy.ts";

const DAY_S = 86_400;

function second(timestamp: number, watts: (number | null)[]) {
  return { timestamp, consumption: 500, unexplained: 50, watts };
}

Deno.test("DayEnergy counts each second of the newest day once, in whatever order they come", () => {
  const energy = new DayEnergy((second) => Math.floor(second / DAY_S) * DAY_S);
  assert.equal(energy.figures, undefined);
  for (const timestamp of [DAY_S + 9, DAY_S + 7, DAY_S + 9, DAY_S + 8]) {
    energy.take(second(timestamp, [400, null]));
  }
  energy.take(second(DAY_S - 1, [400, 400]));
  assert.deepEqual(energy.figures, {
    ...{ sinceS: DAY_S + 7, totalWs: 1500, unexplainedWs: 150, devicesWs: [1200, 0] },
  });
  energy.take(second(2 * DAY_S, [1]));
  assert.deepEqual(energy.figures, {
    ...{ sinceS: 2 * DAY_S, totalWs: 500, unexplainedWs: 50, devicesWs: [1] },
  });
});
