/** Metrics of the publisher: those that every stream worker has, and its side of the broker. */
import { PUBLICATION_KINDS } from "../../shared/answers/publication.ts";
import type { MetricTable } from "../../shared/service/metrics.ts";
import { streamMetricsOf } from "../../shared/stream/stream_metrics.ts";
import { DISAGGREGATED_TOPIC, HOUSEHOLD_TOPIC, MODELS_TOPIC } from "../../shared/topics.ts";

export const publisherMetrics = {
  ...streamMetricsOf({
    inputs: [DISAGGREGATED_TOPIC, HOUSEHOLD_TOPIC, MODELS_TOPIC],
    outputs: [],
  }),
  wattstream_publisher_published_total: {
    kind: "counter",
    help: "Publications that the broker has acknowledged",
    labels: { kind: PUBLICATION_KINDS },
  },
  wattstream_publisher_refused_total: {
    kind: "counter",
    help: "Publications that the broker has refused",
  },
  wattstream_publisher_waiting_households: {
    kind: "gauge",
    help: "Households of which something newer is known than the broker has",
  },
  wattstream_publisher_connected: { kind: "gauge", help: "1 while connected to the broker" },
} as const satisfies MetricTable;

export type PublisherMetrics = typeof publisherMetrics;
