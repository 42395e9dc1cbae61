/** Rates and peaks of what an experiment has sampled, gaps left out. */
import type { Figure, ProcessName, Sample } from "./sampler.ts";

/** Time over which a rate is taken: a sample is late or early by some of its second. */
const RATE_S = 5;

/** A figure of a sample; null where it is not known. */
type FigureOf = (sample: Sample) => Figure;

/** A rate at each sample, of a count that only grows, over the last seconds; null where it is not known. */
export function ratesOf(samples: readonly Sample[], countOf: FigureOf): Figure[] {
  const known: { readonly elapsedS: number; readonly count: number }[] = [];
  let from = 0;
  return samples.map((sample) => {
    const { elapsedS } = sample;
    const count = countOf(sample);
    if (count === null) return null;
    known.push({ elapsedS, count });
    while (from < known.length - 2 && elapsedS - known[from + 1]!.elapsedS >= RATE_S) from++;
    const first = known[from]!;
    const seconds = elapsedS - first.elapsedS;
    return seconds === 0 ? 0 : Math.max(0, (count - first.count) / seconds);
  });
}

/** The highest of these; 0 where none is known. */
export function ratePeak(samples: readonly Sample[], countOf: FigureOf): number {
  return ratesOf(samples, countOf).reduce<number>((max, rate) => Math.max(max, rate ?? 0), 0);
}

/** The samples from the moment on at which all households publish, until one ends. */
export function samplesAtFull(samples: readonly Sample[]): Sample[] {
  const all = peak(samples, ({ households }) => households);
  const isFull = ({ households }: Sample) => households === all;
  return samples.slice(samples.findIndex(isFull), samples.findLastIndex(isFull) + 1);
}

/** The rate of a count while all households publish; null where it is not known at two moments. */
export function rateAtFull(samples: readonly Sample[], countOf: FigureOf): Figure {
  const known = samplesAtFull(samples).filter((sample) => countOf(sample) !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  return (countOf(last)! - countOf(first)!) / (last.elapsedS - first.elapsedS);
}

/** The highest figure; 0 where none is known. */
export function peak(samples: readonly Sample[], valueOf: FigureOf): number {
  return samples.reduce((max, sample) => Math.max(max, valueOf(sample) ?? 0), 0);
}

/** CPU-seconds of a process so far. */
export function cpuOf(name: ProcessName): (sample: Sample) => Figure {
  return ({ usage }) => usage[name]?.cpuS ?? null;
}
