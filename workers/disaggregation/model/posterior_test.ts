import assert from "node:assert/strict";
import fc from "fast-check";
import type { Model } from "../../../shared/events.ts";
import { readyModel } from "./disaggregate.ts";
import { isOn, jointStates } from "./joint_states.ts";
import { PosteriorSmoother } from "./posterior.ts";
import { modelOf } from "./testing/model_of.ts";

const normal = (off: number, variance: number) =>
  Math.exp(-off * off / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
const STRAY = 1e-8;

/** The same by the sum over every sequence of states, each explained or with something undeclared. */
function everySequence(model: Model, timestamps: number[], powers: number[], at: number): number[] {
  const states = jointStates(model);
  const on = new Array<number>(model.columns.length).fill(0);
  const { rate, watts } = model.undeclared;
  let total = 0;
  const jump = (off: number, own: number, isExplained: boolean) =>
    isExplained
      ? (1 - rate) * normal(off, own) + STRAY
      : rate / watts * Math.exp(-Math.abs(off) / watts) * (off >= 0 ? 1 : 0.1);
  const walk = (reading: number, weight: number, path: readonly (readonly [number, boolean])[]) => {
    if (reading === powers.length) {
      total += weight;
      on.forEach((_, column) => on[column]! += isOn(states, path[at]![0], column) ? weight : 0);
      return;
    }
    for (let state = 0; state < states.count; state++) {
      for (const isExplained of [true, false]) {
        const off = powers[reading]! - states.power[state]!;
        const own = states.variance[state]!;
        const fresh = jump(off, own, isExplained);
        if (reading === 0) {
          walk(1, states.occupancy[state]! * fresh, [[state, isExplained]]);
          continue;
        }
        const pauseS = timestamps[reading]! - timestamps[reading - 1]!;
        const change = 1 - Math.exp(-model.change_rate * pauseS);
        const renewal = (1 - change) * rate * change;
        const [before, wasExplained] = path[reading - 1]!;
        let move = change * states.entry[state]! * fresh;
        if (state === before) move += renewal * fresh;
        if (state === before && isExplained === wasExplained) {
          const step = powers[reading]! - powers[reading - 1]!;
          const persistent = Math.max(0, 1 - model.new_variance / own);
          const stay = isExplained
            ? normal(
              off - persistent * (powers[reading - 1]! - states.power[state]!),
              own * (1 - persistent ** 2),
            )
            : normal(step, 2 * model.new_variance);
          move += (1 - change - renewal) * (stay + STRAY);
        }
        walk(reading + 1, weight * move, [...path, [state, isExplained]]);
      }
    }
  };
  walk(0, 1, []);
  return on.map((each) => each / total);
}

Deno.test("PosteriorSmoother.columnsOn() is the sum over every sequence of states", () => {
  const smoother = new PosteriorSmoother();
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 20, max: 60 }), { minLength: 1, maxLength: 2 }),
      fc.array(
        fc.record({
          pauseS: fc.integer({ min: 1, max: 4 }),
          power: fc.integer({ min: 60, max: 260 }),
        }),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
      fc.nat(),
      (watts, steps, place) => {
        const model = modelOf(watts);
        let second = 1_000;
        const timestamps = steps.map(({ pauseS }) => second += pauseS);
        const consumption = steps.map(({ power }) => power);
        const at = place % steps.length;
        const on = new Float64Array(watts.length);
        smoother.columnsOn(readyModel(model), { timestamps, consumption }, at, on);
        everySequence(model, timestamps, consumption, at).forEach((expected, column) => {
          assert.ok(Math.abs(on[column]! - expected) < 5e-3, `${on[column]} for ${expected}`);
        });
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("jointStates() gives every set its power, its spread and its share", () => {
  const model = modelOf([10, 200, 3_000], {
    covariance: [4, 1, 9, 0, 2, 16, -1, -2, -3, 25],
  });
  const states = jointStates(model);
  assert.equal(states.count, 8 + 3);
  // The first and the third: 4 + 16 + 25, and twice 0, -1 and -3 between them.
  assert.equal(states.power[5], 100 + 10 + 3_000);
  assert.equal(states.variance[5], 400 + 50 + 50 + 4 + 16 + 25 + 2 * (0 - 1 - 3));
  const sumOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
  assert.ok(Math.abs(sumOf(states.entry) - 1) < 1e-12);
  assert.ok(Math.abs(sumOf(states.occupancy) - 1) < 1e-12);
  assert.ok(Math.abs(states.entry[7]! - 0.3 * 0.4 ** 3) < 1e-12);
  // The declared vectors at their levels: all on, then all off twice.
  assert.deepEqual([...states.set.subarray(8)], [7, 0, 0]);
  assert.deepEqual([...states.power.subarray(8)], [190, 95, 140]);
  assert.ok(Math.abs(states.entry[8]! - 0.7 * 2 / 5) < 1e-12);
  assert.ok(Math.abs(states.occupancy[10]! - 0.7 * 0.25 * 1 / 4) < 1e-12);
});

Deno.test("jointStates() takes from each set what the voltage sags by it", () => {
  const states = jointStates(modelOf([10, 200, 3_000], {
    sag: 2,
    covariance: [4, 1, 9, 0, 2, 16, -1, -2, -3, 25, 0.1, 0.2, 0.3, 0.4, 0.5],
  }));
  const power = states.power[5]!;
  const square = (power / 1_000) ** 2;
  assert.ok(Math.abs(power + 2 * square - 3_110) < 1e-9, `${power} W`);
  // As above, less twice 0.1, 0.3 and 0.4 by that square, and 0.5 by the square of it.
  const known = 4 + 16 + 25 + 2 * (0 - 1 - 3) - 2 * square * (0.1 + 0.3 + 0.4) + 0.5 * square ** 2;
  assert.ok(
    Math.abs(states.variance[5]! - (400 + 50 + 50 + known)) < 1e-9,
    `${states.variance[5]}`,
  );
});

Deno.test("jointStates() of many columns are the vectors seen and their neighbours", () => {
  const watts = Array.from({ length: 40 }, (_, index) => 100 * (index + 1));
  const vectors: Model["vectors"] = [
    { bits: "1".repeat(40), entries: 5, seconds: 50, levels: [[82_100, 100, 1]] },
    { bits: "0".repeat(40), entries: 5, seconds: 50, levels: [[100, 100, 1]] },
  ];
  const model = modelOf(watts, { vectors, covariance: new Array(41).fill(0) });
  const states = jointStates(model);
  assert.equal(states.count, 2 + 2 * 40 + 2);
  assert.ok(Math.abs(states.entry.reduce((sum, value) => sum + value, 0) - 1) < 1e-12);
  const on = new Float64Array(40);
  const power = 100 + watts[7]!;
  const readings = { timestamps: [1, 2, 3], consumption: [power, power, power] };
  new PosteriorSmoother().columnsOn(readyModel(model), readings, 1, on);
  on.forEach((probability, column) => assert.equal(probability > 0.5, column === 7, `${column}`));
});

Deno.test("PosteriorSmoother.columnsOn() says something of any power", () => {
  const ready = readyModel(modelOf([100, 900], { undeclared: { rate: 0.02, watts: 20 } }));
  const on = new Float64Array(2);
  const smoother = new PosteriorSmoother();
  for (const power of [-1e9, -50_000, 0, 1e-300, 50_000, 1e9, 1e300]) {
    for (const consumption of [[power], [100, power, 1_000], [power, 100, power]]) {
      const timestamps = consumption.map((_, index) => 10 + index);
      smoother.columnsOn(ready, { timestamps, consumption }, consumption.length >> 1, on);
      for (const value of on) assert.ok(value >= 0 && value <= 1, `${consumption}: ${value}`);
      for (const watts of smoother.watts) assert.ok(watts >= 0, `${consumption}: ${watts} W`);
    }
  }
});
