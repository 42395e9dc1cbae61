/**
 * The way of one user's events to the uplink broker, and of its answers back. Events all go by way of
 * a spool, in order, and leave it once the broker has acknowledged them. What is written outlives a
 * SIGKILL; what was under way then goes out again.
 *
 *   publish ─▶ spool ─▶ oldest, some at a time ─▶ broker ─ all acknowledged ─▶ released ─▶ next
 */
import type { IClientOptions } from "mqtt";
import { messageOf } from "../../../shared/errors.ts";
import { BACKOFF_OF_ONE, type MqttConnection, openMqtt } from "../../../shared/mqtt/connect.ts";
import { subscribeAll } from "../../../shared/mqtt/subscribe.ts";
import { Spool } from "../../../shared/spool/spool.ts";
import type { SpooledMessage } from "../../../shared/spool/spool_entry.ts";

/** Events under way at a time, where the broker takes as many. */
const BATCH_MAX = { count: 100, bytes: 256 * 1024 };

export interface UplinkOptions {
  readonly mqtt: IClientOptions;
  readonly folder: string;
  readonly spoolBytes: number;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Hears of a disk that fails, or of a right that is missing: a sentence and its fields. */
  readonly onProblem: (message: string, fields: Record<string, unknown>) => void;
  readonly onConnection: (isUp: boolean, problem?: string) => void;
  readonly onPublished: () => void;
  readonly onRefused: (reason: string) => void;
  readonly onDropped: (count: number) => void;
  /** Of the user's households, where their answers are wanted. */
  readonly answerTopics: readonly string[];
  readonly onAnswer: (topic: string, payload: Uint8Array) => void;
}

export class Uplink {
  readonly #options: UplinkOptions;
  readonly #spool: Spool;
  readonly #connection: MqttConnection;
  readonly #stop = new AbortController();
  #arrival = Promise.withResolvers<void>();
  #running: Promise<void>;
  #isStopping = false;
  /** How many unacknowledged ones the broker takes; a broker ends the connection over one more. */
  #receiveMax = Infinity;

  /** @throws WattstreamError `config` where another process has the folder. */
  constructor(options: UplinkOptions) {
    this.#options = options;
    const { folder, spoolBytes: bytesMax, nowMs, onProblem } = options;
    this.#spool = new Spool({ folder, bytesMax, nowMs, onProblem });
    this.#connection = openMqtt({ ...options.mqtt, clean: true, resubscribe: false }, {
      backoff: BACKOFF_OF_ONE,
      signal: this.#stop.signal,
      random: options.random,
      onProblem: (reason) => options.onConnection(false, reason),
    });
    this.#connection.client.on("connect", ({ properties }) => {
      this.#receiveMax = properties?.receiveMaximum ?? Infinity;
      options.onConnection(true);
      this.#subscribe();
    });
    this.#connection.client.on("message", (topic, payload) => options.onAnswer(topic, payload));
    this.#connection.client.on("close", () => options.onConnection(false));
    this.#running = this.#run();
    // It is awaited at the end; a refusal for good is its own error then, and ends the process now.
    this.#running.catch(() => {});
  }

  /** Events that the broker does not have yet. */
  get count(): number {
    return this.#spool.count;
  }

  /** Rejects where the broker refuses the user for good. */
  get running(): Promise<void> {
    return this.#running;
  }

  /** Takes events; once it returns they outlive a SIGKILL. */
  publish(messages: readonly SpooledMessage[]): void {
    const { count } = this.#spool.write(messages);
    if (count < messages.length) this.#options.onDropped(messages.length - count);
    this.#arrival.resolve();
  }

  /** Brings what waits to the disk for good: it outlives a power cut. */
  async sync(): Promise<void> {
    if (this.#spool.count > 0) await this.#spool.sync();
  }

  /** Ends once the spool is empty, or `giveUp` aborts: what is left is for the next process. */
  async close(giveUp: AbortSignal): Promise<void> {
    this.#isStopping = true;
    this.#arrival.resolve();
    const onGiveUp = () => this.#stop.abort();
    giveUp.addEventListener("abort", onGiveUp);
    if (giveUp.aborted || !this.#connection.client.connected) onGiveUp();
    const aborted = new Promise<void>((resolve) => {
      if (this.#stop.signal.aborted) resolve();
      this.#stop.signal.addEventListener("abort", () => resolve());
    });
    try {
      await Promise.race([this.#running.catch(() => {}), aborted]);
    } finally {
      giveUp.removeEventListener("abort", onGiveUp);
      await this.#connection.close({ force: this.#stop.signal.aborted });
      await this.#spool.close();
    }
  }

  /** The newest answers, which the broker keeps, come at once. */
  async #subscribe(): Promise<void> {
    const { answerTopics, onProblem } = this.#options;
    const { client } = this.#connection;
    try {
      for (const topic of await subscribeAll(client, answerTopics)) {
        onProblem("the uplink broker refuses a subscription", { topic });
      }
    } catch (error) {
      // With the next connection it is tried again.
      if (client.connected) {
        onProblem("the uplink broker refuses subscriptions", { problem: messageOf(error) });
      }
    }
  }

  async #run(): Promise<void> {
    await this.#connection.connected;
    while (!this.#stop.signal.aborted) {
      const count = Math.min(BATCH_MAX.count, this.#receiveMax);
      const messages = this.#spool.head({ ...BATCH_MAX, count });
      const lost = this.#spool.takeLost();
      if (lost > 0) this.#options.onDropped(lost);
      if (messages.length === 0) {
        if (this.#isStopping) return;
        this.#arrival = Promise.withResolvers();
        if (this.#spool.count === 0 && !this.#isStopping) await this.#arrival.promise;
        continue;
      }
      await Promise.all(messages.map((message) => this.#publish(message)));
      if (this.#stop.signal.aborted) return;
      this.#spool.release(messages.length);
    }
  }

  /** Over lost connections as well: mqtt.js sends again, in order, what is not acknowledged. */
  async #publish({ topic, payload }: SpooledMessage): Promise<void> {
    try {
      await this.#connection.client.publishAsync(topic, payload as never, { qos: 1 });
      this.#options.onPublished();
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#options.onRefused(messageOf(error));
    }
  }
}
