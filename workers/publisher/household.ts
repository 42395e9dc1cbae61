/** What becomes known of one household, remembered after each of its records. */
import type {
  Household,
  HouseholdParts,
  HouseholdSink,
  Verdict,
} from "../../shared/stream/household.ts";
import type { HouseholdName } from "../../shared/stream/household_name.ts";
import type { AnswerEvent } from "./core.ts";
import {
  decodeMemory,
  erased,
  type HouseholdMemory,
  NOTHING_KNOWN,
  withModel,
  withNames,
  withoutNames,
  withSecond,
} from "./household_memory.ts";

export class AnsweredHousehold implements Household<AnswerEvent> {
  /** Seconds come in their order, models and names whenever they like. */
  readonly closedS = -Infinity;
  readonly #name: HouseholdName;
  readonly #sink: HouseholdSink;
  #memory: HouseholdMemory | undefined;

  constructor({ name, memory, sink }: HouseholdParts) {
    this.#name = name;
    this.#memory = memory === undefined ? undefined : decodeMemory(memory);
    this.#sink = sink;
  }

  accept(event: AnswerEvent): Verdict {
    const memory = this.#after(event, this.#memory ?? NOTHING_KNOWN);
    if (memory === undefined) return "unfused";
    this.#memory = memory;
    this.#sink.remember(this.#name, JSON.stringify(memory));
    return "used";
  }

  close(): void {}

  release(): void {}

  /** Nothing is held: each record is in the memory of its transaction. */
  oldestPlace(): number {
    return Infinity;
  }

  /** Undefined where nothing is to be remembered: what is erased was not known. */
  #after(event: AnswerEvent, memory: HouseholdMemory): HouseholdMemory | undefined {
    switch (event.kind) {
      case "second":
        return withSecond(memory, event.states);
      case "model":
        return withModel(memory, event.model);
      case "names":
        return withNames(memory, event.household);
      case "no_model":
        return this.#memory && erased(memory);
      case "no_names":
        return this.#memory && withoutNames(memory);
    }
  }
}
