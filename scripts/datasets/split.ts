/**
 * A split by time: each household's earliest rows are for training, its latest for the test.
 *
 *   rows by event time  ├──────── 70 % ────────┼─ 15 % ─┼─ 15 % ─┤
 *                             train        cut  valid.  cut  test
 */

/** Buckets of a {@link TimeHistogram}: a cut is right to one of so many. */
const BUCKETS_MAX = 4096;

/** Names of the parts by their number. */
export function partNames(partCount: number): readonly string[] {
  return partCount === 2 ? ["train", "test"] : ["train", "validation", "test"];
}

/**
 * How many rows there are by event time, in bounded memory: in seconds at first; whenever the span
 * becomes too long for that, neighbours are put together.
 */
export class TimeHistogram {
  #widthS = 1;
  #counts = new Map<number, number>();
  #rows = 0;

  add(second: number): void {
    const bucket = Math.floor(second / this.#widthS);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#rows++;
    while (this.#counts.size > BUCKETS_MAX) this.#widen();
  }

  #widen(): void {
    this.#widthS *= 2;
    const wider = new Map<number, number>();
    for (const [bucket, count] of this.#counts) {
      const to = Math.floor(bucket / 2);
      wider.set(to, (wider.get(to) ?? 0) + count);
    }
    this.#counts = wider;
  }

  /** The seconds before which these shares (percent) of the rows stand, one fewer than shares. */
  cuts(shares: readonly number[]): number[] {
    const buckets = [...this.#counts].sort(([a], [b]) => a - b);
    const cuts: number[] = [];
    let wanted = 0;
    let index = 0;
    let before = 0;
    for (const share of shares.slice(0, -1)) {
      wanted += share / 100 * this.#rows;
      while (index < buckets.length && before + buckets[index]![1] <= wanted) {
        before += buckets[index++]![1];
      }
      cuts.push((buckets[index]?.[0] ?? 0) * this.#widthS);
    }
    return cuts;
  }
}

/** The part of what is about `[startS, endS)`; undefined where a cut goes through it. */
export function partOf(cuts: readonly number[], startS: number, endS: number): number | undefined {
  const first = cuts.filter((cut) => cut <= startS).length;
  return cuts.every((cut) => cut <= startS || cut >= endS) ? first : undefined;
}
