/** Whatever a household publishes, its task can load again what it learned. */
import assert from "node:assert/strict";
import type { TrainingDataset } from "../../shared/events.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import {
  encodeMemory,
  type HouseholdMemory,
  isHouseholdMemory,
  learnedWith,
} from "./household_memory.ts";
import { datasetProblem, windowProblem } from "./input_problems.ts";
import { PosteriorSmoother } from "./model/posterior.ts";

const IDENTITY = { client_id: "house", username: "mallory" };
const HOMES = 60;
const SECONDS = 60;

/** Two devices of which the first takes so much. */
function labelled(watts: number, startS: number, random: () => number = () => 0): TrainingDataset {
  const timestamps = Array.from({ length: SECONDS }, (_, index) => startS + index);
  const state_bitmaps = timestamps.map((_, index) => [index % 30 < 15, index % 20 < 10]);
  return {
    ...{ ...IDENTITY, session_start: startS, session_end: startS + SECONDS - 1, timestamps },
    consumption: state_bitmaps.map(([first, second]) =>
      (first ? watts : 0) + (second ? 100 : 0) + random()
    ),
    state_bitmaps,
  };
}

Deno.test("datasetProblem() and windowProblem() refuse readings that are nobody's", () => {
  for (const watts of [1.1e7, 1e12, 1.7e308, -1.1e7]) {
    const dataset = labelled(watts, 1000);
    assert.match(datasetProblem(dataset) ?? "", /^consumption: expected at most 10000000 W$/);
    assert.match(windowProblem(dataset) ?? "", /^consumption: /);
  }
  assert.equal(datasetProblem(labelled(2000, 1000)), undefined);
});

Deno.test("learnedWith() remembers what can be loaded again, of whatever is no problem", () => {
  const smoother = new PosteriorSmoother();
  const random = seededRandom(7);
  for (let home = 0; home < HOMES; home++) {
    const watts = (random() < 0.3 ? 1 : random()) * (1e7 - 200) * (random() < 0.5 ? -1 : 1);
    let memory: HouseholdMemory | undefined;
    for (let part = 0; part < 3; part++) {
      const dataset = labelled(watts, 1000 + 600 * part, random);
      assert.equal(datasetProblem(dataset), undefined);
      memory = learnedWith(memory, dataset, { identity: IDENTITY, smoother });
      const text = encodeMemory(memory);
      assert.ok(isHouseholdMemory(text), `${watts} W: ${text}`);
    }
  }
});
