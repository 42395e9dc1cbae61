/** What is found of one recording, or of simulated homes: what is printed and written. */
import type { Figures } from "./figures.ts";

export interface Evaluated {
  readonly household: string;
  readonly labelled_s: number;
  readonly test_s: number;
  readonly methods: Readonly<Record<string, Figures>>;
  /** What share of the Bayes limit each method reaches; of simulated homes. */
  readonly of_bayes?: Readonly<Record<string, BayesShares>>;
}

/** By the context of the limit: what the worker is given of a home, or a minute. */
export interface BayesShares {
  readonly window: BayesShare;
  readonly minute: BayesShare;
}

interface BayesShare {
  readonly micro_f1: number;
  readonly exact_match: number;
}

/** How the test went by the worker's model, for the choice of labels by the first seed. */
export interface Trace {
  /** Since the test began, s of the recording; of the readings whose states are known. */
  readonly timesS: readonly number[];
  readonly powerW: readonly number[];
  readonly devices: readonly {
    readonly name: string;
    /** 1 where it is on, else 0. */
    readonly on: readonly number[];
    readonly probability: readonly number[];
  }[];
}
