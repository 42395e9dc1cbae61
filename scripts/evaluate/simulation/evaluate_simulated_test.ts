import assert from "node:assert/strict";
import { fhmm } from "../methods/fhmm.ts";
import { ours } from "../methods/ours.ts";
import { bayesLimit, type Known } from "./bayes_limit.ts";
import { evaluateSimulated } from "./evaluate_simulated.ts";
import { knownByLabels } from "./known_by_labels.ts";
import { simulatedHome } from "./simulated_home.ts";

/** By the sum over every sequence of sets, over all readings. */
function everySequence(truth: Known, timestamps: Int32Array, powerW: Float64Array, at: number) {
  const { watts, baseW, noiseW, changeRate, setVariances } = truth;
  const count = 2 ** watts.length;
  const on = watts.map(() => 0);
  let total = 0;
  const walk = (reading: number, weight: number, path: readonly number[]) => {
    if (reading === powerW.length) {
      total += weight;
      watts.forEach((_, device) => on[device]! += (path[at]! >> device) & 1 ? weight : 0);
      return;
    }
    for (let set = 0; set < count; set++) {
      const power = watts.reduce(
        (sum, each, device) => sum + ((set >> device) & 1 ? each : 0),
        baseW,
      );
      const variance = noiseW ** 2 + (setVariances?.[set] ?? 0);
      const density = Math.exp(-0.5 * (powerW[reading]! - power) ** 2 / variance) /
        Math.sqrt(variance);
      const stays = reading === 0
        ? 0
        : Math.exp(-changeRate * (timestamps[reading]! - timestamps[reading - 1]!));
      const move = (1 - stays) / count + (path.at(-1) === set ? stays : 0);
      walk(reading + 1, weight * density * move, [...path, set]);
    }
  };
  walk(0, 1, []);
  return on.map((each) => each / total);
}

Deno.test("bayesLimit() is the sum over every sequence of sets, of the readings in its context", () => {
  const certain = { watts: [7, 11], baseW: 100, noiseW: 5, changeRate: 0.2 };
  const timestamps = Int32Array.of(10, 20, 21, 24, 25, 40);
  const powerW = Float64Array.of(500, 104, 112, 108, 121, 500);
  for (const known of [certain, { ...certain, setVariances: Float64Array.of(1, 30, 0, 400) }]) {
    const { on } = bayesLimit(known, { timestamps, powerW }, { beforeS: 5, afterS: 5 });
    const expected = everySequence(known, timestamps.subarray(1, 5), powerW.subarray(1, 5), 2);
    expected.forEach((each, device) => assert.ok(Math.abs(on[3 * 2 + device]! - each) < 1e-12));
  }
});

Deno.test("knownByLabels() knows the watts of sets of devices as well as it says", () => {
  const squares: number[] = [];
  for (let seed = 1; seed <= 40; seed++) {
    const home = simulatedHome({ devices: 4, seed, labelsS: 600, testS: 60 });
    const { watts, baseW, setVariances } = knownByLabels(home);
    for (let set = 0; set < 16; set++) {
      const powerW = (each: readonly number[], base: number) =>
        each.reduce((sum, its, device) => sum + (((set >> device) & 1) === 1 ? its : 0), base);
      const off = powerW(watts, baseW) - powerW(home.truth.watts, home.truth.baseW);
      squares.push(off ** 2 / setVariances![set]!);
    }
  }
  // Of chi-square's mean 1; those of a home go together.
  const mean = squares.reduce((sum, each) => sum + each) / squares.length;
  assert.ok(mean > 0.6 && mean < 1.5, `${mean}`);
});

/** What ours reaches of the Bayes limit of its window, at least: a change for the worse shows. */
const FLOORS = [{ devices: 8, micro: 0.95, exact: 0.87 }, {
  devices: 10,
  micro: 0.93,
  exact: 0.7,
}];

for (const { devices, micro, exact } of FLOORS) {
  Deno.test(`of what can be told of ${devices} devices at best, ours tells most`, () => {
    const { evaluated: { methods, of_bayes } } = evaluateSimulated({ ours, fhmm }, {
      ...{ devices, seeds: 3, labelsS: 600 },
    });
    const { window, minute } = of_bayes!.ours!;
    const text = JSON.stringify(of_bayes);
    assert.ok(window.micro_f1 > micro && window.exact_match > exact, text);
    assert.ok(of_bayes!.bayes_labels!.window.micro_f1 < 1, text);
    assert.ok(minute.micro_f1 < window.micro_f1 && window.micro_f1 < 1, text);
    assert.ok(methods.ours!.micro_f1 > methods.fhmm!.micro_f1, text);
    assert.ok(methods.ours!.exact_match > methods.fhmm!.exact_match, text);
  });
}
