import assert from "node:assert/strict";
import { type Model, modelSchema } from "../../shared/events.ts";
import { deviceNamesOf, modelOf, publicationsOf, secondOf } from "./answers.ts";
import { erased, NOTHING_KNOWN, withModel, withNames, withSecond } from "./household_memory.ts";

const WHO = { client_id: "flat-1", username: "anna" };
const STATES = {
  ...WHO,
  ...{ timestamp: 7, consumption: 2_100, on: [0.5, 0.49, null], watts: [1_800, 90, null] },
  ...{ unexplained: 210, model_version: 4 },
  groups: [{ devices: [1, 2], on: 1, watts: 60 }],
};
const MODEL: Model = {
  ...WHO,
  ...{ version: 4, trained_until: 6, labelled_seconds: 600 },
  devices: [
    { status: "known", watts: 1_800, watts_deviation: 1 },
    { status: "confusable_with", watts: 60, watts_deviation: 1, confusable_with: [2] },
    { status: "confusable_with", watts: 60, watts_deviation: 1, confusable_with: [1] },
  ],
  ...{ base: 50, columns: [], base_variance: 1, new_variance: 1, covariance: [], vectors: [] },
  ...{ unseen: 0.1, change_rate: 0.01, undeclared: { rate: 0.1, watts: 100 } },
};
const NAMES = { ...WHO, devices: [{ name: "kettle" }, { name: "lamp" }, { name: "tv" }] };

Deno.test("secondOf() says of each device, by name, what the newest second has, and its energy", () => {
  const once = withSecond(withNames(NOTHING_KNOWN, NAMES), STATES);
  const twice = withSecond(once, { ...STATES, timestamp: 9 });
  const { topic, payload } = secondOf(WHO, twice);
  assert.equal(topic, "energy/anna/flat-1/disaggregated");
  assert.deepEqual(JSON.parse(payload), {
    ...{ timestamp: 9, consumption: 2_100, unexplained: 210, model_version: 4 },
    devices: [
      { name: "kettle", on: true, probability: 0.5, watts: 1_800, energy: 3_600 / 3_600_000 },
      { name: "lamp", on: false, probability: 0.49, watts: 90, energy: 180 / 3_600_000 },
      { name: "tv", on: null, probability: null, watts: null, energy: 0 },
    ],
    groups: [{ devices: ["lamp", "tv"], on: 1, watts: 60 }],
  });
});

Deno.test("modelOf() says of each device, by name, whether it can be told", () => {
  assert.equal(modelSchema.safeParse(MODEL).success, true);
  const { topic, payload } = modelOf(WHO, withModel(withNames(NOTHING_KNOWN, NAMES), MODEL));
  assert.equal(topic, "energy/anna/flat-1/model");
  assert.deepEqual(JSON.parse(payload), {
    ...{ version: 4, trained_until: 6, labelled_seconds: 600, known: 1 },
    devices: [
      { name: "kettle", status: "known", watts: 1_800 },
      { name: "lamp", status: "confusable_with", watts: 60, confusable_with: ["tv"] },
      { name: "tv", status: "confusable_with", watts: 60, confusable_with: ["lamp"] },
    ],
  });
});

Deno.test("what is not known, or erased, is an empty message", () => {
  const known = withModel(withSecond(NOTHING_KNOWN, STATES), MODEL);
  for (const memory of [NOTHING_KNOWN, erased(known), withNames(NOTHING_KNOWN, NAMES)]) {
    assert.equal(secondOf(WHO, memory).payload, "");
    assert.equal(modelOf(WHO, memory).payload, "");
  }
});

Deno.test("deviceNamesOf() has as many devices as the household says, else as its model, else as its seconds", () => {
  const seconds = withSecond(NOTHING_KNOWN, { ...STATES, on: [1], watts: [5] });
  assert.deepEqual(deviceNamesOf(seconds), ["device 1"]);
  const modelled = withModel(seconds, MODEL);
  assert.deepEqual(deviceNamesOf(modelled), ["device 1", "device 2", "device 3"]);
  const named = withNames(modelled, { ...NAMES, devices: [{ name: "kettle" }, { name: "lamp" }] });
  assert.deepEqual(deviceNamesOf(named), ["kettle", "lamp"]);
});

Deno.test("publicationsOf() announces what there is, and passes over a household that can have no topic", () => {
  const memory = withModel(withSecond(withNames(NOTHING_KNOWN, NAMES), STATES), MODEL);
  const kinds = (who: typeof WHO, homeAssistant: boolean) =>
    publicationsOf(who, memory, { homeAssistant }).map(({ kind }) => kind);
  assert.deepEqual(kinds(WHO, false), ["disaggregated", "model"]);
  assert.equal(kinds(WHO, true).filter((kind) => kind === "discovery").length, 3 + 3 * 3);
  assert.deepEqual(kinds({ client_id: "a/b", username: "anna" }, true), []);
  assert.deepEqual(kinds({ client_id: "+", username: "#" }, true), []);
});

Deno.test("publicationsOf() says no more than brokers take, whatever a household calls its devices", () => {
  const all = Array.from({ length: 256 }, (_, device) => device);
  const devices = all.map((device) => ({ name: `${device}`.padEnd(256, "灯") }));
  const model: Model = {
    ...MODEL,
    devices: all.map((device) => ({
      ...{ status: "confusable_with", watts: 60, watts_deviation: 1 },
      confusable_with: all.filter((other) => other !== device),
    })),
  };
  const states = {
    ...{ ...STATES, on: all.map(() => null), watts: all.map(() => null) },
    groups: [{ devices: all, on: 1, watts: 60 }],
  };
  const named = withModel(withNames(NOTHING_KNOWN, { ...WHO, devices }), model);
  const memory = withSecond(named, states);
  const publications = publicationsOf(WHO, memory, { homeAssistant: true });
  for (const { topic, payload } of publications) {
    const { length } = new TextEncoder().encode(payload);
    assert.ok(length <= 256 * 1024, `${topic}: ${length} bytes`);
  }
  assert.equal(modelSchema.safeParse(model).success, true);
});
