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
/** A reading this many spreads off the median of its stretch is none of its steady power. */
const SPREADS_MAX = 4;
/** Turns a median absolute deviation into the standard deviation of a normal distribution. */
const MAD_TO_DEVIATION = 1.4826;
/** Below this no meter's spread is believed, W. */
const SPREAD_W_MIN = 0.5;

/** One stay in a vector. */
export interface SteadyStretch {
  /** The declared vector, a character `0` or `1` a device. */
  readonly bits: string;
  /** How long it was declared, s. */
  readonly seconds: number;
  /** Whether the vector before it in the dataset is known: then a change led to it. */
  readonly isChange: boolean;
  /** Readings kept, maybe none. */
  readonly readings: number;
  /** Their mean, W; 0 where there are none. */
  readonly power: number;
  /** Their variance about the mean, W². */
  readonly variance: number;
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
    stretches.push({ bits: vectors[start]!, seconds, isChange, ...summaryOf(kept) });
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

function summaryOf(
  powers: readonly number[],
): Pick<SteadyStretch, "readings" | "power" | "variance" | "newVariance"> {
  if (powers.length === 0) return { readings: 0, power: 0, variance: 0, newVariance: 0 };
  const centre = medianOf(powers);
  const spread = MAD_TO_DEVIATION * medianOf(powers.map((power) => Math.abs(power - centre)));
  const bound = SPREADS_MAX * Math.max(spread, SPREAD_W_MIN);
  const kept = powers.filter((power) => Math.abs(power - centre) <= bound);
  let sum = 0;
  for (const power of kept) sum += power;
  const mean = sum / kept.length;
  let [squares, steps] = [0, 0];
  for (let index = 0; index < kept.length; index++) {
    squares += (kept[index]! - mean) ** 2;
    if (index > 0) steps += (kept[index]! - kept[index - 1]!) ** 2;
  }
  const degrees = Math.max(1, kept.length - 1);
  return {
    readings: kept.length,
    power: mean,
    variance: squares / degrees,
    newVariance: steps / (2 * degrees),
  };
}

/** The median; the lower one of two. */
export function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[(sorted.length - 1) >> 1]!;
}
