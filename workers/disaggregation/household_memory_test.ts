import assert from "node:assert/strict";
import type { TrainingDataset } from "../../shared/events.ts";
import {
  encodeMemory,
  type HouseholdMemory,
  isHouseholdMemory,
  learnedWith,
} from "./household_memory.ts";
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
