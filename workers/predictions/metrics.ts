/** Metrics of the predictions worker: those that every stream worker has. */
export { streamMetrics as predictionsMetrics } from "../../shared/stream/stream_metrics.ts";
