/**
 * The connection to the broker beside the meters: a session that lasts, so that the broker keeps what
 * comes while the gateway is away, and a marker that tells what was kept from what is new.
 *
 *   connect ─▶ what the broker kept … ─▶ our own marker ─▶ live
 */
import type { Buffer } from "node:buffer";
import type { IClientOptions, IPublishPacket, MqttClient } from "mqtt";
import { messageOf } from "../../shared/errors.ts";
import { BACKOFF_OF_ONE, type MqttConnection, openMqtt } from "../../shared/mqtt/connect.ts";
import { subscribeAll } from "../../shared/mqtt/subscribe.ts";
import type { LocalMessage } from "./gateway.ts";

/** A broker that refuses the marker: then what comes after so long is live. */
const REFUSED_MARKER_MS = 5000;
/** One that does not say so, as in MQTT 3.1.1: what it has kept takes its time to come, before the marker. */
const MARKER_MS_MAX = 60_000;

export interface LocalBrokerOptions {
  readonly mqtt: IClientOptions;
  /** The same in the next process. */
  readonly clientId: string;
  /** 0: no session. */
  readonly sessionExpiryS: number;
  readonly topics: readonly string[];
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** The next message is given, and this one acknowledged, once it resolves. */
  readonly onMessage: (message: LocalMessage) => Promise<void>;
  /** Hears whether it is connected and subscribed, or why not. */
  readonly onState: (problem: string | undefined) => void;
}

export class LocalBroker {
  readonly #options: LocalBrokerOptions;
  readonly #connection: MqttConnection;
  readonly #markerTopic: string;
  #marker = "";
  #isLive = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOff = false;
  /** Settles with the message that is being taken. */
  #inHand: Promise<void> = Promise.resolve();

  constructor(options: LocalBrokerOptions) {
    this.#options = options;
    const { mqtt, clientId, sessionExpiryS, signal, random, onState } = options;
    this.#markerTopic = `wattstream/gateway/${clientId}`;
    const isV5 = mqtt.protocolVersion === 5;
    this.#connection = openMqtt({
      ...mqtt,
      clientId,
      clean: sessionExpiryS === 0,
      resubscribe: false,
      ...(isV5 && { properties: { sessionExpiryInterval: sessionExpiryS } }),
    }, { backoff: BACKOFF_OF_ONE, signal, random, onProblem: onState });
    const { client } = this.#connection;
    client.handleMessage = (packet, callback) => {
      // Not acknowledged: the next process gets it.
      if (this.#isOff) return;
      this.#inHand = this.#take(packet as IPublishPacket).then(() => callback(), callback);
    };
    client.on("connect", ({ sessionPresent }) => {
      clearTimeout(this.#timer);
      this.#isLive = !sessionPresent;
      this.#begin().catch((error) => onState(messageOf(error)));
    });
  }

  /** The client, for what is published; right after it was made it is not connected. */
  get client(): MqttClient {
    return this.#connection.client;
  }

  /** @throws WattstreamError `auth` or `config` where the broker refuses us for good. */
  get connected(): Promise<void> {
    return this.#connection.connected;
  }

  /** Takes nothing more in, but for the message in hand; what comes stays with the broker. */
  async close(): Promise<void> {
    this.#isOff = true;
    clearTimeout(this.#timer);
    await this.#connection.close({ force: true });
    await this.#inHand;
  }

  async #begin(): Promise<void> {
    const { topics, onState } = this.#options;
    const { client } = this.#connection;
    const refused = new Set(await subscribeAll(client, [this.#markerTopic, ...topics]));
    const hasMarker = !refused.delete(this.#markerTopic);
    onState(
      refused.size === 0
        ? undefined
        : `the broker refuses the subscription to ${[...refused].join(", ")}`,
    );
    if (this.#isLive) return;
    if (hasMarker) await this.#mark();
    else this.#liveIn(REFUSED_MARKER_MS);
  }

  /** Behind all that the broker has kept. */
  async #mark(): Promise<void> {
    const { client } = this.#connection;
    this.#marker = String(this.#options.random());
    this.#liveIn(MARKER_MS_MAX);
    try {
      await client.publishAsync(this.#markerTopic, this.#marker, { qos: 1 });
    } catch {
      // Without the right. Where the connection is lost, the next one begins anew.
      if (client.connected && !this.#isLive) this.#liveIn(REFUSED_MARKER_MS);
    }
  }

  #liveIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#isLive = true, ms);
  }

  async #take({ topic, payload, retain }: IPublishPacket): Promise<void> {
    const bytes = payload as Buffer;
    if (topic === this.#markerTopic) {
      if (bytes.toString() === this.#marker) this.#isLive = true;
      return;
    }
    await this.#options.onMessage({
      topic,
      payload: bytes,
      arrivedMs: this.#options.nowMs(),
      retained: retain,
      isKept: !this.#isLive,
    });
  }
}
