/** The gateway's metrics. Nothing vanishes: each message has one outcome for each source that listens. */
import { PUBLICATION_KINDS } from "../../shared/answers/publication.ts";
import type { MetricTable } from "../../shared/service/metrics.ts";

/** What became of a message, for one source that listens to it. */
export const OUTCOMES = [
  /** A reading of its household. */
  "reading",
  /** A word of a device. */
  "word",
  /** Waits for other phases, or for the next value of a counter. */
  "part",
  /** The household has a reading of this second. */
  "same_second",
  /** The household has a later one. */
  "out_of_order",
  /** Nothing in it that the source reads: another shape, null, nan, unavailable. */
  "no_value",
  /** Stored by the broker: nobody knows how old it is. */
  "retained",
  /** An old value repeated, or kept by the broker and without a time that could be believed. */
  "stale",
] as const;
export type Outcome = typeof OUTCOMES[number];

export const gatewayMetrics = {
  wattstream_gateway_messages_total: {
    kind: "counter",
    help: "Messages of the local broker by what became of them, once for each source that listens",
    labels: { outcome: OUTCOMES },
  },
  wattstream_gateway_published_total: {
    kind: "counter",
    help: "Events that the uplink broker has acknowledged",
  },
  wattstream_gateway_refused_total: {
    kind: "counter",
    help: "Events that the uplink broker refused",
  },
  wattstream_gateway_dropped_total: {
    kind: "counter",
    help: "Events that are lost, since the spool was full or its disk took nothing",
  },
  wattstream_gateway_spool_events: {
    kind: "gauge",
    help: "Events in the spool that the uplink broker does not have yet",
  },
  wattstream_gateway_answers_total: {
    kind: "counter",
    help: "Answers and announcements that the local broker has acknowledged",
    labels: { kind: PUBLICATION_KINDS },
  },
  wattstream_gateway_answers_refused_total: {
    kind: "counter",
    help: "Answers and announcements that the local broker refused",
  },
  wattstream_gateway_answers_invalid_total: {
    kind: "counter",
    help: "Messages of the uplink broker that are no answers, and are passed over",
  },
  wattstream_gateway_connected: {
    kind: "gauge",
    help: "1 while connected and subscribed at the local broker",
  },
  wattstream_gateway_uplinks: {
    kind: "gauge",
    help: "Connections to the uplink broker that are up, one a user",
  },
  wattstream_gateway_households: {
    kind: "gauge",
    help: "Households in the file",
  },
} as const satisfies MetricTable;

export type GatewayMetrics = typeof gatewayMetrics;
