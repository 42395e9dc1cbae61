/**
 * The bridge's side of the broker: one persistent session under a stable client id, subscribed with
 * QoS 1. Messages are handed on as they come; their acknowledgements are held back and sent by
 * whoever settles them. A bridge that comes back under its client id gets what it had not
 * acknowledged.
 *
 *   openMqtt ─▶ connected ─▶ subscribed ─▶ messages … ─▶ stopIntake ─▶ close
 *                  ▲────── connection lost ──┘
 */
import type { IClientOptions, MqttClient } from "mqtt";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../shared/errors.ts";
import {
  BACKOFF_OF_ONE,
  backoffMs,
  type MqttConnection,
  openMqtt,
} from "../../shared/mqtt/connect.ts";
import { ping } from "../../shared/mqtt/ping.ts";
import { DropWatch } from "./drop_watch.ts";
import type { IncomingMessage } from "./message_buffer.ts";
import type { SessionLoss } from "./metrics.ts";
import { unlessAborted, within } from "./patience.ts";
import { divertPublications, type Publication } from "./publish_stream.ts";
import { LIST_BYTES_MAX } from "../../shared/mqtt/validate.ts";

const KEEPALIVE_S = 30;
/** While messages come or wait, the broker hears from us this often. */
const BUSY_PING_MS = KEEPALIVE_S * 1000 / 3;
/**
 * A broker has nothing more for us that was silent for so long after UNSUBACK and then answers a ping
 * behind all our acknowledgements: a slow one is silent too, but does not answer.
 */
const QUIET_MS = 1000;
const QUIET_POLL_MS = 20;
/** How long the broker may take to see us off. */
const LEAVE_MS_MAX = 5000;
/** MQTT 5: why the broker ends a connection when another one has our client id. */
const SESSION_TAKEN_OVER = 0x8e;

export interface SubscriberSettings {
  readonly clientId: string;
  readonly filters: readonly string[];
  /** MQTT v5: seconds for which the broker keeps the session of a bridge that is away. */
  readonly sessionExpiryS: number;
  /** MQTT v5: messages that the broker may send ahead of their acknowledgement. */
  readonly receiveMaximum: number;
}

/** What the subscriber tells, and what it needs of the process. */
export interface SubscriberParts {
  /** Takes a message in; a promise pauses reading until it resolves. */
  readonly offer: (message: IncomingMessage) => Promise<void> | undefined;
  /** Hears why no messages come, and `undefined` once connected and subscribed. */
  readonly onState: (problem: string | undefined) => void;
  /** Whether the broker should have a session for us. */
  readonly hasSession: () => boolean;
  /** Hears that the broker no longer has our session, or that another client has taken it. */
  readonly onSessionLost: (how: SessionLoss) => void;
  /** Hears what the broker tells of messages that it dropped. */
  readonly drops: DropWatch;
  /** Hears of what is odd: a fixed sentence and its fields. */
  readonly onWarning: (message: string, fields?: Record<string, unknown>) => void;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Whether all that was offered is acknowledged. */
  readonly isSettled: () => boolean;
  /** Gives up the wait for the first connection, and repeated subscribing. */
  readonly signal: AbortSignal;
  /** Gives up taking in the rest. */
  readonly stalled: AbortSignal;
}

export class Subscriber {
  readonly #settings: SubscriberSettings;
  readonly #parts: SubscriberParts;
  readonly #connection: MqttConnection;
  readonly #isV5: boolean;
  #isTakingIn = true;
  #lastArrivalMs = 0;
  #receivedCount = 0;
  /** The connection that is not read from until there is room. */
  #pausedStream: MqttClient["stream"] | undefined;

  /** Connects, in the background. `mqtt` are the options of mqtt.js that say where and as whom. */
  constructor(mqtt: IClientOptions, settings: SubscriberSettings, parts: SubscriberParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#isV5 = mqtt.protocolVersion === 5;
    this.#connection = openMqtt({ ...mqtt, ...this.#sessionOptions() }, {
      backoff: BACKOFF_OF_ONE,
      signal: parts.signal,
      random: parts.random,
      onProblem: (reason) => parts.onState(`not connected to the broker: ${reason}`),
      onStream: (stream) => this.#divert(stream),
    });
    const client = this.#client;
    client.on("connect", ({ sessionPresent }) => {
      if (!sessionPresent && parts.hasSession()) parts.onSessionLost("lost");
      void this.#subscribe();
    });
    client.on("disconnect", ({ reasonCode }) => {
      if (reasonCode === SESSION_TAKEN_OVER) parts.onSessionLost("taken");
    });
  }

  /** Settles once, see `MqttConnection.connected`. */
  get connected(): Promise<void> {
    return this.#connection.connected;
  }

  /**
   * Takes nothing in from now on; what still comes stays unacknowledged, so the broker keeps it.
   * @param leave first unsubscribes and takes in all that the broker has already dealt to us:
   * the other bridges of the group get the rest.
   * @returns whether we have left and the broker has nothing more for us.
   */
  async stopIntake(leave: boolean): Promise<boolean> {
    let hasLeft = false;
    if (leave && this.#client.connected) {
      try {
        await unlessAborted(this.#parts.stalled, this.#takeInTheRest());
        hasLeft = true;
      } catch (error) {
        this.#parts.onWarning("our session stays at the broker", { reason: messageOf(error) });
      }
    }
    this.#isTakingIn = false;
    return hasLeft;
  }

  /** Unsubscribes, and takes in until the broker has nothing more, see `QUIET_MS`. */
  async #takeInTheRest(): Promise<void> {
    const { nowMs, isSettled } = this.#parts;
    await this.#client.unsubscribeAsync([...this.#settings.filters]);
    this.#lastArrivalMs = nowMs();
    while (this.#isTakingIn) {
      if (nowMs() - this.#lastArrivalMs < QUIET_MS || !isSettled()) {
        await delay(QUIET_POLL_MS);
        continue;
      }
      const { stream } = this.#client;
      const receivedCount = this.#receivedCount;
      await ping(this.#client);
      if (receivedCount === this.#receivedCount && stream === this.#client.stream) return;
    }
  }

  /** Disconnects. @param endSession the broker need keep nothing for us. */
  async close(endSession: boolean): Promise<void> {
    const client = this.#client;
    if (client.connected) {
      const properties = endSession && this.#isV5 ? { sessionExpiryInterval: 0 } : undefined;
      await within(LEAVE_MS_MAX, client.endAsync(false, { ...(properties && { properties }) }))
        .catch((error) => {
          this.#parts.onWarning("the broker did not see us off", { error: messageOf(error) });
          client.stream.destroy();
        });
    }
    await this.#connection.close();
  }

  get #client(): MqttClient {
    return this.#connection.client;
  }

  #sessionOptions(): IClientOptions {
    const { clientId, sessionExpiryS, receiveMaximum } = this.#settings;
    return {
      clientId,
      clean: false,
      keepalive: KEEPALIVE_S,
      // We subscribe ourselves at each connect, whatever the broker remembers.
      resubscribe: false,
      ...(this.#isV5 && {
        properties: { sessionExpiryInterval: sessionExpiryS, receiveMaximum },
      }),
    };
  }

  /** Subscribes on the present connection, again and again until granted or it is gone. */
  async #subscribe(): Promise<void> {
    const { drops, onState, onWarning, random, signal } = this.#parts;
    const client = this.#client;
    const { stream } = client;
    const isCurrent = () => client.stream === stream && client.connected && !client.disconnecting;
    for (let attempt = 0; isCurrent(); attempt++) {
      try {
        const granted = await client.subscribeAsync([...this.#settings.filters], {
          qos: 1,
          // Stored messages are passed over: a shared subscription does not get them either.
          ...(this.#isV5 && { rh: 2 }),
        });
        if (granted.some(({ qos }) => qos === 0)) {
          onWarning("the broker grants QoS 0 only: it will not repeat what gets lost");
        }
        if (isCurrent()) onState(undefined);
        return await drops.subscribe(client);
      } catch (error) {
        if (!isCurrent()) return;
        const filters = this.#settings.filters.join(", ");
        onState(`the broker refuses the subscription to ${filters}: ${messageOf(error)}`);
        if (signal.aborted) return;
        const pauseMs = backoffMs(attempt, random(), BACKOFF_OF_ONE);
        await delay(pauseMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Has the messages of a connection come to us, and the rest to mqtt.js. */
  #divert(stream: MqttClient["stream"]): void {
    divertPublications(stream, {
      isV5: this.#isV5,
      // One more than is allowed: it is refused then.
      payloadBytesMax: LIST_BYTES_MAX + 1,
      onPublish: (publication) => this.#receive(publication, stream),
    });
    const timer = setInterval(() => this.#pingWhileBusy(stream), BUSY_PING_MS);
    stream.once("close", () => clearInterval(timer));
  }

  /**
   * mqtt.js ends a connection whose ping is not answered in time. The answer stands behind all that
   * the broker has sent and we have not read yet, which can take a slow log longer; and a broker
   * that sends messages is alive.
   */
  #pingWhileBusy(stream: MqttClient["stream"]): void {
    const client = this.#client;
    if (client.stream !== stream || !client.connected) return;
    const isBusy = this.#parts.nowMs() - this.#lastArrivalMs <= BUSY_PING_MS;
    if (!isBusy && this.#pausedStream !== stream) return;
    client.sendPing();
    client.reschedulePing(true);
  }

  #receive(
    { topic, payload, messageId, dup, retain }: Publication,
    stream: MqttClient["stream"],
  ): Promise<void> | undefined {
    if (DropWatch.isOfBroker(topic)) return void this.#parts.drops.hear(topic, payload);
    if (!this.#isTakingIn) return undefined;
    this.#lastArrivalMs = this.#parts.nowMs();
    this.#receivedCount++;
    const room = this.#parts.offer({
      topic,
      payload,
      arrivedMs: this.#lastArrivalMs,
      held: messageId === undefined ? undefined : { stream, messageId },
      dup,
      retained: retain,
    });
    return room && this.#pause(room, stream);
  }

  /** Reads nothing more from the socket until there is room. */
  async #pause(room: Promise<void>, stream: MqttClient["stream"]): Promise<void> {
    this.#pausedStream = stream;
    await room;
    if (this.#pausedStream === stream) this.#pausedStream = undefined;
  }
}
