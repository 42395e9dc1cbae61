/** What a model would have said of a dataset that it has not learned, and how right it was. Pure. */
import type { Model, TrainingDataset } from "../../../shared/events.ts";
import { devicesOn, type ReadyModel } from "./disaggregate.ts";
import type { PosteriorSmoother } from "./posterior.ts";
import { sagged } from "./sag.ts";
import { countPrediction, fadeScore, newScore, type Score, scoreOf } from "./score.ts";
import { medianOf, steadyStretches } from "./steady_stretches.ts";

/** Seconds of a dataset that are predicted, at most: its work is bounded. */
const SECONDS_MAX = 40;
/** As far as a window reaches from its middle second, s. */
const REACH_S = 7;
/** A stretch this many deviations off what its vector should take contradicts the model. */
const DEVIATIONS_MAX = 5;
/** And this share of them, of so many at least, says that the household is another. */
const CONTRADICTING_SHARE = 0.3;
const STRETCHES_MIN = 3;
/** A shorter stretch proves nothing. */
const READINGS_MIN = 3;
/** Besides, they are foretold so much worse than usually, and badly; after so many seconds, it is known what is usual. */
const WORSE = 2;
const LOG_LOSS_MIN = 0.3;
const USUAL_S_MIN = 120;

/**
 * Predicts seconds all over a dataset, those of windows within it, and counts what was right. Returns
 * the log-loss of this dataset alone; undefined where nothing was predicted.
 */
export function scoreDataset(
  score: Score,
  ready: ReadyModel,
  dataset: TrainingDataset,
  smoother: PosteriorSmoother,
): number | undefined {
  if (!ready.isOfUse) return undefined;
  const own = newScore(ready.model.devices.length);
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
    devicesOn(ready, window, index - from, smoother).forEach((estimate, device) => {
      if (estimate === undefined || devices[device]!.status !== "known") return;
      const { probability } = estimate;
      countPrediction(score, device, probability, state_bitmaps[index]![device]!);
      countPrediction(own, device, probability, state_bitmaps[index]![device]!);
    });
  }
  return scoreOf(own)?.log_loss;
}

/** How a model explains the power of declared stretches. */
export interface JudgedStretches {
  readonly stretches: number;
  /** Those of which the power is far from what their vector takes, and how far, W. */
  readonly unexplained: number;
  readonly unexplainedW: number;
}

/** Judges the stretches of a dataset by a model that has not learned from it. */
export function judgeStretches(model: Model, dataset: TrainingDataset): JudgedStretches {
  let [stretches, unexplained, unexplainedW] = [0, 0, 0];
  for (const { bits, powers } of steadyStretches(dataset)) {
    if (powers.length < READINGS_MIN) continue;
    const power = medianOf(powers);
    let [expected, variance] = [model.base, model.base_variance];
    for (const column of model.columns) {
      if (bits[column.devices[0]!] !== "1") continue;
      const { watts_deviation } = model.devices[column.devices[0]!]!;
      expected += column.watts;
      variance += column.variance + watts_deviation ** 2;
    }
    expected = sagged(expected, model.sag ?? 0);
    stretches++;
    const levels = model.vectors.find((vector) => vector.bits === bits)?.levels ?? [];
    const isExplained = [[expected, variance] as const, ...levels].some(([level, spread]) =>
      (power - level) ** 2 <= DEVIATIONS_MAX ** 2 * spread
    );
    if (isExplained) continue;
    unexplained++;
    unexplainedW += Math.abs(power - expected);
  }
  return { stretches, unexplained, unexplainedW };
}

/**
 * Whether labels contradict a model so often, and it foretold them so much worse than it used to, that
 * the household must have changed.
 */
export function isSurprising(
  { stretches, unexplained }: JudgedStretches,
  { logLoss, usual }: { readonly logLoss: number | undefined; readonly usual: Model["score"] },
): boolean {
  if (logLoss === undefined || usual === undefined || usual.seconds < USUAL_S_MIN) return false;
  if (logLoss < LOG_LOSS_MIN || logLoss < WORSE * usual.log_loss) return false;
  return stretches >= STRETCHES_MIN && unexplained >= CONTRADICTING_SHARE * stretches;
}
