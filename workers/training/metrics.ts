/** Metrics of the training worker: those that every stream worker has. */
import { streamMetricsOf } from "../../shared/stream/stream_metrics.ts";
import { DATASET_TOPIC, DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";

export const trainingMetrics = streamMetricsOf({
  inputs: [DEVICE_STATE_TOPIC, POWER_TOPIC],
  outputs: [DATASET_TOPIC],
});
