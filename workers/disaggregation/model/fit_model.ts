/**
 * The model of a household, from what its learner keeps. What is published is rounded, and only what
 * is published is used: whoever reads the log computes the same. Pure.
 */
import type { HouseholdIdentity, Model } from "../../../shared/events.ts";
import { deviceStatuses } from "./device_status.ts";
import { COLUMNS_ALL_MAX } from "./joint_states.ts";
import type { Learner } from "./learner.ts";
import type { Level } from "./levels.ts";
import { type Score, scoreOf } from "./score.ts";
import { fitWatts, type WattsFit } from "./watts_fit.ts";

/** Bounds of the share of unseen vectors: no two days are alike, and a few visits prove nothing. */
const UNSEEN_MIN = 0.1;
const UNSEEN_MAX = 0.999;
/** What is taken for usual before anything is known, and how many stretches and loads that counts for. */
const UNDECLARED_RATE = 0.02;
const UNDECLARED_STRETCHES = 20;
const UNDECLARED_W = 150;
const UNDECLARED_LOADS = 5;
/** By so much of it a level may be off the next time: the voltage is another. */
const DRIFT_SHARE = 0.01;
/** A vector changes at least once a day, and at most every other second. */
const CHANGE_RATE_MIN = 1 / 86_400;
const CHANGE_RATE_MAX = 0.5;

/** Fits a model. */
export function fitModel(identity: HouseholdIdentity, learner: Learner, score: Score): Model {
  const fit = fitWatts(learner);
  const size = fit.columns.length + 1;
  const onRates = onRatesOf(learner, fit);
  const scored = scoreOf(score);
  const model: Model = {
    client_id: identity.client_id,
    username: identity.username,
    version: learner.version,
    trained_until: learner.trainedUntil,
    labelled_seconds: learner.labelledSeconds,
    devices: [],
    base: rounded(fit.watts[size - 1]!, 6),
    columns: fit.columns.map((devices, column) => ({
      devices: [...devices],
      watts: rounded(fit.watts[column]!, 6),
      variance: rounded(fit.variances[column]!, 4),
      on_rate: rounded(onRates[column]!, 4),
    })),
    base_variance: rounded(fit.variances[size - 1]!, 4),
    new_variance: rounded(fit.newVariance, 4),
    ...(fit.sag !== undefined && { sag: rounded(fit.sag, 6) }),
    covariance: covarianceOf(fit),
    vectors: learner.rows.map(({ bits, entries, seconds, levels }) => ({
      ...{ bits, entries: rounded(entries, 3), seconds: rounded(seconds, 3) },
      levels: levelsOf(levels, fit.newVariance),
    })),
    unseen: rounded(unseenOf(learner, fit, onRates), 4),
    change_rate: rounded(changeRateOf(learner), 4),
    undeclared: undeclaredOf(learner),
    ...(scored !== undefined && { score: scored }),
  };
  return { ...model, devices: deviceStatuses(model, learner, fit) };
}

/** A number to so many significant digits. */
function rounded(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

/** Power, variance of a reading about it, and share of each level. */
function levelsOf(levels: readonly Level[], newVariance: number): [number, number, number][] {
  const all = levels.reduce((sum, { readings }) => sum + readings, 0);
  return levels.map(({ power, visits, readings, between, within }) => {
    // Of few visits it is not known how far off the next one is; one was this far, so to say.
    const usual = newVariance + (DRIFT_SHARE * power) ** 2;
    const drift = (between + usual) / (visits + 1);
    const noise = (within + newVariance) / (readings + 1);
    const variance = Math.max(newVariance, drift + noise);
    return [rounded(power, 6), rounded(variance, 4), rounded(readings / all, 3)];
  });
}

/** More digits than of the rest: what it is used for are differences. */
function covarianceOf({ covariance, columns }: WattsFit): number[] {
  const size = Math.sqrt(covariance.length);
  const isWhole = columns.length <= COLUMNS_ALL_MAX;
  const values: number[] = [];
  for (let row = 0; row < size; row++) {
    for (let column = isWhole ? 0 : row; column <= row; column++) {
      values.push(rounded(covariance[row * size + column]!, 9));
    }
  }
  return values;
}

/**
 * How likely each column is on after a change: its own share of stretches, drawn towards that of all
 * the more alike they are (beta-binomial, by the method of moments).
 */
function onRatesOf({ onEntries, stretches }: Learner, { columns }: WattsFit): number[] {
  const rates = columns.map(([device]) => onEntries[device!]! / Math.max(stretches, 1e-9));
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / Math.max(rates.length, 1);
  const spread = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) /
    Math.max(rates.length, 1);
  const single = mean * (1 - mean);
  // By chance alone they would not be alike either, nor always by as much.
  const chance = single / Math.max(stretches, 1) * (1 + Math.sqrt(2 / Math.max(rates.length, 1)));
  const excess = spread - chance;
  const strength = excess <= 0 ? 200 : Math.min(200, Math.max(1, (single - spread) / excess));
  return rates.map((rate) => {
    const drawn = (rate * stretches + mean * strength) / (stretches + strength);
    return Math.min(0.999, Math.max(0.001, drawn));
  });
}

/**
 * Probability that the next vector was not seen before: the share of those seen once (Good–Turing), and
 * beside all visits one as it would be by chance.
 */
function unseenOf(
  { rows }: Learner,
  { columns }: WattsFit,
  onRates: readonly number[],
): number {
  let [once, all, seenByChance] = [0, 0, 0];
  for (const { bits, entries } of rows) {
    all += entries;
    if (entries < 1.5) once += Math.min(1, entries);
    let share = 1;
    columns.forEach(([device], column) =>
      share *= bits[device!] === "1" ? onRates[column]! : 1 - onRates[column]!
    );
    seenByChance += share;
  }
  const unseen = (once + 1 - seenByChance) / (all + 1);
  return Math.min(UNSEEN_MAX, Math.max(UNSEEN_MIN, unseen));
}

/** By the stretches that no model has explained, with what is usual in homes as long as these are few. */
function undeclaredOf({ judged, unexplained, unexplainedW }: Learner): Model["undeclared"] {
  const rate = (unexplained + UNDECLARED_RATE * UNDECLARED_STRETCHES) /
    (judged + UNDECLARED_STRETCHES);
  const watts = (unexplainedW + UNDECLARED_W * UNDECLARED_LOADS) /
    (unexplained + UNDECLARED_LOADS);
  return { rate: rounded(Math.min(0.5, rate), 3), watts: rounded(watts, 3) };
}

function changeRateOf({ changes, seconds }: Learner): number {
  const rate = (changes + 0.5) / (seconds + 60);
  return Math.min(CHANGE_RATE_MAX, Math.max(CHANGE_RATE_MIN, rate));
}
