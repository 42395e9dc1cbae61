/** What a real dsmr-parser says of a meter's P1 telegrams, through the gateway. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { pythonWith } from "../../../shared/services/testing/python.ts";
import { fileOf, NOW_MS, OneHousehold } from "../testing/one_household.ts";

/** kW in and out, as a telegram has them. */
const SENT = [["00.345", "00.000"], ["00.000", "01.001"], ["12.999", "00.000"]] as const;

Deno.test("preset dsmr-parser reads what a real dsmr-parser makes of telegrams", async () => {
  const python = await pythonWith(new URL("./testing/dsmr_requirements.txt", import.meta.url));
  const script = fileURLToPath(new URL("./testing/dsmr_telegrams.py", import.meta.url));
  const { stdout, stderr, success } = await new Deno.Command(python, {
    args: [script, ...SENT.flat()],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const home = new OneHousehold(fileOf({ preset: "dsmr-parser", topic: "p1" }));
  for (const [index, line] of lines.entries()) {
    await home.take("p1", line, { atMs: NOW_MS + index * 1000 });
  }
  assert.deepEqual(home.watts, [345, -1001, 12_999]);
  // The meter's own seconds, whose zone the program knows.
  const seconds = home.events.map(([, second]) => second);
  assert.deepEqual(seconds, [0, 1, 2].map((index) => Math.floor(NOW_MS / 1000) + index));
});
