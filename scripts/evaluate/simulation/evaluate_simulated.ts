/** Simulated homes, of which is known what can be told at best. */
import type { BayesShares, Trace } from "../evaluated.ts";
import { type Figures, figuresOf, meanOf } from "../figures.ts";
import type { Estimate, Method } from "../methods/method.ts";
import { ours } from "../methods/ours.ts";
import type { Shown } from "../page.ts";
import { traceOf } from "../trace.ts";
import { bayesLimit, type Context } from "./bayes_limit.ts";
import { knownByLabels } from "./known_by_labels.ts";
import { simulatedHome } from "./simulated_home.ts";

/** What the Bayes limit is given of a home: what ours is given of it, and a minute. */
const CONTEXTS = {
  bayes_window: { beforeS: 7, afterS: 7 },
  bayes_minute: { beforeS: 30, afterS: 30 },
} as const satisfies Record<string, Context>;
/** And with watts no better known than the labels tell them. */
const BY_LABELS = "bayes_labels";
const TEST_S = 1_800;

/** Evaluates homes of so many devices, one for each seed. */
export function evaluateSimulated(
  methods: Readonly<Record<string, Method>>,
  { devices, seeds, labelsS }: {
    readonly devices: number;
    readonly seeds: number;
    readonly labelsS: number;
  },
): Shown {
  const found = new Map<string, Figures[]>();
  let [household, trace]: [string, Trace | undefined] = ["", undefined];
  for (let seed = 1; seed <= seeds; seed++) {
    const home = simulatedHome({ devices, seed, labelsS, testS: TEST_S });
    const { truth, labels, test } = home;
    household = test.household;
    const put = (name: string, estimate: Estimate | undefined) => {
      if (estimate === undefined) return;
      found.set(name, [...found.get(name) ?? [], figuresOf(test, 0, estimate)]);
    };
    for (const [name, method] of Object.entries(methods)) {
      const estimate = method.estimate([labels], test);
      if (method === ours && estimate !== undefined) trace ??= traceOf(test, 0, estimate);
      put(name, estimate);
    }
    for (const [name, context] of Object.entries(CONTEXTS)) {
      put(name, bayesLimit(truth, test, context));
    }
    put(BY_LABELS, bayesLimit(knownByLabels(home), test, CONTEXTS.bayes_window));
  }
  const means = Object.fromEntries([...found].map(([name, figures]) => [name, meanOf(figures)]));
  const learned = [...Object.keys(methods), BY_LABELS].filter((name) => means[name] !== undefined);
  const evaluated = {
    ...{ household, labelled_s: labelsS, test_s: TEST_S, methods: means },
    of_bayes: Object.fromEntries(learned.map((name) => [name, {
      window: shareOf(means[name]!, means.bayes_window!),
      minute: shareOf(means[name]!, means.bayes_minute!),
    }])),
  };
  return { evaluated, trace: trace! };
}

function shareOf(reached: Figures, limit: Figures): BayesShares["window"] {
  return {
    micro_f1: reached.micro_f1 / limit.micro_f1,
    exact_match: reached.exact_match / limit.exact_match,
  };
}
