/** Latencies in whole ms, counted: any number of them takes no more than their range does. */

/** Percentiles in ms by nearest rank; null where there is no sample. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export class Latencies {
  readonly #counts = new Map<number, number>();
  #count = 0;

  /** Of samples. */
  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    this.#counts.set(ms, (this.#counts.get(ms) ?? 0) + 1);
    this.#count++;
  }

  get percentiles(): Percentiles {
    return { p50: this.#at(50), p95: this.#at(95), p99: this.#at(99) };
  }

  /** The longest; null where there is none. */
  get msMax(): number | null {
    return this.#at(100);
  }

  #at(percentile: number): number | null {
    let rank = Math.ceil(percentile * this.#count / 100);
    for (const [ms, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      rank -= count;
      if (rank <= 0) return ms;
    }
    return null;
  }
}
