/** The predictions worker: `power` → windows, exactly once. */
import type { WorkerProgram } from "../../shared/service/program.ts";
import { runStreamWorker, type StreamEnvironment } from "../../shared/stream/stream_worker.ts";
import { PREDICTIONS_GROUP } from "../../shared/topics.ts";
import { predictionsConfig } from "./config.ts";
import { predictionsCore } from "./core.ts";
import { predictionsMetrics } from "./metrics.ts";

export function predictionsProgram(
  environment: StreamEnvironment,
): WorkerProgram<typeof predictionsConfig, typeof predictionsMetrics> {
  return {
    name: PREDICTIONS_GROUP,
    summary: "turns readings into sliding windows of each household",
    config: predictionsConfig,
    metrics: predictionsMetrics,
    run: (context) => runStreamWorker(predictionsCore(context.config), context, environment),
  };
}
