import assert from "node:assert/strict";
import { modelSchema, type TrainingDataset } from "../../../shared/events.ts";
import { fitModel } from "./fit_model.ts";
import { jointStates } from "./joint_states.ts";
import { learn, newLearner, ROWS_MAX } from "./learner.ts";
import { SAG_MEAN } from "./sag.ts";
import { newScore } from "./score.ts";
import { NAMES, simulatedHome } from "./testing/simulated_home.ts";

const WATTS = [60, 210, 400, 750, 1_200, 1_950];

function modelOf(...datasets: readonly TrainingDataset[]) {
  const learner = newLearner(datasets[0]!.state_bitmaps[0]!.length);
  for (const dataset of datasets) learn(learner, dataset);
  return fitModel(NAMES, learner, newScore(learner.deviceCount));
}

for (const delayS of [0, 1, 2]) {
  Deno.test(`fitModel() knows watts from ten labelled minutes, declared ${delayS} s late`, () => {
    for (let seed = 1; seed <= 5; seed++) {
      const home = simulatedHome({ watts: WATTS, seed });
      const model = modelOf(home.labels(1_000, 600, delayS));
      model.devices.forEach(({ status, watts }, device) => {
        assert.equal(status, "known", `seed ${seed}, device ${device}`);
        assert.ok(Math.abs(watts - WATTS[device]!) < 10, `${watts} W for ${WATTS[device]} W`);
      });
      assert.ok(Math.abs(model.base - 100) < 10, `base ${model.base}`);
      assert.ok(model.new_variance > 15 && model.new_variance < 40, `${model.new_variance} W²`);
    }
  });
}

Deno.test("fitModel() knows by how much less devices take together than each alone", () => {
  for (let seed = 1; seed <= 5; seed++) {
    for (const sag of [0, 3, 10]) {
      const model = modelOf(simulatedHome({ watts: WATTS, seed, sag }).labels(1_000, 600));
      const text = `seed ${seed}: ${model.sag} for ${sag}`;
      assert.ok(Math.abs(model.sag! - sag) < 1.5, text);
      model.devices.forEach(({ watts }, device) =>
        assert.ok(Math.abs(watts - WATTS[device]!) < 20, `${text}, ${watts} W`)
      );
    }
  }
});

Deno.test("fitModel() takes what devices take together for less sure where labels do not say", () => {
  // As many vectors as there are unknowns, without the sag.
  const labels = ["000", "100", "010", "001"].flatMap((bits, index) =>
    Array.from({ length: 60 }, () => ({
      power: [100, 2_100, 3_100, 4_100][index]!,
      bits: [...bits].map((bit) => bit === "1"),
    }))
  );
  const model = modelOf({
    ...{ ...NAMES, session_start: 1_000, session_end: 1_239 },
    timestamps: labels.map((_, index) => 1_000 + index),
    consumption: labels.map(({ power }) => power),
    state_bitmaps: labels.map(({ bits }) => bits),
  });
  assert.ok(model.sag! > 0 && model.sag! < SAG_MEAN / 2, `${model.sag}`);
  const { power, variance, set } = jointStates(model);
  const all = set.indexOf(7);
  const sum = 9_100;
  assert.ok(power[all]! < sum && power[all]! > sum - 500, `${power[all]} W`);
  assert.ok(variance[all]! > 100 ** 2, `${variance[all]} W²`);
});

Deno.test("fitModel() says which devices it cannot tell", () => {
  const labels = simulatedHome({ watts: [500, 501, 900, 1], seed: 2 }).labels(1_000, 1_200);
  // And three more: always on, never on, and always with the third.
  const state_bitmaps = labels.state_bitmaps.map((bits) => [...bits, true, false, bits[2]!]);
  const twins = modelOf({ ...labels, state_bitmaps });
  assert.deepEqual(twins.devices.slice(4, 6).map(({ status }) => status), [
    "always_on",
    "never_on",
  ]);
  assert.deepEqual(twins.devices[6]!.confusable_with, [2]);
  const model = modelOf(labels);
  assert.deepEqual(model.devices.map(({ status }) => status), [
    ...["confusable_with", "confusable_with", "known", "below_noise"],
  ]);
  assert.deepEqual(model.devices[0]!.confusable_with, [1]);
});

Deno.test("fitModel() is still learning where too few vectors were declared", () => {
  const home = simulatedHome({ watts: WATTS, seed: 3 });
  const model = modelOf(home.labels(1_000, 60));
  const statuses = new Set(model.devices.map(({ status }) => status));
  assert.ok(!statuses.has("known"), [...statuses].join());
});

Deno.test("fitModel() takes a vector for one seen before no more often than there is reason to", () => {
  const twelve = Array.from({ length: 12 }, (_, i) => 30 + 140 * i);
  // Of 4,096 vectors some twenty were seen, each once.
  const { unseen } = modelOf(simulatedHome({ watts: twelve, seed: 6 }).labels(1_000, 600));
  assert.ok(unseen > 0.99, `${unseen}`);
  const two = modelOf(simulatedHome({ watts: [200, 900], seed: 6 }).labels(1_000, 1_800));
  assert.equal(two.unseen, 0.1);
});

Deno.test("learn() keeps a bounded number of rows, and models that the schema takes", () => {
  const home = simulatedHome({
    watts: Array.from({ length: 12 }, (_, i) => 30 + 140 * i),
    seed: 4,
  });
  const datasets = Array.from({ length: 12 }, (_, index) => home.labels(1_000 * index, 600));
  const model = modelOf(...datasets);
  assert.ok(model.vectors.length <= ROWS_MAX && model.vectors.length > 60);
  assert.ok(modelSchema.safeParse(model).success);
  assert.ok(JSON.stringify(model).length < 15_000, `${JSON.stringify(model).length} bytes`);
  assert.equal(model.version, 12);
});
