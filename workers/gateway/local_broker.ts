/**
 * The connection to the broker beside the meters: a session that lasts, so that the broker keeps what
 * comes while the gateway is away, and a marker that tells what was kept from what is new.
 *
 *   connect ─▶ what the broker kept … ─▶ our own marker ─▶ live
 */
import type { Buffer } from "node:buffer";
import type { IClientOptions, IPublishPacket, MqttClient } from "mqtt";
import { BACKOFF_OF_ONE, type MqttConnection, openMqtt } from "../../shared/mqtt/connect.ts";
import type { LocalMessage } from "./gateway.ts";

/** A broker that does not let us publish the marker: then what comes after so long is live. */
const MARKER_MS_MAX = 5000;
const SUBSCRIPTIONS_MAX = 500;

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
      this.#take(packet as IPublishPacket).then(() => callback(), callback);
    };
    client.on("connect", ({ sessionPresent }) => {
      this.#isLive = !sessionPresent;
      this.#begin().catch((error) => onState(String(error)));
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

  /** Takes nothing more in; what comes stays with the broker. */
  async close(): Promise<void> {
    this.#isOff = true;
    clearTimeout(this.#timer);
    await this.#connection.close({ force: true });
  }

  async #begin(): Promise<void> {
    const { topics, random, onState } = this.#options;
    const { client } = this.#connection;
    const filters = [this.#markerTopic, ...topics];
    for (let start = 0; start < filters.length; start += SUBSCRIPTIONS_MAX) {
      const some = filters.slice(start, start + SUBSCRIPTIONS_MAX);
      for (const { qos, topic } of await client.subscribeAsync(some, { qos: 1 })) {
        if (qos >= 128 && topic !== this.#markerTopic) {
          onState(`the broker refuses the subscription to ${topic}`);
        }
      }
    }
    onState(undefined);
    if (this.#isLive) return;
    this.#marker = String(random());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#isLive = true, MARKER_MS_MAX);
    await client.publishAsync(this.#markerTopic, this.#marker, { qos: 1 });
  }

  async #take({ topic, payload, retain }: IPublishPacket): Promise<void> {
    // Not acknowledged: the next process gets it.
    if (this.#isOff) return await new Promise(() => {});
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
