import assert from "node:assert/strict";
import { assertReadmeTables } from "../../shared/testing/readme_tables.ts";
import { bridgeConfig } from "./config.ts";
import { bridgeMetrics } from "./metrics.ts";

Deno.test("bridgeMetrics keeps its names, which are API", () => {
  assert.deepEqual(Object.keys(bridgeMetrics), [
    "wattstream_bridge_received_total",
    "wattstream_bridge_appended_total",
    "wattstream_bridge_dead_letters_total",
    "wattstream_bridge_retained_total",
    "wattstream_bridge_other_share_total",
    "wattstream_bridge_dropped_total",
    "wattstream_bridge_stamped_total",
    "wattstream_bridge_clock_unset_total",
    "wattstream_bridge_redelivered_total",
    "wattstream_bridge_unacknowledged",
    "wattstream_bridge_buffered",
    "wattstream_bridge_spooled_total",
    "wattstream_bridge_spool_messages",
    "wattstream_bridge_spool_bytes",
    "wattstream_bridge_spool_max_bytes",
    "wattstream_bridge_spool_oldest_seconds",
    "wattstream_bridge_append_seconds",
    "wattstream_bridge_arrival_to_append_seconds",
    "wattstream_bridge_event_to_append_seconds",
    "wattstream_bridge_append_failures_total",
    "wattstream_bridge_connected",
    "wattstream_bridge_reconnects_total",
    "wattstream_bridge_session_lost_total",
    "wattstream_bridge_broker_dropped_total",
    "wattstream_kafka_request_seconds",
  ]);
});

Deno.test("bridge/README.md has the flags and metrics of the code", async () => {
  await assertReadmeTables(new URL("README.md", import.meta.url), {
    config: bridgeConfig,
    metrics: bridgeMetrics,
  });
});
