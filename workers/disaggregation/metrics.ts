/** Metrics of the disaggregation worker: those of every stream worker, and how good its models are. */
import type { Model } from "../../shared/events.ts";
import type { Metrics } from "../../shared/service/metrics.ts";
import { streamMetricsOf } from "../../shared/stream/stream_metrics.ts";
import {
  DATASET_TOPIC,
  DISAGGREGATED_TOPIC,
  MODELS_TOPIC,
  PREDICTIONS_TOPIC,
} from "../../shared/topics.ts";

const SHARE_BUCKETS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1];

export const disaggregationMetrics = {
  ...streamMetricsOf({
    inputs: [DATASET_TOPIC, PREDICTIONS_TOPIC],
    outputs: [DISAGGREGATED_TOPIC, MODELS_TOPIC],
  }),
  wattstream_model_micro_f1: {
    kind: "histogram",
    help: "F1 over all devices of the labels that a model foretold, of each model that is made",
    buckets: SHARE_BUCKETS,
  },
  wattstream_model_calibration_error: {
    kind: "histogram",
    help: "How far a model's probabilities were from how often they were right, of each model",
    buckets: [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1],
  },
  wattstream_model_log_loss: {
    kind: "histogram",
    help: "Mean -ln of the probability that a model gave to what was declared, of each model",
    buckets: [0.01, 0.03, 0.1, 0.3, 0.7, 1, 2, 5],
  },
} as const;

/** Adds the score of a model that is made, where it has one. */
export function observeModel(
  metrics: Metrics<typeof disaggregationMetrics>,
  { score }: Model,
): void {
  if (score === undefined) return;
  metrics.observe("wattstream_model_micro_f1", score.micro_f1);
  metrics.observe("wattstream_model_calibration_error", score.calibration_error);
  metrics.observe("wattstream_model_log_loss", score.log_loss);
}
