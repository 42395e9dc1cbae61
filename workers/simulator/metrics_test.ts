import assert from "node:assert/strict";
import { assertReadmeTables } from "../../shared/testing/readme_tables.ts";
import { simulatorConfig } from "./config.ts";
import { simulatorMetrics } from "./metrics.ts";

Deno.test("simulatorMetrics keeps its names, which are API", () => {
  assert.deepEqual(Object.keys(simulatorMetrics), [
    "wattstream_simulator_readings_total",
    "wattstream_simulator_states_total",
    "wattstream_simulator_readings_acknowledged_total",
    "wattstream_simulator_states_acknowledged_total",
    "wattstream_simulator_refused_total",
    "wattstream_simulator_swapped_total",
    "wattstream_simulator_households",
    "wattstream_simulator_connections",
  ]);
});

Deno.test("README.md has the flags and metrics of the code", async () => {
  await assertReadmeTables(new URL("README.md", import.meta.url), {
    config: simulatorConfig,
    metrics: simulatorMetrics,
  });
});
