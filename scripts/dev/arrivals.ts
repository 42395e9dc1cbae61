/** What of this run's publications is in the log, to be held against what was acknowledged. */
import { decodeEvent, type DeviceState, deviceStateSchema } from "../../shared/events.ts";
import { deadLetterSchema, type Reading, readingSchema } from "../../shared/events.ts";
import { hasCode } from "../../shared/errors.ts";
import type { Log, TopicDescription } from "../../shared/log/log.ts";
import { DEAD_LETTER_TOPIC, DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";

/** The simulator's users; others may publish beside them. */
const SIMULATED_USER = /^(user-\d+|replay)$/;

/** Publications of each kind. */
export interface PublicationCounts {
  readonly readings: number;
  readonly states: number;
}

/** What has come into the log since the topics were as they are given. */
export class Arrivals {
  /** Messages of whomever, those refused and repeated ones included. */
  messages = 0;
  readonly #readings = new Publications();
  readonly #states = new Publications();
  /** Removed before they were read: they have come, and their copies count as well. */
  #removed = 0;
  /** Where to read on, by topic and partition. */
  readonly #positions: ReadonlyMap<string, number[]>;

  constructor(before: readonly TopicDescription[]) {
    this.#positions = new Map(
      before.map(({ name, partitions }) => [name, partitions.map(({ endOffset }) => endOffset)]),
    );
  }

  /** Takes in what has come into the log since it was last called. */
  async readOn(log: Pick<Log, "read" | "describe">): Promise<void> {
    await this.#readKept(log, POWER_TOPIC, (value) => this.#takeReading(value));
    await this.#readKept(log, DEVICE_STATE_TOPIC, (value) => this.#takeState(value));
    await this.#readKept(log, DEAD_LETTER_TOPIC, (value) => {
      const letter = decodeEvent(deadLetterSchema, value);
      // The letters of the stream workers are about records that are in the log.
      if (!letter.ok || letter.event.source !== "bridge") return false;
      this.take(new TextEncoder().encode(letter.event.payload));
      return true;
    });
  }

  /** Takes in a message as it was published. */
  take(payload: Uint8Array): void {
    if (!this.#takeReading(payload)) this.#takeState(payload);
  }

  /** How many of so many publications of the simulator, which has one of a kind a household and second, have not come. */
  missingOf({ readings, states }: PublicationCounts): number {
    const missing = Math.max(0, readings - this.#readings.count) +
      Math.max(0, states - this.#states.count);
    return Math.max(0, missing - this.#removed);
  }

  /** What retention removes while it is being read is passed over. */
  async #readKept(
    log: Pick<Log, "read" | "describe">,
    topic: string,
    take: (value: Uint8Array) => boolean,
  ): Promise<void> {
    for (;;) {
      await this.#skipRemoved(log);
      try {
        return await this.#read(log, topic, take);
      } catch (error) {
        if (!hasCode(error, "retention")) throw error;
      }
    }
  }

  async #skipRemoved(log: Pick<Log, "describe">): Promise<void> {
    for (const { name, partitions } of await log.describe([...this.#positions.keys()])) {
      const positions = this.#positions.get(name)!;
      for (const { partition, startOffset } of partitions) {
        const removed = startOffset - (positions[partition] ?? 0);
        if (removed <= 0) continue;
        positions[partition] = startOffset;
        if (name !== POWER_TOPIC && name !== DEVICE_STATE_TOPIC) continue;
        this.#removed += removed;
        this.messages += removed;
      }
    }
  }

  async #read(
    log: Pick<Log, "read">,
    topic: string,
    take: (value: Uint8Array) => boolean,
  ): Promise<void> {
    const positions = this.#positions.get(topic)!;
    for await (const { value, partition, offset } of log.read({ topic, from: [...positions] })) {
      positions[partition] = offset + 1;
      // A tick has no value.
      if (value !== null && (take(value) || topic !== DEAD_LETTER_TOPIC)) this.messages++;
    }
  }

  #takeReading(value: Uint8Array): boolean {
    const decoded = decodeEvent(readingSchema, value);
    if (decoded.ok) this.#readings.add(decoded.event);
    return decoded.ok;
  }

  #takeState(value: Uint8Array): boolean {
    const decoded = decodeEvent(deviceStateSchema, value);
    if (decoded.ok) this.#states.add(decoded.event);
    return decoded.ok;
  }
}

/** Distinct publications: a redelivered one counts once. */
class Publications {
  count = 0;
  readonly #secondsOf = new Map<string, Seconds>();

  add({ client_id, username, timestamp }: Reading | DeviceState): void {
    if (!SIMULATED_USER.test(username)) return;
    let seconds = this.#secondsOf.get(client_id);
    if (seconds === undefined) this.#secondsOf.set(client_id, seconds = new Seconds());
    if (seconds.add(timestamp)) this.count++;
  }
}

/** A set of seconds, small where they are near each other. */
class Seconds {
  /** By a 32nd of the time, a bit a second. */
  readonly #bits = new Map<number, number>();

  /** False where the second is there already. */
  add(second: number): boolean {
    const place = Math.floor(second / 32);
    const bit = 1 << (second % 32);
    const bits = this.#bits.get(place) ?? 0;
    if ((bits & bit) !== 0) return false;
    this.#bits.set(place, bits | bit);
    return true;
  }
}
