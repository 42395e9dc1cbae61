/** How well labels are predicted before they are learned: fading sums, and what is published of them. Pure. */
import type { Model } from "../../../shared/events.ts";

/** After so many predicted seconds what is old counts half. */
const HALF_LIFE_S = 600;
const BIN_COUNT = 10;
/** No probability counts as surer than this. */
const PROBABILITY_MIN = 1e-3;

/** The sums, of all seconds and devices predicted. */
export interface Score {
  seconds: number;
  predictions: number;
  logLoss: number;
  /** By device, and in threes: on and predicted, only predicted, only on. */
  hits: number[];
  /** By tenth of the probability of being on: predictions, their probabilities, and how many were on. */
  bins: number[];
}

export function newScore(deviceCount: number): Score {
  return {
    ...{ seconds: 0, predictions: 0, logLoss: 0 },
    hits: new Array<number>(3 * deviceCount).fill(0),
    bins: new Array<number>(3 * BIN_COUNT).fill(0),
  };
}

/** Makes what is known count less, as after so many more seconds. */
export function fadeScore(score: Score, seconds: number): void {
  const factor = 0.5 ** (seconds / HALF_LIFE_S);
  score.seconds *= factor;
  score.predictions *= factor;
  score.logLoss *= factor;
  score.hits = score.hits.map((value) => value * factor);
  score.bins = score.bins.map((value) => value * factor);
}

/** Counts one device's prediction at one second. */
export function countPrediction(
  score: Score,
  device: number,
  probability: number,
  isOn: boolean,
): void {
  const bounded = Math.min(1 - PROBABILITY_MIN, Math.max(PROBABILITY_MIN, probability));
  score.predictions++;
  score.logLoss -= Math.log(isOn ? bounded : 1 - bounded);
  const isPredicted = probability >= 0.5;
  if (isOn && isPredicted) score.hits[3 * device]!++;
  else if (isPredicted) score.hits[3 * device + 1]!++;
  else if (isOn) score.hits[3 * device + 2]!++;
  const bin = Math.min(BIN_COUNT - 1, Math.floor(BIN_COUNT * probability));
  score.bins[3 * bin]!++;
  score.bins[3 * bin + 1]! += probability;
  if (isOn) score.bins[3 * bin + 2]!++;
}

/** What is published; undefined while nothing was predicted. */
export function scoreOf(score: Score): Model["score"] {
  if (score.predictions === 0) return undefined;
  const { seconds, predictions, logLoss, hits, bins } = score;
  const sums = [0, 0, 0];
  hits.forEach((value, index) => sums[index % 3]! += value);
  let distance = 0;
  for (let bin = 0; bin < BIN_COUNT; bin++) {
    distance += Math.abs(bins[3 * bin + 1]! - bins[3 * bin + 2]!);
  }
  return {
    seconds: Math.round(seconds),
    log_loss: thousandth(logLoss / predictions),
    micro_f1: thousandth(f1Of(sums[0]!, sums[1]!, sums[2]!) ?? 0),
    calibration_error: thousandth(distance / predictions),
    f1: Array.from({ length: hits.length / 3 }, (_, device) => {
      const f1 = f1Of(hits[3 * device]!, hits[3 * device + 1]!, hits[3 * device + 2]!);
      return f1 === null ? null : thousandth(f1);
    }),
  };
}

function f1Of(both: number, predicted: number, on: number): number | null {
  const all = 2 * both + predicted + on;
  return all === 0 ? null : 2 * both / all;
}

function thousandth(value: number): number {
  return Math.min(1e6, Math.round(value * 1000) / 1000);
}
