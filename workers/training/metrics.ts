/** Metrics of the training worker: those that every stream worker has. */
export { streamMetrics as trainingMetrics } from "../../shared/stream/stream_metrics.ts";
