import assert from "node:assert/strict";
import { namedDevices } from "./named_devices.ts";

const names = new Map([[JSON.stringify(["anna", "home-1"]), ["kettle", "lamp"]]]);
const second = {
  ...{ client_id: "home-1", username: "anna", timestamp: 1_790_000_000, consumption: 2_010.5 },
  ...{ on: [0.984, null, 0.5], watts: [1_950.4, null, 20], unexplained: 40, model_version: 3 },
};
const explained = (value: unknown, by = names) =>
  namedDevices(by)(new TextEncoder().encode(JSON.stringify(value)));

Deno.test("namedDevices() has a household's own names, and says what cannot be told", () => {
  assert.equal(explained(second), "kettle: 0.98, 1950 W; lamp: cannot be told");
});

Deno.test("namedDevices() says nothing of households without names, and of other records", () => {
  assert.equal(explained({ ...second, username: "bert" }), undefined);
  assert.equal(explained({ client_id: "home-1" }), undefined);
  assert.equal(namedDevices(names)(null), undefined);
});
