/**
 * Publishes over one connection: in order, nothing lost at QoS 1, bounded.
 *
 *   publish ─▶ waiting ─ while connected, up to the broker's receive maximum ─▶ in flight ─▶ settled
 *
 * mqtt.js keeps what is in flight and sends it again, in order, after a reconnect, before it says
 * `connect`; nothing new is given to it until then, so nothing overtakes.
 */
import type { MqttClient } from "mqtt";
import type { MessageKind } from "../../shared/mqtt/topics.ts";

/** Messages that a connection holds, in flight or waiting, before its households have to wait. */
export const OUTSTANDING_MAX = 1000;
/** Messages in flight at most, where the broker allows more. */
const IN_FLIGHT_MAX = 500;

export interface Message {
  readonly kind: MessageKind;
  readonly topic: string;
  readonly payload: string;
}

export interface PublisherOptions {
  readonly qos: 0 | 1;
  /** Hears of each message that the broker has (QoS 1) or that was sent (QoS 0). */
  readonly onAcknowledged: (kind: MessageKind) => void;
  /** Hears of each message that the broker refused; it is not sent again. */
  readonly onRefused: (reason: string) => void;
}

export class Publisher {
  readonly #client: MqttClient;
  readonly #options: PublisherOptions;
  readonly #waiting: Message[] = [];
  readonly #inFlight = new Set<Message>();
  #inFlightMax = IN_FLIGHT_MAX;
  #isOpen = false;
  #isPumping = false;
  #forRoom: (() => void)[] = [];
  #whenDrained: (() => void)[] = [];

  /** @param client right after it was made, before it is connected. */
  constructor(client: MqttClient, options: PublisherOptions) {
    this.#client = client;
    this.#options = options;
    client.on("connect", (packet) => {
      this.#inFlightMax = Math.min(IN_FLIGHT_MAX, packet.properties?.receiveMaximum ?? Infinity);
      this.#isOpen = true;
      this.#pump();
    });
    client.on("close", () => this.#onClose());
  }

  /** Messages that are not settled yet. */
  get outstanding(): number {
    return this.#waiting.length + this.#inFlight.size;
  }

  get hasRoom(): boolean {
    return this.outstanding < OUTSTANDING_MAX;
  }

  /** Takes a message at once. Wait for `room()` before the next. */
  publish(message: Message): void {
    this.#waiting.push(message);
    this.#pump();
  }

  /** Resolves once there is room for another message. */
  room(): Promise<void> {
    if (this.hasRoom) return Promise.resolve();
    return new Promise((resolve) => this.#forRoom.push(resolve));
  }

  /** Resolves once every message is settled. */
  drained(): Promise<void> {
    if (this.outstanding === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenDrained.push(resolve));
  }

  /** Lets go whoever waits for room: the end has come. */
  releaseWaiters(): void {
    const waiters = this.#forRoom;
    this.#forRoom = [];
    for (const resolve of waiters) resolve();
  }

  #pump(): void {
    // At QoS 0 a message can be settled while it is being handed over, which leads back to here.
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#isOpen && this.#inFlight.size < this.#inFlightMax) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      this.#inFlight.add(message);
      const { qos } = this.#options;
      this.#client.publish(
        message.topic,
        message.payload,
        { qos },
        (error) => this.#settle(message, error),
      );
    }
    this.#isPumping = false;
  }

  #settle(message: Message, error?: Error | null): void {
    if (!this.#inFlight.delete(message)) return;
    if (error) this.#options.onRefused(error.message);
    else this.#options.onAcknowledged(message.kind);
    this.#pump();
    if (this.#forRoom.length > 0 && this.hasRoom) this.releaseWaiters();
    if (this.outstanding > 0) return;
    const waiters = this.#whenDrained;
    this.#whenDrained = [];
    for (const resolve of waiters) resolve();
  }

  #onClose(): void {
    this.#isOpen = false;
    if (this.#options.qos === 1) return;
    // At most once: what was given to the connection counts as sent, since nothing will say more.
    for (const message of this.#inFlight) this.#settle(message);
  }
}
