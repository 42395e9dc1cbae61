/** Which records, letters, messages and memories are one household's. Pure. */
import {
  deadLetterSchema,
  decodeEvent,
  type HouseholdIdentity,
  textOf,
} from "../../shared/events.ts";
import type { LogRecord } from "../../shared/log/log.ts";
import type { TopicLayout } from "../../shared/mqtt/topics.ts";
import type { SpooledMessage } from "../../shared/spool/spool_entry.ts";
import { clientIdOf, householdOf } from "../../shared/stream/household_memories.ts";
import { DEAD_LETTER_TOPIC, householdKey } from "../../shared/topics.ts";
import { fieldsOf, payloadOf } from "../../shared/dead_letters/fixes.ts";

/** Of bytes that may be anything. */
const decoder = new TextDecoder();

export class Whose {
  readonly #household: HouseholdIdentity;
  readonly #layout: TopicLayout;
  /** As both stand in JSON, and in the texts of errors. */
  readonly #quoted: readonly string[];
  #hasNamesake = false;

  /** @param layout of the topics that the household publishes to. */
  constructor(household: HouseholdIdentity, layout: TopicLayout) {
    this.#household = household;
    this.#layout = layout;
    this.#quoted = [household.username, household.client_id].map((name) => JSON.stringify(name));
  }

  /** `user/client_id`, which is also the key of its records in compacted topics. */
  get name(): string {
    return householdKey(this.#household);
  }

  isRecord({ topic, key, value }: LogRecord): boolean {
    if (topic === DEAD_LETTER_TOPIC) return this.#isLetter(value);
    const keyText = key === null ? undefined : textOf(key);
    if (keyText === this.name) return true;
    if (value === null) return false;
    const fields = fieldsOf(value);
    if (fields === undefined) {
      return keyText === this.#household.client_id && this.#names(decoder.decode(value));
    }
    const { username, client_id } = fields;
    if (client_id !== this.#household.client_id) return false;
    if (username === this.#household.username) return true;
    this.#hasNamesake = true;
    return false;
  }

  /**
   * An entry of a task's memory. What a version before knew by client ids alone is kept for another
   * user's household of that client id, where a record that was looked at is of one.
   */
  isMemory(name: string): boolean {
    const { username, client_id } = this.#household;
    if (clientIdOf(name) !== client_id) return false;
    const known = householdOf(name);
    return known === undefined ? !this.#hasNamesake : known.username === username;
  }

  /** By its topic or its payload, as far as either can be read. */
  isMessage({ topic, payload }: Pick<SpooledMessage, "topic" | "payload">): boolean {
    const match = this.#layout.match(topic);
    const fields = fieldsOf(payload);
    return [{ ...fields, ...match }, fields].some((names) =>
      names?.username === this.#household.username && names.client_id === this.#household.client_id
    ) || this.#names(decoder.decode(payload));
  }

  /** A letter that names it, as a forged one of another user does, goes too. */
  #isLetter(value: Uint8Array | null): boolean {
    const letter = decodeEvent(deadLetterSchema, value);
    if (!letter.ok) return value !== null && this.#names(decoder.decode(value));
    const { topic, error } = letter.event;
    return this.isMessage({ topic, payload: payloadOf(letter.event) }) || this.#names(error);
  }

  #names(text: string): boolean {
    return this.#quoted.every((name) => text.includes(name));
  }
}
