/** What makes a dataset or a window unfit to be learned or judged, beyond what its schema says. Pure. */
import type { PredictionWindow, TrainingDataset } from "../../shared/events.ts";

/**
 * Readings of more, W, are nobody's. Their squares would leave nothing of what is learned of other
 * readings, in the end not even a number: what a task could not load from its memory again.
 */
const CONSUMPTION_MAX = 1e7;

/** Undefined where there is none. */
export function datasetProblem(dataset: TrainingDataset): string | undefined {
  const { timestamps, state_bitmaps } = dataset;
  const devices = state_bitmaps[0]?.length;
  if (state_bitmaps.some((bitmap) => bitmap.length !== devices)) {
    return "state_bitmaps: expected bitmaps of one length";
  }
  return windowProblem(dataset) ?? listProblem(timestamps, state_bitmaps.length, "state_bitmaps");
}

/** Undefined where there is none. */
export function windowProblem(
  { timestamps, consumption }: Pick<PredictionWindow, "timestamps" | "consumption">,
): string | undefined {
  const problem = listProblem(timestamps, consumption.length, "consumption");
  if (problem !== undefined) return problem;
  return consumption.every((watts) => Math.abs(watts) <= CONSUMPTION_MAX)
    ? undefined
    : `consumption: expected at most ${CONSUMPTION_MAX} W`;
}

function listProblem(
  timestamps: readonly number[],
  length: number,
  field: string,
): string | undefined {
  if (timestamps.length === 0) return "timestamps: expected at least one";
  if (length !== timestamps.length) return `${field}: expected as many as timestamps`;
  for (let index = 1; index < length; index++) {
    if (timestamps[index]! <= timestamps[index - 1]!) return "timestamps: expected ascending ones";
  }
  return undefined;
}
