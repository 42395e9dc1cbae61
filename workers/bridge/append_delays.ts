/** How long messages take into the log: told of the oldest of each batch, not of every one. */
import type { Metrics } from "../../shared/service/metrics.ts";
import type { DatedRecord } from "./append_order.ts";
import type { bridgeMetrics } from "./metrics.ts";

/** Tells that the log has taken these records, made of these messages. */
export function observeDelays(
  records: readonly DatedRecord[],
  messages: readonly { readonly arrivedMs: number }[],
  { metrics, nowMs }: {
    readonly metrics: Metrics<typeof bridgeMetrics>;
    readonly nowMs: () => number;
  },
): void {
  const observe = (
    name: `wattstream_bridge_${"arrival" | "event"}_to_append_seconds`,
    sinceMs: number,
  ) => metrics.observe(name, Math.max(0, nowMs() - sinceMs) / 1000);
  const arrivedMs = messages[0]?.arrivedMs;
  if (arrivedMs !== undefined) observe("wattstream_bridge_arrival_to_append_seconds", arrivedMs);
  const dated = records.find(({ timestampS }) => timestampS !== undefined);
  if (dated !== undefined) {
    observe("wattstream_bridge_event_to_append_seconds", dated.timestampS! * 1000);
  }
}
