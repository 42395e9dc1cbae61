/** What is evaluated: a way to tell devices from power, learned from labels. */
import type { TrainingDataset } from "../../../shared/events.ts";

/** Power as it is read, ascending. */
export interface Readings {
  readonly timestamps: Int32Array;
  /** W. */
  readonly powerW: Float64Array;
}

/** For each reading and device, one behind the other. */
export interface Estimate {
  /** Probability that it is on. */
  readonly on: Float64Array;
  /** Expected watts. */
  readonly watts: Float64Array;
  /** Of each device whether its probability is told to anyone; without it, of all. */
  readonly isTold?: readonly boolean[];
}

export interface Method {
  /** Undefined where it cannot be computed, with so many devices say. */
  estimate(labels: readonly TrainingDataset[], readings: Readings): Estimate | undefined;
}
