/** The training worker: `power` and `device-state` → labelled datasets, exactly once. */
import type { WorkerProgram } from "../../shared/service/program.ts";
import { runStreamWorker, type StreamEnvironment } from "../../shared/stream/stream_worker.ts";
import { TRAINING_GROUP } from "../../shared/topics.ts";
import { trainingConfig } from "./config.ts";
import { trainingCore } from "./core.ts";
import { trainingMetrics } from "./metrics.ts";

export function trainingProgram(
  environment: StreamEnvironment,
): WorkerProgram<typeof trainingConfig, typeof trainingMetrics> {
  return {
    name: TRAINING_GROUP,
    summary: "turns stretches of known power and device states into datasets",
    config: trainingConfig,
    metrics: trainingMetrics,
    run: (context) => runStreamWorker(trainingCore(context.config), context, environment),
  };
}
