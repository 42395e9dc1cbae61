/**
 * One household's learning and judging. It holds nothing but what it remembers: a dataset makes the
 * next model, written to the log and remembered in one transaction, and each window is judged by the
 * model that there is when its turn comes.
 *
 *   datasets   ──── A ─────────────── B ───────▶     merged by append time
 *   windows    ─ 1 ─── 2 ─ 3 ─ 4 ─ 5 ─── 6 ─ 7 ─▶
 *   judged by  none   A   A   A   A    B   B
 */
import type { Model, PredictionWindow, TrainingDataset } from "../../shared/events.ts";
import type {
  Household,
  HouseholdParts,
  HouseholdSink,
  Verdict,
} from "../../shared/stream/household.ts";
import type { HouseholdName } from "../../shared/stream/household_name.ts";
import { DISAGGREGATED_TOPIC, householdKey, MODELS_TOPIC } from "../../shared/topics.ts";
import type { LearningEvent } from "./core.ts";
import { decodeMemory, encodeMemory, learnedWith } from "./household_memory.ts";
import { disaggregate, type WindowJudge } from "./model/disaggregate.ts";
import type { PosteriorSmoother } from "./model/posterior.ts";
import type { ReadyModels } from "./ready_models.ts";

/** What the households of a task share. */
export interface SharedParts {
  /** Foretells datasets, whatever judges windows: a model is a function of datasets alone. */
  readonly smoother: PosteriorSmoother;
  readonly judge: WindowJudge;
  readonly models: ReadyModels;
  readonly learned: (model: Model) => void;
}

export class LearningHousehold implements Household<LearningEvent> {
  /** Nothing is ever too late here: a window is judged by itself. */
  readonly closedS = -Infinity;
  readonly #name: HouseholdName;
  readonly #sink: HouseholdSink;
  readonly #shared: SharedParts;
  #memory: string | undefined;

  constructor({ name, memory, sink }: HouseholdParts, shared: SharedParts) {
    this.#name = name;
    this.#memory = memory;
    this.#sink = sink;
    this.#shared = shared;
  }

  accept({ dataset, window }: LearningEvent): Verdict {
    if (dataset !== undefined) this.#learn(dataset);
    else if (window !== undefined) return this.#judge(window);
    return "used";
  }

  close(): void {}

  release(): void {
    this.#shared.models.delete(this);
  }

  /** Nothing is held: what was learned is remembered, and what was judged is written. */
  oldestPlace(): number {
    return Infinity;
  }

  #learn(dataset: TrainingDataset): void {
    const identity = this.#name;
    const memory = learnedWith(decodeMemory(this.#memory), dataset, {
      identity,
      smoother: this.#shared.smoother,
    });
    this.#memory = encodeMemory(memory);
    this.#shared.models.delete(this);
    this.#shared.learned(memory.model);
    this.#sink.remember(identity, this.#memory);
    this.#sink.emit(identity, {
      topic: MODELS_TOPIC,
      key: householdKey(identity),
      value: JSON.stringify(memory.model),
    });
  }

  #judge(window: PredictionWindow): Verdict {
    const memory = this.#memory;
    if (memory === undefined) return "unfused";
    const { models, judge } = this.#shared;
    const ready = models.of(this, () => decodeMemory(memory)!.model);
    const states = disaggregate(ready, window, judge);
    if (states === undefined) return "unfused";
    this.#sink.emit(this.#name, { topic: DISAGGREGATED_TOPIC, value: JSON.stringify(states) });
    return "used";
  }
}
