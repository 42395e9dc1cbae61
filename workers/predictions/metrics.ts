/** Metrics of the predictions worker: those that every stream worker has. */
import { streamMetricsOf } from "../../shared/stream/stream_metrics.ts";
import { POWER_TOPIC, PREDICTIONS_TOPIC } from "../../shared/topics.ts";

export const predictionsMetrics = streamMetricsOf({
  inputs: [POWER_TOPIC],
  outputs: [PREDICTIONS_TOPIC],
});
