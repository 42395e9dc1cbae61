/**
 * What can be judged of a log whose oldest records have been removed. With A the newest append time
 * at which one of its topics begins now, every event later than A + `max-ahead` is still there, and
 * what closed windows or households before that had no later event either. So:
 *
 *   removed │ A      H = A + max-ahead + 2
 *   ────────┼────────┼──────────────────────▶ event time
 *                    └─ windows that start here or later, and sessions that begin after a gap here
 */
import {
  decodeEvent,
  predictionWindowSchema,
  type TrainingDataset,
  trainingDatasetSchema,
} from "../events.ts";
import type { LogRecord, TopicDescription } from "../log/log.ts";
import type { ActualOutputs } from "./compare.ts";
import { householdOf } from "./entries.ts";
import type { ExpectedPredictions, ExpectedTraining } from "./oracle.ts";
import type { Semantics } from "./semantics.ts";

/** The records of a topic that are compared, and the topic. */
interface Held {
  readonly topic: TopicDescription;
  /** By partition, as many as are compared together. */
  readonly records: readonly (readonly LogRecord[])[];
  readonly partitions: readonly number[];
}

export interface Outputs {
  readonly expected: {
    readonly predictions: ExpectedPredictions;
    readonly training: ExpectedTraining;
  };
  readonly actual: ActualOutputs;
}

/** The event time from which on outputs can be judged, s; -Infinity where nothing was removed. */
export function horizonOf(held: readonly Held[], { maxAheadS }: Semantics): number {
  let horizonS = -Infinity;
  for (const { topic, records, partitions } of held) {
    partitions.forEach((partition, index) => {
      if (topic.partitions[partition]!.startOffset === 0) return;
      const first = records[index]![0];
      const beginS = first === undefined ? Infinity : Math.ceil(first.appendMs / 1000);
      horizonS = Math.max(horizonS, beginS + maxAheadS + 2);
    });
  }
  return horizonS;
}

/** The part of the outputs that can be judged. */
export function judgeable(outputs: Outputs, horizonS: number, { gapS }: Semantics): Outputs {
  if (horizonS === -Infinity) return outputs;
  const { expected: { predictions, training }, actual } = outputs;
  const windows = predictions.windows.filter(({ window }) => window.window_start >= horizonS);
  const begins = firstBegins(training.datasets, horizonS, gapS);
  const isJudged = (dataset: TrainingDataset) =>
    dataset.session_start >= (begins.get(householdOf(dataset)) ?? Infinity);
  const datasets = training.datasets.filter(isJudged);
  const seconds = datasets.reduce((sum, { timestamps }) => sum + timestamps.length, 0);
  const fused = { fusedExpected: seconds, fusedReached: seconds, fusedShort: 0 };
  return {
    expected: {
      predictions: { ...predictions, windows },
      training: { ...training, datasets, ...fused },
    },
    actual: {
      predictions: actual.predictions.filter(({ value }) => {
        const decoded = decodeEvent(predictionWindowSchema, value);
        return !decoded.ok || decoded.event.window_start >= horizonS;
      }),
      datasets: actual.datasets.filter(({ value }) => {
        const decoded = decodeEvent(trainingDatasetSchema, value);
        return !decoded.ok || isJudged(decoded.event);
      }),
    },
  };
}

/**
 * By household, where its first session begins that begins after a gap, and so whatever was before:
 * one that goes on from another may have been cut elsewhere than the oracle, which has not seen its
 * beginning, would cut it.
 */
function firstBegins(
  datasets: readonly TrainingDataset[],
  horizonS: number,
  gapS: number,
): Map<string, number> {
  const begins = new Map<string, number>();
  const lastEnds = new Map<string, number>();
  for (const dataset of datasets) {
    const household = householdOf(dataset);
    const { session_start: start, session_end: end } = dataset;
    const isAfterGap = start - (lastEnds.get(household) ?? -Infinity) > gapS;
    lastEnds.set(household, end);
    if (isAfterGap && start > horizonS + gapS && !begins.has(household)) {
      begins.set(household, start);
    }
  }
  return begins;
}
