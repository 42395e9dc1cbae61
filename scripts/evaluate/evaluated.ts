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
