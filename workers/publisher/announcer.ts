/**
 * Brings to the broker what tasks have committed: for each household the newest, and never anything
 * older behind it. While the broker is away or slow, what is newer takes the place of what waits, so
 * that no more is ever held than a text a household.
 *
 *   committed ─▶ due ─ connected, some at a time ─▶ in flight ─ all acknowledged ─▶ told
 *                 ▲                                  │  │
 *                 └──────── newer meanwhile ─────────┘  └─ connection lost, task gone ─▶ forgotten
 *
 * A household has one text in flight at a time, and of a connection that is lost nothing is sent
 * again: with the next one every household is due, with what is newest then.
 */
import type { MqttClient } from "mqtt";
import { invariant } from "../../shared/errors.ts";
import { hasTopics } from "../../shared/mqtt/topics.ts";
import { householdOf } from "../../shared/stream/household_memories.ts";
import type { MemoryFollower } from "../../shared/stream/stream_worker.ts";
import { modelOf, type Publication, secondOf } from "./answers.ts";
import { announcementsOf } from "./home_assistant.ts";
import { decodeMemory } from "./household_memory.ts";
import type { PublicationKind } from "./metrics.ts";

/** Messages in flight at most, where the broker allows more. */
const IN_FLIGHT_MAX = 500;

export interface AnnouncerOptions {
  readonly homeAssistant: boolean;
  readonly onPublished: (kind: PublicationKind) => void;
  /** Hears of a publication that the broker refused; it is not sent again before it has changed. */
  readonly onRefused: (topic: string, reason: string) => void;
}

interface Told {
  text: string;
  readonly partition: number;
  /** Messages that the broker does not have yet. */
  pendingCount: number;
  /** Ids of those that are on their way. */
  readonly inFlight: Set<number>;
  /** What the broker was given on this connection, by topic; of seconds nothing. */
  readonly given: Map<string, string>;
}

interface Message extends Publication {
  readonly told: Told;
  readonly kind: PublicationKind;
}

export class Announcer implements MemoryFollower {
  readonly #client: MqttClient;
  readonly #options: AnnouncerOptions;
  /** By the name of their entry in the memory. */
  readonly #households = new Map<string, Told>();
  /** Of those, the ones of which something newer is known. */
  readonly #due = new Set<string>();
  /** What is to be sent of some that were due, in order. */
  #outbox: Message[] = [];
  #inFlightCount = 0;
  #inFlightMax = IN_FLIGHT_MAX;
  #isOpen = false;
  #whenChanged: (() => void)[] = [];

  /** @param client right after it was made, before it is connected. */
  constructor(client: MqttClient, options: AnnouncerOptions) {
    this.#client = client;
    this.#options = options;
    client.on("connect", ({ properties }) => {
      this.#inFlightMax = Math.min(IN_FLIGHT_MAX, properties?.receiveMaximum ?? Infinity);
      this.#isOpen = true;
      this.#pump();
    });
    client.on("close", () => this.#onClose());
  }

  /** Households of which something newer is known than the broker has. */
  get waitingCount(): number {
    let count = this.#due.size;
    for (const [name, { pendingCount }] of this.#households) {
      if (pendingCount > 0 && !this.#due.has(name)) count++;
    }
    return count;
  }

  recovered(partition: number, memories: Iterable<[name: string, text: string]>): void {
    for (const [name, text] of memories) this.#take(partition, name, text);
    this.#pump();
  }

  committed(partition: number, memories: ReadonlyMap<string, string>): void {
    for (const [name, text] of memories) this.#take(partition, name, text);
    this.#pump();
  }

  /** Resolves once the broker has all that is known of the task, or is away. */
  async drained(partition: number): Promise<void> {
    const isBehind = () =>
      [...this.#households].some(([name, told]) =>
        told.partition === partition && (told.pendingCount > 0 || this.#due.has(name))
      );
    while (this.#isOpen && isBehind()) {
      await new Promise<void>((resolve) => this.#whenChanged.push(resolve));
    }
  }

  /** Nothing is said of its households any more: another owner does. */
  ended(partition: number): void {
    for (const [name, told] of this.#households) {
      if (told.partition !== partition) continue;
      this.#households.delete(name);
      this.#due.delete(name);
      this.#outbox = this.#outbox.filter((message) => message.told !== told);
      this.#forgetInFlight(told);
    }
    this.#changed();
  }

  #take(partition: number, name: string, text: string): void {
    const told = this.#households.get(name);
    if (told === undefined) {
      this.#households.set(name, {
        ...{ text, partition, pendingCount: 0 },
        ...{ inFlight: new Set<number>(), given: new Map<string, string>() },
      });
    } else told.text = text;
    this.#due.add(name);
  }

  #pump(): void {
    while (this.#isOpen && !this.#client.disconnecting && this.#inFlightCount < this.#inFlightMax) {
      if (this.#outbox.length === 0 && !this.#fill()) return;
      this.#send(this.#outbox.shift()!);
    }
  }

  /** Puts into the outbox what is to be said of the next household; false where nobody is due. */
  #fill(): boolean {
    for (const name of this.#due) {
      const told = this.#households.get(name)!;
      if (told.pendingCount > 0) continue;
      this.#due.delete(name);
      const messages = this.#messagesOf(name, told);
      if (messages.length === 0) continue;
      told.pendingCount = messages.length;
      this.#outbox = messages;
      return true;
    }
    return false;
  }

  #messagesOf(name: string, told: Told): Message[] {
    const identity = householdOf(name);
    invariant(identity !== undefined, `the memory has an entry that is no household: ${name}`);
    if (!hasTopics(identity)) return [];
    const memory = decodeMemory(told.text);
    const second = { ...secondOf(identity, memory), told, kind: "disaggregated" as const };
    const others: Message[] = [{ ...modelOf(identity, memory), told, kind: "model" }];
    if (this.#options.homeAssistant) {
      for (const each of announcementsOf(identity, memory)) {
        others.push({ ...each, told, kind: "discovery" });
      }
    }
    const changed = others.filter(({ topic, payload }) => told.given.get(topic) !== payload);
    for (const { topic, payload } of changed) told.given.set(topic, payload);
    return [second, ...changed];
  }

  #send({ topic, payload, told, kind }: Message): void {
    const { inFlight } = told;
    this.#inFlightCount++;
    this.#client.publish(topic, payload, { qos: 1, retain: true }, (error) => {
      // One that is forgotten is no longer in flight.
      if (!inFlight.delete(messageId)) return;
      this.#inFlightCount--;
      told.pendingCount--;
      if (error) this.#options.onRefused(topic, error.message);
      else this.#options.onPublished(kind);
      this.#pump();
      this.#changed();
    });
    const messageId = this.#client.getLastMessageId();
    inFlight.add(messageId);
  }

  #onClose(): void {
    this.#isOpen = false;
    this.#outbox = [];
    for (const [name, told] of this.#households) {
      this.#forgetInFlight(told);
      told.given.clear();
      this.#due.add(name);
    }
    this.#changed();
  }

  /** mqtt.js would send it again, behind what another owner or a later text has said. */
  #forgetInFlight(told: Told): void {
    const ids = [...told.inFlight];
    this.#inFlightCount -= ids.length;
    told.inFlight.clear();
    told.pendingCount = 0;
    for (const id of ids) this.#client.removeOutgoingMessage(id);
  }

  #changed(): void {
    const waiters = this.#whenChanged;
    this.#whenChanged = [];
    for (const resolve of waiters) resolve();
  }
}
