/**
 * Publishes over one connection: in order, nothing lost at QoS 1, bounded.
 *
 *   publish ─▶ waiting ─ while connected, up to the broker's receive maximum ─▶ in flight ─▶ settled
 *                 ▲────────────────────── connection lost ─────────────────────────┘
 *
 * mqtt.js has the connection, and neither messages nor their acknowledgements: for those it takes ten
 * times as long. What was in flight when a connection is lost goes first on the next one.
 */
import type { Buffer } from "node:buffer";
import { type MqttClient, ReasonCodes } from "mqtt";
import type { PacketFrame } from "../../shared/mqtt/packet_frame.ts";
import { takePackets } from "../../shared/mqtt/packet_sieve.ts";
import { encodePublish } from "../../shared/mqtt/publish_packet.ts";
import { SessionQueue } from "../../shared/mqtt/session_queue.ts";
import type { MessageKind } from "../../shared/mqtt/topics.ts";

/** Messages that a connection holds, in flight or waiting, before its households have to wait. */
export const OUTSTANDING_MAX = 1000;
/** Messages in flight at most, where the broker allows more. */
const IN_FLIGHT_MAX = 500;

const PUBACK_FIRST_BYTE = 0x40;
const ID_BYTES = 2;
/** MQTT 5: the broker has it, and nobody has subscribed to it. */
const NO_SUBSCRIBERS = 0x10;
const REASONS: Readonly<Record<number, string>> = ReasonCodes;

export interface Message {
  readonly kind: MessageKind;
  readonly topic: string;
  readonly payload: string;
}

export interface PublisherOptions {
  readonly qos: 0 | 1;
  /** MQTT 5. */
  readonly isV5: boolean;
  /** Hears of each message that the broker has (QoS 1) or that was sent (QoS 0). */
  readonly onAcknowledged: (kind: MessageKind) => void;
  /** Hears of each message that the broker refused; it is not sent again. */
  readonly onRefused: (reason: string) => void;
}

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #queue = new SessionQueue<Message>(IN_FLIGHT_MAX);
  /** The connection, while it takes messages. */
  #stream: MqttClient["stream"] | undefined;
  #forRoom: (() => void)[] = [];
  #whenDrained: (() => void)[] = [];

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Has the acknowledgements of a connection come here, before anything is read from it. */
  listenTo(stream: MqttClient["stream"]): void {
    takePackets(stream, (bytes, frame) => this.#takePuback(bytes, frame));
  }

  /** Publishes over this client's connections from now on. @param client that is not connected yet. */
  publishOver(client: MqttClient): void {
    client.on("connect", ({ properties }) => {
      this.#queue.window = Math.min(IN_FLIGHT_MAX, properties?.receiveMaximum ?? Infinity);
      this.#stream = client.stream;
      this.#stream.on("drain", () => this.#pump());
      this.#pump();
    });
    client.on("close", () => {
      this.#stream = undefined;
      this.#queue.rewind();
    });
  }

  /** Messages that are not settled yet. */
  get outstanding(): number {
    return this.#queue.pending;
  }

  get hasRoom(): boolean {
    return this.outstanding < OUTSTANDING_MAX;
  }

  /** Takes a message at once. Wait for `room()` before the next. */
  publish(message: Message): void {
    this.#queue.push(message, 0);
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

  /** Sends what may be sent. Of what is in flight the broker bounds the number, of QoS 0 the stream. */
  #pump(): void {
    const { qos, isV5 } = this.#options;
    const stream = this.#stream;
    while (stream !== undefined && (qos === 1 || !stream.writableNeedDrain)) {
      const next = this.#queue.next();
      if (next === undefined) break;
      const { message: { topic, payload }, dup } = next;
      const messageId = qos === 1 ? next.messageId : undefined;
      stream.write(encodePublish({ topic, payload, messageId, dup, retain: false, isV5 }));
      if (qos === 0) this.#settle(next.messageId);
    }
  }

  #takePuback(bytes: Buffer, { start, body, end }: PacketFrame): boolean {
    if (bytes[start] !== PUBACK_FIRST_BYTE || end - body < ID_BYTES) return false;
    const reasonCode = end - body === ID_BYTES ? 0 : bytes[body + ID_BYTES]!;
    this.#settle(bytes.readUInt16BE(body), reasonCode);
    this.#pump();
    return true;
  }

  /** @param reasonCode of MQTT 5. */
  #settle(messageId: number, reasonCode = 0): void {
    const message = this.#queue.acknowledge(messageId);
    if (message === undefined) return;
    if (reasonCode === 0 || reasonCode === NO_SUBSCRIBERS) {
      this.#options.onAcknowledged(message.kind);
    } else this.#options.onRefused(REASONS[reasonCode] ?? `reason code ${reasonCode}`);
    if (this.#forRoom.length > 0 && this.hasRoom) this.releaseWaiters();
    if (this.outstanding > 0) return;
    const waiters = this.#whenDrained;
    this.#whenDrained = [];
    for (const resolve of waiters) resolve();
  }
}
