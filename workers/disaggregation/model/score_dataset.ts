/** What a model would have said of a dataset that it has not learned, and how right it was. Pure. */
import type { Model, TrainingDataset } from "../../../shared/events.ts";
import { devicesOn, type ReadyModel } from "./disaggregate.ts";
import type { PosteriorSmoother } from "./posterior.ts";
import { countPrediction, fadeScore, type Score } from "./score.ts";
import { steadyStretches } from "./steady_stretches.ts";

/** Seconds of a dataset that are predicted, at most: its work is bounded. */
const SECONDS_MAX = 40;
/** As far as a window reaches from its middle second, s. */
const REACH_S = 7;
/** A stretch this many deviations off what its vector should take contradicts the model. */
const DEVIATIONS_MAX = 5;
/** And this share of them, of so many at least, says that the household is another. */
const CONTRADICTING_SHARE = 0.3;
const STRETCHES_MIN = 3;

/** Predicts seconds all over a dataset, those of windows within it, and counts what was right. */
export function scoreDataset(
  score: Score,
  ready: ReadyModel,
  dataset: TrainingDataset,
  smoother: PosteriorSmoother,
): void {
  if (!ready.isOfUse) return;
  const { timestamps, consumption, state_bitmaps } = dataset;
  const step = Math.max(1, Math.ceil(timestamps.length / SECONDS_MAX));
  const { devices } = ready.model;
  fadeScore(score, timestamps.length);
  score.seconds += timestamps.length;
  for (let index = step >> 1; index < timestamps.length; index += step) {
    let [from, to] = [index, index + 1];
    while (from > 0 && timestamps[from - 1]! >= timestamps[index]! - REACH_S) from--;
    while (to < timestamps.length && timestamps[to]! <= timestamps[index]! + REACH_S) to++;
    const window = {
      timestamps: timestamps.slice(from, to),
      consumption: consumption.slice(from, to),
    };
    devicesOn(ready, window, index - from, smoother).forEach((probability, device) => {
      if (probability === undefined || devices[device]!.status !== "known") return;
      countPrediction(score, device, probability, state_bitmaps[index]![device]!);
    });
  }
}

/** Whether labels contradict a model so often that the household must have changed. */
export function isSurprising(model: Model, dataset: TrainingDataset): boolean {
  let [stretches, contradicting] = [0, 0];
  for (const { bits, readings, power } of steadyStretches(dataset)) {
    if (readings < 3) continue;
    let [expected, variance] = [model.base, model.base_variance];
    for (const column of model.columns) {
      if (bits[column.devices[0]!] !== "1") continue;
      const { watts_deviation } = model.devices[column.devices[0]!]!;
      expected += column.watts;
      variance += column.variance + watts_deviation ** 2;
    }
    stretches++;
    if ((power - expected) ** 2 > DEVIATIONS_MAX ** 2 * variance) contradicting++;
  }
  return stretches >= STRETCHES_MIN && contradicting >= CONTRADICTING_SHARE * stretches;
}
