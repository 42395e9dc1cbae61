/**
 * Brings to a broker what is known of households: of each the newest, and never anything older behind
 * it. While the broker is away or slow, what is newer takes the place of what waits, so that no more
 * is ever held than what is known of a household once. Households come in groups, such as a task's.
 *
 *   tell      ─▶ due ─ connected, some at a time ─▶ in flight ─ all acknowledged ─▶ told
 *                 ▲                                  │  │
 *                 └──────── newer meanwhile ─────────┘  └─ connection lost, group gone ─▶ forgotten
 *
 * A household has one state in flight at a time, and of a connection that is lost nothing is sent
 * again: with the next one every household is due, with what is newest then.
 */
import { Buffer } from "node:buffer";
import type { MqttClient } from "mqtt";
import type { Publication, PublicationKind } from "./publication.ts";

/** Messages in flight at most, where the broker allows more. */
const IN_FLIGHT_MAX = 500;
/** Of a message beside topic and payload, bytes, generously. */
const HEAD_BYTES = 16;

export interface AnnouncerOptions<T> {
  /** What is said of a household by what is known of it; of a second again whenever it is told. */
  readonly publicationsOf: (name: string, known: T) => readonly Publication[];
  readonly onPublished: (kind: PublicationKind) => void;
  /**
   * Hears of a publication that the broker refused, or would end the connection over, since it is too
   * long; it is not sent again before it has changed.
   */
  readonly onRefused: (topic: string, reason: string) => void;
}

interface Told<T> {
  known: T;
  readonly group: number;
  /** Messages that the broker does not have yet. */
  pendingCount: number;
  /** Ids of those that are on their way. */
  readonly inFlight: Set<number>;
  /** What the broker was given on this connection, by topic; of seconds nothing. */
  readonly given: Map<string, string>;
}

interface Message<T> extends Publication {
  readonly told: Told<T>;
}

/** Of households by name, of each of which a `T` is known. */
export class Announcer<T> {
  readonly #client: MqttClient;
  readonly #options: AnnouncerOptions<T>;
  readonly #households = new Map<string, Told<T>>();
  /** Of those, the ones of which something newer is known. */
  readonly #due = new Set<string>();
  /** What is to be sent of some that were due, in order. */
  #outbox: Message<T>[] = [];
  #inFlightCount = 0;
  #inFlightMax = IN_FLIGHT_MAX;
  /** Bytes of a message that the broker takes, as MQTT 5 says. */
  #packetMax = Infinity;
  #isOpen = false;
  #whenChanged: (() => void)[] = [];

  /** @param client right after it was made, before it is connected. */
  constructor(client: MqttClient, options: AnnouncerOptions<T>) {
    this.#client = client;
    this.#options = options;
    client.on("connect", ({ properties }) => {
      this.#inFlightMax = Math.min(IN_FLIGHT_MAX, properties?.receiveMaximum ?? Infinity);
      this.#packetMax = properties?.maximumPacketSize ?? Infinity;
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

  /** Takes what is newly known of some households of a group. */
  tell(group: number, households: Iterable<[name: string, known: T]>): void {
    for (const [name, known] of households) this.#take(group, name, known);
    this.#pump();
  }

  /** Resolves once the broker has all that is known of the group, or is away: whether it has. */
  async drained(group: number): Promise<boolean> {
    const isBehind = () =>
      [...this.#households].some(([name, told]) =>
        told.group === group && (told.pendingCount > 0 || this.#due.has(name))
      );
    while (this.#isOpen && isBehind()) {
      await new Promise<void>((resolve) => this.#whenChanged.push(resolve));
    }
    return !isBehind();
  }

  /** Nothing is said of the group's households any more. */
  forget(group: number): void {
    for (const [name, told] of this.#households) {
      if (told.group !== group) continue;
      this.#households.delete(name);
      this.#due.delete(name);
      this.#outbox = this.#outbox.filter((message) => message.told !== told);
      this.#forgetInFlight(told);
    }
    this.#changed();
  }

  #take(group: number, name: string, known: T): void {
    const told = this.#households.get(name);
    if (told === undefined) {
      this.#households.set(name, {
        ...{ known, group, pendingCount: 0 },
        ...{ inFlight: new Set<number>(), given: new Map<string, string>() },
      });
    } else told.known = known;
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

  #messagesOf(name: string, told: Told<T>): Message<T>[] {
    const { known, given } = told;
    const { publicationsOf, onRefused } = this.#options;
    const messages: Message<T>[] = [];
    for (const publication of publicationsOf(name, known)) {
      const { kind, topic, payload } = publication;
      if (kind !== "disaggregated") {
        if (given.get(topic) === payload) continue;
        given.set(topic, payload);
      }
      const bytes = HEAD_BYTES + Buffer.byteLength(topic) + Buffer.byteLength(payload);
      if (bytes <= this.#packetMax) messages.push({ ...publication, told });
      else onRefused(topic, `it has ${bytes} bytes, the broker takes ${this.#packetMax}`);
    }
    return messages;
  }

  #send({ topic, payload, told, kind }: Message<T>): void {
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

  /** mqtt.js would send it again, behind what another owner or a later state has said. */
  #forgetInFlight(told: Told<T>): void {
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
