import assert from "node:assert/strict";
import type { TrainingDataset } from "../../shared/events.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import {
  decodeMemory,
  encodeMemory,
  type HouseholdMemory,
  isHouseholdMemory,
  learnedWith,
} from "./household_memory.ts";
import { ROWS_MAX } from "./model/learner.ts";
import { PosteriorSmoother } from "./model/posterior.ts";
import { NAMES, simulatedHome } from "./model/testing/simulated_home.ts";

const smoother = new PosteriorSmoother();

function learnAll(
  datasets: readonly TrainingDataset[],
  former?: HouseholdMemory,
): HouseholdMemory {
  let memory = former;
  for (const dataset of datasets) {
    memory = learnedWith(memory, dataset, { identity: NAMES, smoother });
  }
  return memory!;
}

/** So many labelled minutes, ten in each dataset. */
const minutes = (watts: readonly number[], seed: number, count: number, startS: number) => {
  const home = simulatedHome({ watts, seed });
  return Array.from({ length: count / 10 }, (_, index) => home.labels(startS + 600 * index, 600));
};

Deno.test("learnedWith() remembers a few kilobytes that are its own", () => {
  const twelve = Array.from({ length: 12 }, (_, device) => 40 + 150 * device);
  const text = encodeMemory(learnAll(minutes(twelve, 1, 120, 1_000)));
  assert.ok(text.length < 40_000, `${text.length} bytes`);
  assert.ok(isHouseholdMemory(text));
  assert.ok(!isHouseholdMemory("17") && !isHouseholdMemory("{") && !isHouseholdMemory("{}"));
});

Deno.test("learnedWith() remembers no more than that however many labels and levels there are", () => {
  const home = simulatedHome({
    watts: Array.from({ length: 8 }, (_, device) => 40 + 150 * device),
    seed: 1,
  });
  const random = seededRandom(2);
  let other = 0;
  // What nobody declares takes one of four powers, for some readings each.
  const withOthers = (dataset: TrainingDataset) => ({
    ...dataset,
    consumption: dataset.consumption.map((power) => {
      if (random() < 0.05) other = [0, 217, 533, 941][Math.floor(4 * random())]!;
      return power + other;
    }),
  });
  let memory: HouseholdMemory | undefined;
  for (let part = 0; part < 40; part++) {
    memory = learnAll([withOthers(home.labels(1_000 + 600 * part, 600))], memory);
    assert.ok(encodeMemory(memory).length < 40_000, `${part}`);
  }
  assert.equal(memory!.learner.rows.length, ROWS_MAX);
});

Deno.test("decodeMemory() reads what it wrote, and rows by names as they were written before", () => {
  const memory = learnAll(minutes([150, 600, 1_500], 5, 30, 1_000));
  const text = encodeMemory(memory);
  assert.deepEqual(decodeMemory(text), memory);
  const before = JSON.stringify(memory);
  assert.ok(text.length < before.length && isHouseholdMemory(before));
  assert.deepEqual(decodeMemory(before), memory);
});

Deno.test("learnedWith() scores each dataset before it learns from it", () => {
  const memory = learnAll(minutes([150, 600, 1_500], 2, 60, 1_000));
  const { score, version, labelled_seconds } = memory.model;
  assert.equal(version, 6);
  assert.ok(labelled_seconds > 1_000);
  assert.ok(score!.micro_f1 > 0.95 && score!.calibration_error < 0.05, JSON.stringify(score));
});

Deno.test("learnedWith() recovers within ten labelled minutes from other watts", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const before = learnAll(minutes([150, 600, 1_500, 900], seed, 60, 1_000));
    const { model } = learnAll(minutes([150, 600, 750, 900], seed + 10, 10, 10_000), before);
    const [, , changed] = model.devices;
    assert.ok(Math.abs(changed!.watts - 750) < 40, `seed ${seed}: ${changed!.watts} W`);
  }
});

Deno.test("learnedWith() begins anew where a device is bought, and goes on counting", () => {
  const before = learnAll(minutes([150, 600, 1_500], 4, 30, 1_000));
  const { model } = learnAll(minutes([150, 600, 1_500, 350], 5, 10, 10_000), before);
  assert.equal(model.version, 4);
  assert.deepEqual(model.devices.map(({ status }) => status), Array(4).fill("known"));
  assert.ok(Math.abs(model.devices[3]!.watts - 350) < 20);
});
