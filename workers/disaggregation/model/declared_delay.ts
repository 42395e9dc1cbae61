/**
 * How late switches are declared. People and plugs declare a second or two after what they declare, or
 * before it; in one household it is mostly the same. Where power is seen to switch from the level of
 * one stay to that of the next, it is known between which readings that was, and so how far at least
 * and at most it lies from the declaration:
 *
 *   declared   0 1 0   0 1 0   0 1 0 │ 1 1 0   1 1 0
 *   power       310     309  │  520     519     521
 *                            ╰─ late ╯
 *
 * Pure.
 */
import type { TrainingDataset } from "../../../shared/events.ts";
import type { Stay } from "./stays.ts";

/** The furthest that a switch and its declaration are apart, s. */
export const DELAY_S_MAX = 2;
export const DELAYS = 2 * DELAY_S_MAX + 1;
/** How often each delay counts as seen before any is: most declare at once. */
const DELAY_PRIOR = [0.05, 0.1, 0.2, 0.1, 0.05];
/** Readings that a level is known by, and deviations of one by which two levels are told apart. */
const READINGS_MIN = 3;
const DEVIATIONS_MIN = 6;
/** A reading further off is not of a level. */
const NEAR_DEVIATIONS = 4;
const ROUNDS = 200;

/** How likely each delay is, from the earliest to the latest. @param counts how often each was seen. */
export function delayShares(counts: readonly number[]): number[] {
  const seen = counts.map((count, delay) => count + DELAY_PRIOR[delay]!);
  const all = seen.reduce((sum, each) => sum + each);
  return seen.map((each) => each / all);
}

/**
 * The counts with what a dataset shows (expectation–maximisation).
 * @param kept of each stay, its readings that are surely its own. @param noiseW of a reading.
 */
export function learnDelays(
  counts: readonly number[],
  dataset: TrainingDataset,
  { stays, kept, noiseW }: {
    readonly stays: readonly Stay[];
    readonly kept: readonly (readonly number[])[];
    readonly noiseW: number;
  },
): number[] {
  const seen: number[][] = [];
  for (let stay = 1; stay < stays.length; stay++) {
    if (!stays[stay]!.isChange) continue;
    const pair = { before: kept[stay - 1]!, after: kept[stay]!, first: stays[stay]!.from, noiseW };
    const ways = waysOf(dataset, pair);
    if (ways !== undefined) seen.push(ways);
  }
  let learned = [...counts];
  for (let round = 0; round < ROUNDS; round++) {
    const shares = delayShares(learned);
    learned = [...counts];
    for (const ways of seen) {
      const all = ways.reduce((sum, each, delay) => sum + each * shares[delay]!, 0);
      ways.forEach((each, delay) => learned[delay]! += each * shares[delay]! / all);
    }
  }
  return learned;
}

/** In how many ways each delay leads to what was read and declared; undefined where that is not seen. */
function waysOf(
  { timestamps, consumption }: TrainingDataset,
  { before, after, first, noiseW }: {
    readonly before: readonly number[];
    readonly after: readonly number[];
    /** The first reading with the new declaration. */
    readonly first: number;
    readonly noiseW: number;
  },
): number[] | undefined {
  if (before.length < READINGS_MIN || after.length < READINGS_MIN) return undefined;
  const [old, next] = [levelOf(consumption, before, noiseW), levelOf(consumption, after, noiseW)];
  if (Math.abs(next.powerW - old.powerW) < DEVIATIONS_MIN * Math.max(old.noiseW, next.noiseW)) {
    return undefined;
  }
  const [last, end] = [before.at(-1)!, after[0]!];
  let [squares, least, switched] = [0, 0, last + 1];
  for (let reading = last + 1; reading < end; reading++) {
    const power = consumption[reading]!;
    // Of neither: it does not show when it switched.
    if (!isAt(old, power) && !isAt(next, power)) return undefined;
    squares += (power - old.powerW) ** 2 - (power - next.powerW) ** 2;
    if (squares < least) [least, switched] = [squares, reading + 1];
  }
  const ways = new Array<number>(DELAYS).fill(0);
  for (let declared = timestamps[first - 1]! + 1; declared <= timestamps[first]!; declared++) {
    for (let at = timestamps[switched - 1]! + 1; at <= timestamps[switched]!; at++) {
      const delay = declared - at;
      if (Math.abs(delay) <= DELAY_S_MAX) ways[delay + DELAY_S_MAX]!++;
    }
  }
  return ways.some((each) => each > 0) ? ways : undefined;
}

/** What is read of a stay, and how far a reading is off it. */
export interface StayLevel {
  readonly powerW: number;
  readonly noiseW: number;
}

export function levelOf(
  consumption: readonly number[],
  readings: readonly number[],
  noiseW: number,
): StayLevel {
  const mean = (value: (power: number) => number) =>
    readings.reduce((sum, reading) => sum + value(consumption[reading]!), 0) / readings.length;
  const powerW = mean((power) => power);
  return { powerW, noiseW: Math.max(noiseW, Math.sqrt(mean((power) => (power - powerW) ** 2))) };
}

export function isAt({ powerW, noiseW }: StayLevel, power: number): boolean {
  return Math.abs(power - powerW) <= NEAR_DEVIATIONS * noiseW;
}
