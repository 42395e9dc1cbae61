/** The two jobs that are measured, ours and those of peers: which topics they read and write. */
import {
  DATASET_TOPIC,
  DEVICE_STATE_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_GROUP,
  PREDICTIONS_TOPIC,
  TRAINING_GROUP,
} from "../../shared/topics.ts";

export type Job = "windows" | "training";

export const JOBS = {
  windows: { worker: PREDICTIONS_GROUP, inputs: [POWER_TOPIC], output: PREDICTIONS_TOPIC },
  training: {
    worker: TRAINING_GROUP,
    inputs: [DEVICE_STATE_TOPIC, POWER_TOPIC],
    output: DATASET_TOPIC,
  },
} as const;

export const JOB_NAMES: readonly Job[] = ["windows", "training"];
