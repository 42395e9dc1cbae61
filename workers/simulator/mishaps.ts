/**
 * What goes wrong on the way out of a household's meter: it is offline for a while and comes back
 * with a backlog, its clock is wrong, a publication goes out twice. A pure function of its seed; draws
 * are its own, so that the household itself does the same with and without.
 *
 *   cycle         1    2    3    4    5
 *   meter        ──── offline ──────┐
 *   published                       1 2 3 4 5
 */
import type { Publication } from "./publication.ts";
import { Random } from "./random.ts";

/** Cycles that a meter keeps while it is offline; the oldest go beyond that. */
const BACKLOG_CYCLES_MAX = 10_000;

export interface MishapOptions {
  /** Share of cycles with which a meter goes offline. */
  readonly offlineProbability: number;
  /** Longest time offline, s. */
  readonly offlineTimeS: number;
  /** Share of households whose clock is wrong. */
  readonly wrongClocks: number;
  /** Most by which it is, ahead or behind, s. */
  readonly wrongClockByS: number;
  /** Share of publications that go out twice. */
  readonly duplicateProbability: number;
}

/** What leaves a meter now. */
export interface Passed {
  /** Of cycles before, at once. */
  readonly backlog: readonly Publication[];
  readonly own: readonly Publication[];
}

export class Mishaps {
  readonly #options: MishapOptions;
  readonly #random: Random;
  /** Seconds by which its clock is ahead. */
  readonly clockS: number;
  #backlog: Publication[][] = [];
  #onlineAgainS: number | undefined;

  /** @param name of the household. */
  constructor(options: MishapOptions, seed: number, name: string) {
    this.#options = options;
    this.#random = new Random(seed, `${name}/mishaps`);
    const { wrongClocks, wrongClockByS } = options;
    const isWrong = this.#random.chance(wrongClocks);
    const offS = this.#random.integer(1, Math.max(1, wrongClockByS));
    const sign = this.#random.chance(0.5) ? 1 : -1;
    this.clockS = isWrong ? sign * offS : 0;
  }

  /** Takes what the household publishes in a cycle at this second, and gives what leaves its meter. */
  pass(published: readonly Publication[], nowS: number): Passed {
    const { offlineProbability, offlineTimeS, duplicateProbability } = this.#options;
    if (offlineProbability === 0 && duplicateProbability === 0) {
      return { backlog: [], own: published };
    }
    const own = published.flatMap((each) =>
      this.#random.chance(duplicateProbability) ? [each, each] : [each]
    );
    if (this.#random.chance(offlineProbability)) {
      this.#onlineAgainS ??= nowS + this.#random.integer(1, offlineTimeS);
    }
    if (this.#onlineAgainS !== undefined && nowS < this.#onlineAgainS) {
      this.#backlog.push(own);
      if (this.#backlog.length > BACKLOG_CYCLES_MAX) this.#backlog.shift();
      return { backlog: [], own: [] };
    }
    this.#onlineAgainS = undefined;
    return { backlog: this.release(), own };
  }

  /** At the end: what is left of a backlog. */
  release(): Publication[] {
    const backlog = this.#backlog.flat();
    this.#backlog = [];
    return backlog;
  }
}
