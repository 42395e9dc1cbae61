/**
 * The bridge's metrics. Nothing vanishes: of the messages taken from the buffer, each is appended,
 * a dead letter, or a stored one that is passed over; the three add up to those received.
 */
import { MESSAGE_KINDS } from "../../shared/mqtt/topics.ts";
import type { Metrics, MetricTable } from "../../shared/service/metrics.ts";
import { BRIDGE_REFUSALS, type Verdict } from "./validate.ts";

const RECEIVED_KINDS = [...MESSAGE_KINDS, "unknown"] as const;

export const bridgeMetrics = {
  wattstream_bridge_received_total: {
    kind: "counter",
    help: "Messages taken from MQTT and settled, by what their topic says they are",
    labels: { kind: RECEIVED_KINDS },
  },
  wattstream_bridge_appended_total: {
    kind: "counter",
    help: "Messages that are in the log, by its topic",
    labels: { topic: MESSAGE_KINDS },
  },
  wattstream_bridge_dead_letters_total: {
    kind: "counter",
    help: "Messages refused that are in the dead letters",
    labels: { reason: BRIDGE_REFUSALS },
  },
  wattstream_bridge_retained_total: {
    kind: "counter",
    help: "Stored messages passed over: the broker repeats them at each subscription",
  },
  wattstream_bridge_stamped_total: {
    kind: "counter",
    help: "Events appended that had no timestamp and got their time of arrival",
  },
  wattstream_bridge_redelivered_total: {
    kind: "counter",
    help: "Messages that the broker marked as sent before (DUP); they are appended again",
  },
  wattstream_bridge_unacknowledged: {
    kind: "gauge",
    help: "QoS 1 messages taken in whose acknowledgement waits for the log",
  },
  wattstream_bridge_buffered: {
    kind: "gauge",
    help: "Messages taken in that are not in the log yet, every QoS",
  },
  wattstream_bridge_append_seconds: {
    kind: "histogram",
    help: "Duration of one append to the log, failed ones included",
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
  },
  wattstream_bridge_append_failures_total: {
    kind: "counter",
    help: "Appends that the log could not take and that are tried again",
  },
  wattstream_bridge_connected: {
    kind: "gauge",
    help: "1 while connected and subscribed at the broker",
  },
} as const satisfies MetricTable;

/** A message that has been dealt with, and the verdict on it. */
export interface Settled {
  readonly message: { readonly dup: boolean; readonly retained: boolean };
  readonly verdict: Verdict;
}

/** Counts messages that are settled: appended, in the dead letters, or passed over. */
export function addSettled(
  metrics: Metrics<typeof bridgeMetrics>,
  settled: readonly Settled[],
): void {
  const judged = settled.filter(({ message }) => !message.retained);
  const appended = judged.filter(({ verdict }) => verdict.refusal === undefined);
  for (const kind of RECEIVED_KINDS) {
    const received = settled.filter(({ verdict }) => (verdict.kind ?? "unknown") === kind);
    metrics.add("wattstream_bridge_received_total", received.length, { kind });
  }
  for (const topic of MESSAGE_KINDS) {
    const ofTopic = appended.filter(({ verdict }) => verdict.kind === topic);
    metrics.add("wattstream_bridge_appended_total", ofTopic.length, { topic });
  }
  for (const reason of BRIDGE_REFUSALS) {
    const refused = judged.filter(({ verdict }) => verdict.refusal === reason);
    metrics.add("wattstream_bridge_dead_letters_total", refused.length, { reason });
  }
  const stamped = appended.filter(({ verdict }) => verdict.isStamped);
  const redelivered = settled.filter(({ message }) => message.dup);
  metrics.add("wattstream_bridge_retained_total", settled.length - judged.length);
  metrics.add("wattstream_bridge_stamped_total", stamped.length);
  metrics.add("wattstream_bridge_redelivered_total", redelivered.length);
}
