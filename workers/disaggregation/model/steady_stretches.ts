/**
 * The steady stretches of a dataset: seconds in a row with one declared vector. A switch and its
 * declaration can be a second or two apart, so that what is measured near either end may be of the
 * neighbour's vector, and is left out:
 *
 *   declared   0 1 0 │ 1 1 0  1 1 0  1 1 0  1 1 0  1 1 0 │ 0 1 0
 *   power       310  │  310    520    519    521    310  │  310
 *                        ╰─edge        kept        edge─╯
 *
 * Pure.
 */
import type { TrainingDataset } from "../../../shared/events.ts";

/** How far from an end of a stretch a reading may be of another vector, s. */
const EDGE_S = 2;
/** A pause this long ends a stretch, s. */
const PAUSE_S = 30;
/** So many of the steps from reading to reading are noise; those that are this much larger are not. */
const USUAL_SHARE = 0.9;
const STEP_MAX = 25;

/** One stay in a vector. */
export interface SteadyStretch {
  /** The declared vector, a character `0` or `1` a device. */
  readonly bits: string;
  /** How long it was declared, s. */
  readonly seconds: number;
  /** Whether the vector before it in the dataset is known: then a change led to it. */
  readonly isChange: boolean;
  /** Whether it is all edge: then one reading is kept, of which it is not sure whose it is. */
  readonly isShort: boolean;
  /** Power of the readings kept, W, at least one. */
  readonly powers: readonly number[];
  /** Half the mean square of the differences of neighbours, W²: the part of it that is new each time. */
  readonly newVariance: number;
}

/** The stretches of a dataset, in order. */
export function steadyStretches(dataset: TrainingDataset): SteadyStretch[] {
  const { timestamps, consumption, state_bitmaps } = dataset;
  const vectors = state_bitmaps.map(bitsOf);
  const stretches: SteadyStretch[] = [];
  for (let start = 0; start < timestamps.length;) {
    let end = start + 1;
    while (
      end < timestamps.length && vectors[end] === vectors[start] &&
      timestamps[end]! - timestamps[end - 1]! <= PAUSE_S
    ) end++;
    const isChange = start > 0 && vectors[start] !== vectors[start - 1];
    const first = timestamps[start]!;
    // Up to where the next one begins: the last second is part of it.
    const last = timestamps[end - 1]!;
    const seconds = last - first + 1;
    const from = isChange ? first + EDGE_S : first;
    const to = end < timestamps.length ? last - EDGE_S : last;
    const kept: number[] = [];
    for (let index = start; index < end; index++) {
      const second = timestamps[index]!;
      if (second >= from && second <= to) kept.push(consumption[index]!);
    }
    // Of one that is all edge, what is furthest from its ends.
    const isShort = kept.length === 0;
    if (isShort) kept.push(consumption[(start + end - 1) >> 1]!);
    stretches.push({
      ...{ bits: vectors[start]!, seconds, isChange, isShort },
      ...{ powers: kept, newVariance: newVarianceOf(kept) },
    });
    start = end;
  }
  return stretches;
}

/** A bitmap as text, a character a device. */
export function bitsOf(bitmap: readonly boolean[]): string {
  let bits = "";
  for (const isOn of bitmap) bits += isOn ? "1" : "0";
  return bits;
}

/** Half the mean square of the steps from one to the next, but for those that are no noise. */
function newVarianceOf(powers: readonly number[]): number {
  const squares = new Float64Array(Math.max(0, powers.length - 1));
  for (let index = 1; index < powers.length; index++) {
    squares[index - 1] = (powers[index]! - powers[index - 1]!) ** 2;
  }
  squares.sort();
  const smaller = squares.subarray(0, Math.ceil(USUAL_SHARE * squares.length));
  const bound = STEP_MAX * meanOf(smaller);
  return meanOf(squares.filter((square) => square <= bound)) / 2;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}

/** The median; the lower one of two. */
export function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[(sorted.length - 1) >> 1]!;
}
