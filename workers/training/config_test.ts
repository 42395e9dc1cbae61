import assert from "node:assert/strict";
import { hasCode } from "../../shared/errors.ts";
import { parseConfig } from "../../shared/service/config.ts";
import { assertReadmeTables } from "../../shared/testing/readme_tables.ts";
import { trainingConfig } from "./config.ts";
import { trainingMetrics } from "./metrics.ts";

function parse(...args: string[]) {
  const parsed = parseConfig(trainingConfig, { args, env: () => undefined });
  assert.ok(parsed !== "help");
  return parsed.config;
}

Deno.test("trainingConfig has the design's defaults", () => {
  const { gapS, minDurationS, maxSessionS, latenessS } = parse("--log", "sqlite:x");
  assert.deepEqual([gapS, minDurationS, maxSessionS, latenessS], [5, 30, 600, 5]);
});

Deno.test("trainingConfig refuses a max-session in which no dataset could come out", () => {
  const problem = (error: unknown) =>
    hasCode(error, "config") && /--max-session over --min-duration \(30s\)/.test(error.message);
  assert.throws(() => parse("--log", "sqlite:x", "--max-session", "31s"), problem);
  assert.equal(parse("--log", "sqlite:x", "--max-session", "32s").maxSessionS, 32);
});

Deno.test("training/README.md has the flags and metrics of the code", async () => {
  await assertReadmeTables(new URL("README.md", import.meta.url), {
    config: trainingConfig,
    metrics: trainingMetrics,
  });
});
