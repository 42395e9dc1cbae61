/** The metrics of every worker that has the log open. Kafka alone makes requests. */
import { LATENCY_BUCKETS, type Metrics, type MetricTable } from "../service/metrics.ts";
import { REQUEST_KINDS } from "./kafka/cluster/request_kinds.ts";

export const logMetrics = {
  wattstream_kafka_request_seconds: {
    kind: "histogram",
    help: "Duration of a request to a Kafka broker; a fetch or join_group waits for news",
    labels: { request: REQUEST_KINDS },
    buckets: LATENCY_BUCKETS,
  },
} as const satisfies MetricTable;

/** Takes what each request took, for `openLog`. */
export function requestObserver(
  metrics: Metrics<typeof logMetrics>,
): (request: string, tookMs: number) => void {
  return (request, tookMs) => {
    metrics.observe("wattstream_kafka_request_seconds", tookMs / 1000, { request });
  };
}
