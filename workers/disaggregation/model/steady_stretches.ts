/**
 * The steady stretches of a dataset: stays in one declared vector, and of their readings those that are
 * surely of it. A switch and its declaration can be a second or two apart, so that what is measured near
 * either end may be of the neighbour's vector; where it is not known how far they are apart, and power
 * does not show it, all of that is left out:
 *
 *   declared   0 1 0 │ 1 1 0  1 1 0  1 1 0  1 1 0  1 1 0 │ 0 1 0
 *   power       310  │  310    520    519    521    310  │  310
 *                        ╰─edge        kept        edge─╯
 *
 * Pure.
 */
import type { TrainingDataset } from "../../../shared/events.ts";
import { DELAY_S_MAX, DELAYS, delayShares, isAt, learnDelays, levelOf } from "./declared_delay.ts";
import { type Stay, staysOf } from "./stays.ts";

/** A reading is of a stay where all but this share of the delays say so. */
const DOUBT_MAX = 0.1;
/** So many of the steps from reading to reading are noise; those that are this much larger are not. */
const USUAL_SHARE = 0.9;
const STEP_MAX = 25;

/** Where nothing is known of delays. */
const ANY_DELAY: readonly number[] = new Array<number>(DELAYS).fill(1 / DELAYS);

/** One stay in a vector. */
export interface SteadyStretch {
  /** The declared vector, a character `0` or `1` a device. */
  readonly bits: string;
  /** How long it was declared, s. */
  readonly seconds: number;
  /** Whether the vector before it in the dataset is known: then a change led to it. */
  readonly isChange: boolean;
  /** Whether it is all edge: then one reading is kept at most, of which it is not sure whose it is. */
  readonly isShort: boolean;
  /** Power of the readings kept, W. */
  readonly powers: readonly number[];
  /** Half the mean square of the differences of neighbours, W²: the part of it that is new each time. */
  readonly newVariance: number;
}

/** The stretches of a dataset, in order, whatever the delay of its declarations. */
export function steadyStretches(dataset: TrainingDataset): SteadyStretch[] {
  const stays = staysOf(dataset);
  return stretchesOf(dataset, stays, ownReadings(dataset, stays).own);
}

/**
 * The stretches of a dataset, with what more of it is of them by what is known of delays: `counts` of
 * each, which are returned with those that the dataset shows. @param noiseW of a reading.
 */
export function stretchesByDelay(
  dataset: TrainingDataset,
  counts: readonly number[],
  noiseW: number,
): { readonly stretches: SteadyStretch[]; readonly counts: number[] } {
  const { consumption } = dataset;
  const stays = staysOf(dataset);
  const core = ownReadings(dataset, stays).own.map(({ sure }) => sure);
  const learned = learnDelays(counts, dataset, { stays, kept: core, noiseW });
  const { own, doubts } = ownReadings(dataset, stays, delayShares(learned));
  const likely = own.map(({ sure, likeliest }, stay) => {
    if (core[stay]!.length === 0) return { sure, likeliest };
    // Between two levels a meter may show what lies between them.
    const level = levelOf(consumption, core[stay]!, noiseW);
    return { sure: sure.filter((reading) => isAt(level, consumption[reading]!)), likeliest };
  });
  const kept = withSettled(likely, doubts, { consumption, noiseW });
  return { stretches: stretchesOf(dataset, stays, kept), counts: learned };
}

/** And the readings in doubt whose power is that of one stay, and not of another that it may be of. */
function withSettled(
  own: readonly OwnReadings[],
  doubts: readonly Doubt[],
  { consumption, noiseW }: {
    readonly consumption: readonly number[];
    readonly noiseW: number;
  },
): OwnReadings[] {
  const levels = own.map(({ sure }) =>
    sure.length === 0 ? undefined : levelOf(consumption, sure, noiseW)
  );
  const more = own.map((): number[] => []);
  for (const { reading, stays } of doubts) {
    const power = consumption[reading]!;
    const [stay, other] = stays.filter((each) =>
      levels[each] === undefined || isAt(levels[each], power)
    );
    if (stay === undefined || other !== undefined || levels[stay] === undefined) continue;
    more[stay]!.push(reading);
  }
  return own.map(({ sure, likeliest }, stay) => ({
    sure: [...sure, ...more[stay]!].sort((a, b) => a - b),
    likeliest,
  }));
}

/** Which readings are of a stay. */
interface OwnReadings {
  readonly sure: readonly number[];
  /** Of those that are more likely its own than another's the one of which that is most likely. */
  readonly likeliest: number | undefined;
}

/** A reading of which it is not sure whose it is. */
interface Doubt {
  readonly reading: number;
  /** Whose it may be. */
  readonly stays: readonly number[];
}

function stretchesOf(
  { timestamps, consumption }: TrainingDataset,
  stays: readonly Stay[],
  own: readonly OwnReadings[],
): SteadyStretch[] {
  return stays.map(({ bits, from, to, isChange }, stay) => {
    const { sure, likeliest } = own[stay]!;
    // Up to where the next one begins: the last second is part of it.
    const seconds = timestamps[to - 1]! - timestamps[from]! + 1;
    const isShort = sure.length === 0;
    const readings = isShort && likeliest !== undefined ? [likeliest] : sure;
    const powers = readings.map((reading) => consumption[reading]!);
    return { bits, seconds, isChange, isShort, powers, newVariance: newVarianceOf(powers) };
  });
}

/** Whose each reading is, by how likely it is that switches are declared so much later. */
function ownReadings(
  dataset: TrainingDataset,
  stays: readonly Stay[],
  delays: readonly number[] = ANY_DELAY,
): { readonly own: OwnReadings[]; readonly doubts: readonly Doubt[] } {
  const { timestamps } = dataset;
  const declaredAt = declarationsOf(dataset, stays);
  const own = stays.map(() => ({
    sure: [] as number[],
    likeliest: undefined as number | undefined,
    most: 0,
  }));
  const doubts: Doubt[] = [];
  const shares = new Map<number, number>();
  for (let reading = 0; reading < timestamps.length; reading++) {
    shares.clear();
    delays.forEach((share, index) => {
      const stay = declaredAt(timestamps[reading]! + index - DELAY_S_MAX, reading);
      if (stay !== undefined) shares.set(stay, (shares.get(stay) ?? 0) + share);
    });
    let [best, most] = [0, 0];
    for (const [stay, share] of shares) if (share > most) [best, most] = [stay, share];
    const its = own[best]!;
    if (most >= 1 - DOUBT_MAX) its.sure.push(reading);
    else doubts.push({ reading, stays: [...shares.keys()] });
    if (most > its.most) [its.likeliest, its.most] = [reading, most];
  }
  return { own, doubts };
}

/** The stay that is declared at a second near a reading; undefined where it is not known which. */
function declarationsOf(
  { timestamps }: TrainingDataset,
  stays: readonly Stay[],
): (second: number, near: number) => number | undefined {
  const stayOf = new Int32Array(timestamps.length);
  stays.forEach(({ from, to }, stay) => stayOf.fill(stay, from, to));
  return (second, near) => {
    let reading = near;
    while (reading > 0 && timestamps[reading]! > second) reading--;
    while (reading + 1 < timestamps.length && timestamps[reading + 1]! <= second) reading++;
    const [stay, next] = [stayOf[reading]!, stayOf[reading + 1] ?? stayOf[reading]!];
    if (timestamps[reading]! >= second || stay === next) return stay;
    // Somewhere in this pause it changed.
    return stays[next]!.isChange ? undefined : stayOf[near]!;
  };
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
