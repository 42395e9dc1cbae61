/**
 * The models in use, made ready for it: their joint states, of which a household of twelve devices
 * has four thousand. Those used last are kept, within a bound; the others are made again.
 */
import type { Model } from "../../shared/events.ts";
import { type ReadyModel, readyModel } from "./model/disaggregate.ts";

/** Joint states of all models kept, some 56 bytes each. */
const STATES_MAX = 1 << 19;

export class ReadyModels {
  /** By whose they are, those used last at the end. */
  readonly #models = new Map<object, ReadyModel>();
  #stateCount = 0;

  /** The model of `owner`, made from `load` where it is not kept. */
  of(owner: object, load: () => Model): ReadyModel {
    const kept = this.#models.get(owner);
    if (kept !== undefined) {
      this.#models.delete(owner);
      this.#models.set(owner, kept);
      return kept;
    }
    const ready = readyModel(load());
    this.#models.set(owner, ready);
    this.#stateCount += ready.states.count;
    for (const [oldest] of this.#models) {
      if (this.#stateCount <= STATES_MAX || oldest === owner) break;
      this.delete(oldest);
    }
    return ready;
  }

  /** Lets go of the model of `owner`. */
  delete(owner: object): void {
    this.#stateCount -= this.#models.get(owner)?.states.count ?? 0;
    this.#models.delete(owner);
  }

  /** Joint states kept. */
  get stateCount(): number {
    return this.#stateCount;
  }
}
