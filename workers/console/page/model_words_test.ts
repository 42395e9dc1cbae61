import assert from "node:assert/strict";
import type { DeviceStatus } from "../../../shared/events.ts";
import { deviceNames, deviceOrder, modelWords, wattsText } from "./model_words.ts";
import { deviceCountOf, openSession, shortSessions, withUpdate } from "./household_view.ts";
import { routeOf } from "./routes.ts";

Deno.test("modelWords() names those that look alike, and what will tell them apart", () => {
  const device = (status: DeviceStatus, confusable_with?: number[]) => ({
    ...{ status, watts: 2000, watts_deviation: 12 },
    ...(confusable_with !== undefined && { confusable_with }),
  });
  const model = {
    ...{ version: 1, trained_until: 1, labelled_seconds: 60 },
    devices: [device("confusable_with", [1]), device("confusable_with", [0]), device("known")],
  };
  const names = deviceNames([{ name: "kettle" }, { name: "iron" }], 3);
  assert.deepEqual(names, ["kettle", "iron", "device 3"]);
  const words = modelWords(model, names);
  assert.equal(
    words[0]!.text,
    "kettle and iron look alike: 20 more seconds with just one of them on will tell",
  );
  assert.equal(words[2]!.text, "takes 2,000 W, give or take 12 W");
  assert.deepEqual(words.map(({ isKnown }) => isKnown), [false, false, true]);
});

Deno.test("deviceOrder() puts devices where people want them, and others where they are", () => {
  const devices = [{ name: "kettle", place: 2 }, { name: "lamp", place: 0 }, { name: "oven" }];
  assert.deepEqual(deviceOrder(undefined, 3), [0, 1, 2]);
  assert.deepEqual(deviceOrder(devices, 4), [1, 0, 2, 3]);
});

Deno.test("wattsText() has a decimal where it matters", () => {
  assert.deepEqual([2.34, 99.6, -1500, 12_345].map(wattsText), [
    "2.3 W",
    "100 W",
    "-1,500 W",
    "12.3 kW",
  ]);
});

Deno.test("openSession() finds the labelled stretch that is not over", () => {
  const seconds = (...all: readonly [number, boolean][]) => ({
    seconds: all.map(([second, isLabelled]) => ({
      ...{ second, consumption: 1 },
      ...(isLabelled && { declared: [true] }),
    })),
  });
  const known = seconds([1, true], [2, true], [8, true], [10, true], [12, false]);
  assert.deepEqual(openSession(known), { startS: 8, endS: 10 });
  assert.equal(openSession(seconds([1, true], [7, false])), undefined);
  assert.equal(openSession(seconds([1, false])), undefined);
});

Deno.test("shortSessions() are those that have ended, and are no datasets", () => {
  const known = {
    seconds: [1, 2, 3, 11, 12, 25, 26].map((second) => ({
      ...{ second, consumption: 1, declared: [true] },
    })),
    datasets: [{ startS: 11, endS: 12, seconds: 2 }],
  };
  assert.deepEqual(shortSessions(known), [{ startS: 1, endS: 3 }]);
  assert.deepEqual(openSession(known), { startS: 25, endS: 26 });
});

Deno.test("withUpdate() adds seconds in order and keeps what did not change", () => {
  const devices = [{ name: "kettle" }];
  const known = withUpdate({ seconds: [{ second: 2, consumption: 1 }], devices }, {
    seconds: [{ second: 2, consumption: 1, declared: [true, false] }, { second: 1 }],
  });
  assert.deepEqual(known.seconds.map(({ second }) => second), [1, 2]);
  assert.equal(known.devices, devices);
  assert.equal(deviceCountOf(known), 2);
});

Deno.test("routeOf() reads names with any characters, and knows no others", () => {
  const household = { username: "a/b", client_id: "flat 1" };
  assert.deepEqual(routeOf("#/households/a%2Fb/flat%201"), { page: "household", household });
  assert.deepEqual(routeOf("#/households/%zz/x"), { page: "households" });
  assert.deepEqual(routeOf(""), { page: "system" });
});
