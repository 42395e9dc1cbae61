import assert from "node:assert/strict";
import { stretchesOf } from "./append_order.ts";

function dated(household: string, timestampS: number | undefined, username = "u") {
  const record = { topic: "power", key: household, value: String(timestampS) };
  return { record, username, timestampS, arrivedMs: 0 };
}

function cut(...records: [household: string, timestampS: number | undefined][]): string[] {
  return stretchesOf(records.map(([household, timestampS]) => dated(household, timestampS)))
    .map((stretch) => stretch.map(({ key, value }) => `${key}${value}`).join(" "));
}

Deno.test("stretchesOf() keeps together what each household publishes within a second", () => {
  assert.deepEqual(cut(["a", 100], ["b", 500], ["a", 101], ["b", 501]), ["a100 b500 a101 b501"]);
});

Deno.test("stretchesOf() cuts before a household spans more than a second, either way", () => {
  assert.deepEqual(cut(["a", 100], ["a", 101], ["a", 102], ["b", 1]), ["a100 a101", "a102 b1"]);
  assert.deepEqual(cut(["a", 102], ["a", 100], ["a", 101], ["a", 103]), [
    "a102",
    "a100 a101",
    "a103",
  ]);
});

Deno.test("stretchesOf() cuts nothing because two users have one client id", () => {
  const records = [dated("home", 100, "alice"), dated("home", 500, "mallory"), dated("home", 101)];
  assert.equal(stretchesOf(records).length, 1);
});

Deno.test("stretchesOf() leaves dead letters where they are", () => {
  assert.deepEqual(cut(["a", 100], ["a", undefined], ["a", 200]), ["a100 aundefined", "a200"]);
  assert.deepEqual(cut(), []);
});
