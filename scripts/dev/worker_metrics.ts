/** The metrics of a worker, summed over its lives: counters begin anew with each process. */
import type { Series } from "../../shared/service/metrics_text.ts";

export class CounterTotals {
  /** Of processes that have ended. */
  readonly #closed = new Map<string, number>();
  /** Of the one that lives. */
  #live = new Map<string, number>();

  /** Takes in what the living process says. A counter never goes back: answers may overtake. */
  take(series: Series): void {
    for (const [name, value] of series) {
      const isCounter = /_total(\{|$)/.test(name);
      const known = isCounter ? this.#live.get(name) ?? 0 : 0;
      this.#live.set(name, Math.max(known, value));
    }
  }

  /** The process has ended. */
  close(): void {
    for (const [name, value] of this.#live) {
      this.#closed.set(name, (this.#closed.get(name) ?? 0) + value);
    }
    this.#live = new Map();
  }

  /** A counter summed over all lives. */
  total(name: string): number {
    return (this.#closed.get(name) ?? 0) + (this.#live.get(name) ?? 0);
  }

  /** All series of a counter, whatever their labels, summed over all lives. */
  totalOf(counter: string): number {
    const names = new Set([...this.#closed.keys(), ...this.#live.keys()]);
    let sum = 0;
    for (const name of names) {
      if (name === counter || name.startsWith(`${counter}{`)) sum += this.total(name);
    }
    return sum;
  }

  /** A gauge of the living process; 0 where there is none. */
  now(name: string): number {
    return this.#live.get(name) ?? 0;
  }
}
