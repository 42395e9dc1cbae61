/** The disaggregation worker: datasets and windows → models and device states, exactly once. */
import type { WorkerProgram } from "../../shared/service/program.ts";
import { runStreamWorker, type StreamEnvironment } from "../../shared/stream/stream_worker.ts";
import { DISAGGREGATION_GROUP } from "../../shared/topics.ts";
import type { Model } from "../../shared/events.ts";
import { disaggregationConfig } from "./config.ts";
import { disaggregationCore } from "./core.ts";
import { openNetwork } from "./network/network.ts";
import { disaggregationMetrics, observeModel } from "./metrics.ts";

export function disaggregationProgram(
  environment: StreamEnvironment,
): WorkerProgram<typeof disaggregationConfig, typeof disaggregationMetrics> {
  return {
    name: DISAGGREGATION_GROUP,
    summary: "learns each household's devices from datasets, and says of each window which are on",
    config: disaggregationConfig,
    metrics: disaggregationMetrics,
    async run(context) {
      // Nothing is ever open here that a tick would have to close.
      const config = { ...context.config, quietTimeoutMs: Infinity };
      const { model, modelRuntime } = config;
      const network = model === undefined ? undefined : await openNetwork(model, modelRuntime);
      const learned = (model: Model) => observeModel(context.metrics, model);
      try {
        await runStreamWorker(
          disaggregationCore(learned, network),
          { ...context, config },
          environment,
        );
      } finally {
        network?.close();
      }
    },
  };
}
