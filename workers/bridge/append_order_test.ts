import assert from "node:assert/strict";
import type { Appender } from "../../shared/log/log.ts";
import { Metrics } from "../../shared/service/metrics.ts";
import { AppendOrder, stretchesOf } from "./append_order.ts";
import { bridgeMetrics } from "./metrics.ts";

function dated(household: string, timestampS: number | undefined, username = "u") {
  const value = String(timestampS);
  return { topic: "power", key: household, value, username, timestampS, arrivedMs: 0 };
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

Deno.test("stretchesOf() goes on from what was appended right before", () => {
  const spans: Parameters<typeof stretchesOf>[1] = new Map();
  const cutOn = (...records: [household: string, timestampS: number][]) =>
    stretchesOf(records.map(([household, timestampS]) => dated(household, timestampS)), spans)
      .map((stretch) => stretch.map(({ key, value }) => `${key}${value}`).join(" "));
  assert.deepEqual(cutOn(["a", 100], ["a", 101]), ["a100 a101"]);
  assert.deepEqual(cutOn(["b", 500], ["a", 101]), ["b500 a101"]);
  assert.deepEqual(cutOn(["a", 102], ["b", 501]), ["", "a102 b501"]);
  assert.deepEqual(cutOn(["a", 103], ["b", 502]), ["a103 b502"]);
});

Deno.test("AppendOrder gives batches of one household's backlog append times of their own", async () => {
  const appendMs: number[] = [];
  // A log that stamps and answers at once, as the fastest does.
  const appender: Appender = {
    append: (records) => {
      for (const _ of records) appendMs.push(Date.now());
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  const order = new AppendOrder();
  const parts = {
    ...{ appender, metrics: new Metrics(bridgeMetrics), onAway: () => {}, onAttempt: () => {} },
    ...{ elapsedMs: () => performance.now(), random: () => 0 },
    giveUp: new AbortController().signal,
  };
  for (let minute = 0; minute < 100; minute++) {
    await order.append([dated("a", 100 + 60 * minute)], parts);
  }
  assert.equal(new Set(appendMs).size, 100);
});
