import assert from "node:assert/strict";
import { assertReadmeTables } from "../../shared/testing/readme_tables.ts";
import { gatewayConfig } from "./config.ts";
import { PRESETS } from "./households/presets.ts";
import { gatewayMetrics } from "./metrics.ts";

Deno.test("gatewayMetrics keeps its names, which are API", () => {
  assert.deepEqual(Object.keys(gatewayMetrics), [
    "wattstream_gateway_messages_total",
    "wattstream_gateway_published_total",
    "wattstream_gateway_refused_total",
    "wattstream_gateway_dropped_total",
    "wattstream_gateway_spool_events",
    "wattstream_gateway_answers_total",
    "wattstream_gateway_answers_refused_total",
    "wattstream_gateway_answers_invalid_total",
    "wattstream_gateway_connected",
    "wattstream_gateway_uplinks",
    "wattstream_gateway_households",
  ]);
});

Deno.test("README.md has the flags and metrics of the code, and every preset", async () => {
  const readme = new URL("README.md", import.meta.url);
  await assertReadmeTables(readme, { config: gatewayConfig, metrics: gatewayMetrics });
  const text = await Deno.readTextFile(readme);
  assert.deepEqual(Object.keys(PRESETS).filter((name) => !text.includes(`\`${name}\``)), []);
});
