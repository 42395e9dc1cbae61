/**
 * The numbers that the design's "Contract: semantics" leaves to flags, and what can become of a
 * record. The oracle has its own copy: it shares no code with the workers it judges.
 */
import { invariant } from "../errors.ts";

/** All in seconds of event time, but `idleTimeoutS` (stream time) and `minReadings` (a count). */
export interface Semantics {
  readonly windowS: number;
  /** Windows start at the multiples of this; at most `windowS`, so that no reading falls between. */
  readonly slideS: number;
  readonly latenessS: number;
  readonly gapS: number;
  readonly minDurationS: number;
  readonly maxSessionS: number;
  readonly idleTimeoutS: number;
  readonly maxAheadS: number;
  /** A window with fewer readings is not emitted; at least 1. */
  readonly minReadings: number;
}

export const DEFAULT_SEMANTICS: Semantics = Object.freeze({
  windowS: 15,
  slideS: 1,
  latenessS: 5,
  gapS: 5,
  minDurationS: 30,
  maxSessionS: 600,
  idleTimeoutS: 60,
  maxAheadS: 10,
  minReadings: 1,
});

/** Stream time moves by at most this from one record of a task to the next. */
export const STREAM_STEP_MS_MAX = 5_000;

/** @throws WattstreamError `invariant` when the oracle has no answer for these numbers. */
export function assertSemantics(semantics: Semantics): void {
  const { slideS, windowS, minReadings } = semantics;
  invariant(
    slideS >= 1 && slideS <= windowS,
    `slideS must be from 1 to windowS (${windowS}), it is ${slideS}`,
  );
  invariant(minReadings >= 1, `minReadings must be at least 1, it is ${minReadings}`);
}

/**
 * How many of a worker's input records became what. Each record is in exactly one of them, but
 * `partly_late`, which is counted on top of `used` or `held`.
 */
export interface Outcomes {
  used: number;
  duplicate: number;
  late: number;
  partly_late: number;
  future: number;
  /** Misplaced records included. */
  invalid: number;
  unfused: number;
  short: number;
  tick: number;
  /** At the end of the log still in an open window, second or session. */
  held: number;
}

/** Outcomes of no record at all. */
export function noOutcomes(): Outcomes {
  return {
    used: 0,
    duplicate: 0,
    late: 0,
    partly_late: 0,
    future: 0,
    invalid: 0,
    unfused: 0,
    short: 0,
    tick: 0,
    held: 0,
  };
}

/** The number of records that these outcomes account for. */
export function recordsIn(outcomes: Outcomes): number {
  const all = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  return all - outcomes.partly_late;
}

/** Adds the fields of `counts` to those of `total`. */
export function addCounts<T extends { [K in keyof T]: number }>(total: T, counts: T): void {
  for (const name of Object.keys(counts) as (keyof T)[]) {
    total[name] = (total[name] + counts[name]) as T[keyof T];
  }
}
