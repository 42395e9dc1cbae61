import assert from "node:assert/strict";
import { parseConfig } from "../../shared/service/config.ts";
import { assertReadmeTables } from "../../shared/testing/readme_tables.ts";
import { disaggregationConfig } from "./config.ts";
import { disaggregationMetrics } from "./metrics.ts";

Deno.test("disaggregationConfig has the defaults of the other stream workers", () => {
  const source = { args: ["--log", "sqlite:x"], env: () => undefined };
  const parsed = parseConfig(disaggregationConfig, source);
  assert.ok(parsed !== "help");
  const { idleTimeoutS, maxAheadS, lostRecords } = parsed.config;
  assert.deepEqual([idleTimeoutS, maxAheadS, lostRecords], [60, 10, "stop"]);
});

Deno.test("disaggregation/README.md has the flags and metrics of the code", async () => {
  await assertReadmeTables(new URL("README.md", import.meta.url), {
    config: disaggregationConfig,
    metrics: disaggregationMetrics,
  });
});
