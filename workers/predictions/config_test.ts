import assert from "node:assert/strict";
import { hasCode } from "../../shared/errors.ts";
import { parseConfig } from "../../shared/service/config.ts";
import { assertReadmeTables } from "../../shared/testing/readme_tables.ts";
import { predictionsConfig } from "./config.ts";
import { predictionsMetrics } from "./metrics.ts";

function parse(...args: string[]) {
  const parsed = parseConfig(predictionsConfig, { args, env: () => undefined });
  assert.ok(parsed !== "help");
  return parsed.config;
}

Deno.test("predictionsConfig has the design's defaults", () => {
  const { windowS, slideS, minReadings, latenessS, idleTimeoutS, maxAheadS, quietTimeoutMs } =
    parse(
      ...["--log", "sqlite:x"],
    );
  assert.deepEqual(
    { windowS, slideS, minReadings, latenessS, idleTimeoutS, maxAheadS, quietTimeoutMs },
    {
      windowS: 15,
      slideS: 1,
      minReadings: 1,
      latenessS: 5,
      idleTimeoutS: 60,
      maxAheadS: 10,
      quietTimeoutMs: 300_000,
    },
  );
});

Deno.test("predictionsConfig refuses all that is wrong at once", () => {
  assert.throws(
    () => parse("--slide", "20s", "--lateness", "-1", "--min-readings", "0"),
    (error) => {
      assert.ok(hasCode(error, "config"));
      for (const name of ["--log", "--slide", "--lateness", "--min-readings"]) {
        assert.ok(error.message.includes(name), `${name} not in ${error.message}`);
      }
      return true;
    },
  );
});

Deno.test("predictions/README.md has the flags and metrics of the code", async () => {
  await assertReadmeTables(new URL("README.md", import.meta.url), {
    config: predictionsConfig,
    metrics: predictionsMetrics,
  });
});
