/**
 * The bridge's metrics. Nothing vanishes: each message that is settled is appended, a dead letter, a
 * stored one that is passed over, another bridge's, or dropped; these add up to those received.
 */
import { logMetrics } from "../../shared/log/log_metrics.ts";
import { MESSAGE_KINDS } from "../../shared/mqtt/topics.ts";
import { LATENCY_BUCKETS, type MetricTable } from "../../shared/service/metrics.ts";
import { BRIDGE_REFUSALS } from "../../shared/mqtt/validate.ts";

export const RECEIVED_KINDS = [...MESSAGE_KINDS, "unknown"] as const;

/** Why a message can be lost while the log does not take it: of QoS 0, but for a damaged spool. */
export const DROP_REASONS = [
  /** There is no spool, and the buffer is full. */
  "buffer_full",
  /** The spool holds as much as it may. */
  "spool_full",
  /** The spool's disk takes nothing. */
  "spool_failed",
] as const;
export type DropReason = typeof DROP_REASONS[number];

/** How the bridge's session at the broker can get lost. */
export const SESSION_LOSSES = [
  /** The broker does not have it any more. */
  "lost",
  /** Another client has connected under our client id. */
  "taken",
] as const;
export type SessionLoss = typeof SESSION_LOSSES[number];

export const bridgeMetrics = {
  wattstream_bridge_received_total: {
    kind: "counter",
    help:
      "Messages taken from MQTT and settled, by what their topic says they are; an array counts as its events",
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
  wattstream_bridge_other_share_total: {
    kind: "counter",
    help: "Messages of households that another bridge takes (--share)",
  },
  wattstream_bridge_dropped_total: {
    kind: "counter",
    help:
      "Messages of QoS 0 that are lost, since neither log, spool nor buffer took them; and what a damaged file of the spool held",
    labels: { reason: DROP_REASONS },
  },
  wattstream_bridge_stamped_total: {
    kind: "counter",
    help: "Events appended that had no timestamp and got their time of arrival",
  },
  wattstream_bridge_clock_unset_total: {
    kind: "counter",
    help: "Events appended whose clock said less than 2001 and that got their time of arrival",
  },
  wattstream_bridge_redelivered_total: {
    kind: "counter",
    help: "Messages that the broker marked as sent before (DUP); they are appended again",
  },
  wattstream_bridge_unacknowledged: {
    kind: "gauge",
    help:
      "QoS 1 messages taken in whose acknowledgement waits for the log, or for the spool's disk",
  },
  wattstream_bridge_buffered: {
    kind: "gauge",
    help: "Messages in memory that are not in the log yet, every QoS",
  },
  wattstream_bridge_spooled_total: {
    kind: "counter",
    help: "Messages written to the spool, of every QoS",
  },
  wattstream_bridge_spool_messages: {
    kind: "gauge",
    help: "Messages in the spool that are not in the log yet",
  },
  wattstream_bridge_spool_bytes: {
    kind: "gauge",
    help: "Bytes of the spool's files",
  },
  wattstream_bridge_spool_max_bytes: {
    kind: "gauge",
    help: "Bytes that the spool may hold (--spool-bytes); 0 where there is none",
  },
  wattstream_bridge_spool_oldest_seconds: {
    kind: "gauge",
    help: "Since the arrival of the oldest message in the spool; 0 where it is empty",
  },
  wattstream_bridge_append_seconds: {
    kind: "histogram",
    help: "Duration of one append to the log, failed ones included",
    buckets: LATENCY_BUCKETS,
  },
  wattstream_bridge_arrival_to_append_seconds: {
    kind: "histogram",
    help: "From the arrival of the oldest message of an append until the log has it",
    buckets: LATENCY_BUCKETS,
  },
  wattstream_bridge_event_to_append_seconds: {
    kind: "histogram",
    help:
      "From the second that the first event of an append is dated until the log has it; up to 1 s is rounding",
    buckets: LATENCY_BUCKETS,
  },
  wattstream_bridge_append_failures_total: {
    kind: "counter",
    help: "Appends that the log could not take and that are tried again",
  },
  wattstream_bridge_connected: {
    kind: "gauge",
    help: "1 while connected and subscribed at the broker",
  },
  wattstream_bridge_reconnects_total: {
    kind: "counter",
    help: "Times that the bridge was connected and subscribed again",
  },
  wattstream_bridge_session_lost_total: {
    kind: "counter",
    help: "Times that the broker had no session where one was, or that another client took it",
    labels: { how: SESSION_LOSSES },
  },
  wattstream_bridge_broker_dropped_total: {
    kind: "counter",
    help:
      "Messages that the broker says it dropped, for us or for another client that was away or slow",
  },
  ...logMetrics,
} as const satisfies MetricTable;
