/** A household in which something changes is told again after ten labelled minutes as well as a new one. */
import assert from "node:assert/strict";
import type { Model, TrainingDataset } from "../../shared/events.ts";
import { type HouseholdMemory, learnedWith } from "./household_memory.ts";
import { devicesOn, readyModel } from "./model/disaggregate.ts";
import { PosteriorSmoother } from "./model/posterior.ts";
import { NAMES, simulatedHome } from "./model/testing/simulated_home.ts";

const smoother = new PosteriorSmoother();
const SEEDS = [1, 2, 3, 4, 5];
/** As far as a window reaches from its middle second, s. */
const REACH_S = 7;
/** By so much what was learned before may make it worse than a new household. */
const WORSE_MAX = 0.02;
const F1_MIN = 0.94;

function learnAll(datasets: readonly TrainingDataset[], former?: HouseholdMemory): HouseholdMemory {
  let memory = former;
  for (const dataset of datasets) {
    memory = learnedWith(memory, dataset, { identity: NAMES, smoother });
  }
  return memory!;
}

/** Micro F1 over all devices. */
function f1Of(model: Model, { timestamps, consumption, state_bitmaps }: TrainingDataset): number {
  const ready = readyModel(model);
  let [right, told, real] = [0, 0, 0];
  timestamps.forEach((second, index) => {
    const isNear = (other: number) => Math.abs(other - second) <= REACH_S;
    const window = {
      timestamps: timestamps.filter(isNear),
      consumption: consumption.filter((_, at) => isNear(timestamps[at]!)),
    };
    const at = window.timestamps.indexOf(second);
    devicesOn(ready, window, at, smoother).forEach((estimate, device) => {
      const isTold = (estimate?.probability ?? 0) >= 0.5;
      const isOn = state_bitmaps[index]![device]!;
      if (isTold) told++;
      if (isOn) real++;
      if (isTold && isOn) right++;
    });
  });
  return 2 * right / (told + real);
}

/** No two sets of devices take the same. */
const BEFORE = [130, 560, 1_480, 880];
/** What happens, what its devices take from then on, and where that is not so, how many are declared. */
const CASES: readonly (readonly [string, readonly number[], number?])[] = [
  ["changes a device's watts to half of them", [130, 560, 740, 880]],
  ["changes a device's watts by half of them", [130, 840, 1_480, 880]],
  ["buys a device", [130, 560, 1_480, 880, 330]],
  ["loses a device", [130, 560, 1_480]],
  ["loses a device that is still declared, off", [130, 560, 1_480], 4],
];

for (const [what, watts, declared = watts.length] of CASES) {
  Deno.test(`a household that ${what} is told as well as a new one ten labelled minutes later`, () => {
    const sums = { recovered: 0, anew: 0 };
    for (const seed of SEEDS) {
      const old = simulatedHome({ watts: BEFORE, seed });
      const hour = [0, 1, 2, 3, 4, 5].map((part) => old.labels(1_000 + 600 * part, 600, 1));
      const home = simulatedHome({ watts, seed: seed + 100 });
      const declare = (dataset: TrainingDataset): TrainingDataset => ({
        ...dataset,
        state_bitmaps: dataset.state_bitmaps.map((bits) =>
          Array.from({ length: declared }, (_, device) => bits[device] ?? false)
        ),
      });
      const minutes = [0, 1].map((part) => declare(home.labels(10_000 + 300 * part, 300, 1)));
      const later = declare(home.labels(20_000, 1_200));
      sums.recovered += f1Of(learnAll(minutes, learnAll(hour)).model, later) / SEEDS.length;
      sums.anew += f1Of(learnAll(minutes).model, later) / SEEDS.length;
    }
    assert.ok(sums.recovered > sums.anew - WORSE_MAX, JSON.stringify(sums));
    assert.ok(sums.recovered > F1_MIN, JSON.stringify(sums));
  });
}
