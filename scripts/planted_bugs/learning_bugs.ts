/** Bugs of the disaggregation worker that its law must catch. */
import type { Bug } from "./bug.ts";

const LEARNING_LAW = "tests/simulation/disaggregation_law_test.ts";
const LEARNING = "workers/disaggregation/household.ts";
const MERGE = "shared/stream/input_merge.ts";

export const LEARNING_BUGS: readonly Bug[] = [
  {
    title: "models: one is written and not remembered",
    file: LEARNING,
    code: "this.#sink.remember(identity, this.#memory);",
    planted: "",
    law: LEARNING_LAW,
  },
  {
    title: "models: the one before is written",
    file: LEARNING,
    code: "const memory = learnedWith(decodeMemory(this.#memory), dataset, {",
    planted:
      "const before = decodeMemory(this.#memory); const memory = before ?? learnedWith(before, dataset, {",
    law: LEARNING_LAW,
  },
  {
    title: "models: a dataset is learned twice",
    file: LEARNING,
    code: "const memory = learnedWith(decodeMemory(this.#memory), dataset, {",
    planted:
      "const once = learnedWith(decodeMemory(this.#memory), dataset, { identity, smoother: this.#shared.smoother }); const memory = learnedWith(once, dataset, {",
    law: LEARNING_LAW,
  },
  {
    title: "models: windows go on with the model before",
    file: LEARNING,
    code: "this.#shared.models.delete(this);\n    this.#shared.learned",
    planted: "this.#shared.learned",
    law: LEARNING_LAW,
  },
  {
    title: "models: a window is judged by the model of another household",
    file: LEARNING,
    code: "models.of(this, ",
    planted: "models.of(models, ",
    law: LEARNING_LAW,
  },
  {
    title: "models: what is not published is used",
    file: "workers/disaggregation/model/fit_model.ts",
    code: "base: rounded(fit.watts[size - 1]!, 6),",
    planted: "base: fit.watts[size - 1]! + (globalThis.performance.now() % 1) / 1e6,",
    law: LEARNING_LAW,
  },
  {
    title: "models: posteriors depend on the window before",
    file: "workers/disaggregation/model/posterior.ts",
    code: "backward.fill(1, 0, 2 * count);",
    planted: "",
    law: LEARNING_LAW,
  },
  {
    title: "merge: datasets and windows are taken as they come",
    file: MERGE,
    code: "input.atEndMs === undefined || input.atEndMs - CLOCK_SKEW_MS <= bestMs",
    planted: "false",
    law: LEARNING_LAW,
  },
];
