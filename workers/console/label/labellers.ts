/** Everyone who labels now: what they say goes out over MQTT, as a device would publish it. */
import type { HouseholdIdentity } from "../../../shared/events.ts";
import { messageOf, WattstreamError } from "../../../shared/errors.ts";
import { DEVICE_STATE_TOPIC, householdKey } from "../../../shared/topics.ts";
import { Labelling, type Vector } from "./labelling.ts";
import type { Readings } from "./moved_flips.ts";

const EVERY_MS = 250;
/** Readings by which flips are moved back: those of the delay, of late hands and some before. */
const READINGS_S = 15;

/** Publishes for a household. @throws WattstreamError `unavailable` where the broker does not take it. */
export type PublishEvent = (
  kind: "device-state" | "household",
  event: HouseholdIdentity,
) => Promise<void>;

export interface LabellersParts {
  /** What is known of a household's power since a second. */
  readonly readingsOf: (household: HouseholdIdentity, sinceS: number) => Readings;
  readonly nowMs: () => number;
}

interface Labeller {
  readonly household: HouseholdIdentity;
  /** The page that labels: another one is told that it cannot. */
  readonly page: string;
  readonly labelling: Labelling;
  /** Over the connection of whose page it is. */
  readonly publish: PublishEvent;
  /** Number of the newest word that was heard. */
  word: number;
  /** Newest second that the broker has. */
  publishedS: number | undefined;
  problem: string | undefined;
}

/** What a page is told of its labelling. */
export interface LabellingState {
  readonly publishedS?: number;
  readonly problem?: string;
}

export class Labellers {
  readonly #parts: LabellersParts;
  readonly #labellers = new Map<string, Labeller>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: LabellersParts) {
    this.#parts = parts;
  }

  /** How many label. */
  get count(): number {
    return this.#labellers.size;
  }

  /**
   * A page says that its person is there, and what is on.
   * @throws WattstreamError `unavailable` while another page labels this household.
   */
  say(
    household: HouseholdIdentity,
    { page, word, vector, publish }: {
      readonly page: string;
      /** One more with each: of two that overtake each other on their way the later one holds. */
      readonly word: number;
      readonly vector: Vector;
      readonly publish: PublishEvent;
    },
  ): LabellingState {
    const key = householdKey(household);
    const nowMs = this.#parts.nowMs();
    let labeller = this.#labellers.get(key);
    if (labeller === undefined) {
      const labelling = new Labelling(nowMs);
      const nothing = { publishedS: undefined, problem: undefined };
      labeller = { household, page, labelling, publish, word, ...nothing };
      this.#labellers.set(key, labeller);
      this.#timer ??= setInterval(() => this.#look(), EVERY_MS);
    }
    if (labeller.page !== page) {
      throw new WattstreamError("unavailable", "Another page labels this household now");
    }
    if (word >= labeller.word) {
      labeller.word = word;
      labeller.labelling.say(vector, nowMs);
    }
    const { publishedS, problem } = labeller;
    return {
      ...(publishedS !== undefined && { publishedS }),
      ...(problem !== undefined && { problem }),
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#labellers.clear();
  }

  #look(): void {
    const nowMs = this.#parts.nowMs();
    for (const [key, labeller] of this.#labellers) {
      const sinceS = Math.floor(nowMs / 1000) - READINGS_S;
      const readings = this.#parts.readingsOf(labeller.household, sinceS);
      for (const { second, vector } of labeller.labelling.due(nowMs, readings)) {
        void this.#declare(labeller, second, vector);
      }
      if (labeller.labelling.isOver(nowMs)) this.#labellers.delete(key);
    }
    if (this.#labellers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #declare(labeller: Labeller, timestamp: number, state_bitmap: Vector): Promise<void> {
    const event = { ...labeller.household, timestamp, state_bitmap };
    try {
      await labeller.publish(DEVICE_STATE_TOPIC, event);
      labeller.publishedS = Math.max(labeller.publishedS ?? 0, timestamp);
      labeller.problem = undefined;
    } catch (error) {
      // A second that could not be declared is not: later it would be one of the past.
      labeller.problem = messageOf(error);
    }
  }
}
