/** Every preset reads messages of the shape that its devices publish, and nothing out of others. */
import assert from "node:assert/strict";
import { fileOf, NOW_MS, OneHousehold } from "../testing/one_household.ts";
import { PRESETS } from "./presets.ts";
import { METERS, SWITCHES } from "./testing/preset_messages.ts";

for (const { preset, more, topic, messages, expected } of METERS) {
  Deno.test(`preset ${preset} reads the power, ${topic}`, async () => {
    const home = new OneHousehold(fileOf({ preset, topic, ...more }));
    for (const [index, [at, payload]] of messages.entries()) {
      const isOneMoment = ["shelly-3em", "dsmr-reader-topics"].includes(preset);
      await home.take(at, payload, { atMs: NOW_MS + (isOneMoment ? 0 : index * 1000) });
    }
    assert.deepEqual(home.watts, expected);
  });
}

for (const { preset, more, topic, messages, expected } of SWITCHES) {
  Deno.test(`preset ${preset} reads the switch`, async () => {
    const device = { name: "it", preset, topic, ...more };
    const home = new OneHousehold(fileOf({ topic: "m", watts: "$" }, [device]));
    const figures = home.gateway.figures[1]!;
    for (const [index, [at, payload]] of messages.entries()) {
      const [outcome] = await home.take(at, payload);
      if (expected[index] === undefined) assert.equal(outcome, "no_value");
      else assert.deepEqual([outcome, figures.lastValue], ["word", expected[index]]);
    }
  });
}

Deno.test("every preset has a test", () => {
  const tested = [...METERS, ...SWITCHES].map(({ preset }) => preset);
  // In sparkplug_test.ts, since their payloads are no text, and dsmr_parser_test.ts.
  tested.push("sparkplug", "sparkplug-switch", "dsmr-parser");
  assert.deepEqual(Object.keys(PRESETS).filter((name) => !tested.includes(name)), []);
});
