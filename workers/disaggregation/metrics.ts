/** Metrics of the disaggregation worker: those that every stream worker has. */
export { streamMetrics as disaggregationMetrics } from "../../shared/stream/stream_metrics.ts";
