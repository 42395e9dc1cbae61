/**
 * From messages taken in to the log: a bounded buffer, and one loop that judges, appends and then
 * acknowledges. Batches are appended one after the other in the order of arrival, so each
 * household's records keep theirs; while one is under way the next gathers.
 *
 *   offer ─▶ buffer ─▶ validate ─▶ append, until the log has it ─▶ acknowledge ─┐
 *     ▲ full: wait       ▲──────────────────────────────────────────────────────┘
 */
import { setTimeout as delay } from "node:timers/promises";
import { hasCode, messageOf, WattstreamError } from "../../shared/errors.ts";
import type { Appender, NewRecord } from "../../shared/log/log.ts";
import { backoffMs } from "../../shared/mqtt/connect.ts";
import type { TopicLayout } from "../../shared/mqtt/topics.ts";
import type { Metrics } from "../../shared/service/metrics.ts";
import { type HeldAck, sendHeldAcks } from "./held_ack.ts";
import { addSettled, type bridgeMetrics, type Settled } from "./metrics.ts";
import { type ArrivedMessage, validate } from "./validate.ts";

/** Bounds of one append. */
const BATCH_MESSAGES_MAX = 2000;
const BATCH_BYTES_MAX = 512 * 1024;
/** Payloads in the buffer; the flag bounds the number of messages. */
const BUFFER_BYTES_MAX = 64 * 1024 * 1024;

/** A message taken in from the broker. */
export interface IncomingMessage extends ArrivedMessage {
  /** The acknowledgement that a QoS 1 message is owed. */
  readonly held: HeldAck | undefined;
  /** The broker has sent it before; it is not necessarily in the log. */
  readonly dup: boolean;
  /** The broker had it stored, it is not new. */
  readonly retained: boolean;
}

/** What intake works with. */
export interface IntakeParts {
  readonly appender: Appender;
  readonly layout: TopicLayout;
  readonly metrics: Metrics<typeof bridgeMetrics>;
  readonly bufferMessagesMax: number;
  /** Hears why the log does not take records, and `undefined` once it does again. */
  readonly onLogState: (problem: string | undefined) => void;
  /** ms, for durations. */
  readonly elapsedMs: () => number;
  /** A number in [0, 1) for the jitter. */
  readonly random: () => number;
}

export class Intake {
  readonly #parts: IntakeParts;
  #buffer: IncomingMessage[] = [];
  #bufferBytes = 0;
  /** Messages of the batch that is being appended. */
  #inHand: readonly IncomingMessage[] = [];
  #isStopping = false;
  #arrival: PromiseWithResolvers<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Messages taken in that are not settled yet. */
  get pendingCount(): number {
    return this.#buffer.length + this.#inHand.length;
  }

  /** Those of them that the broker keeps until they are acknowledged. */
  get unacknowledgedCount(): number {
    const isOwed = ({ held }: IncomingMessage) => held !== undefined;
    return this.#buffer.filter(isOwed).length + this.#inHand.filter(isOwed).length;
  }

  /** Takes a message in. Where the result is a promise, offer the next one once it resolves. */
  offer(message: IncomingMessage): Promise<void> | undefined {
    this.#buffer.push(message);
    this.#bufferBytes += message.payload.length;
    this.#arrival?.resolve();
    if (this.#hasRoom()) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Lets `run` end once everything taken in is settled. */
  stop(): void {
    this.#isStopping = true;
    this.#arrival?.resolve();
  }

  /**
   * Appends what is offered, until `stop()`. A log that is away is tried again for as long as it
   * takes, or until `giveUp` aborts.
   * @throws WattstreamError `unavailable` when given up, another code where waiting does not help.
   */
  async run(giveUp: AbortSignal): Promise<void> {
    while (await this.#nextBatch()) {
      const settled: Settled[] = [];
      const records: NewRecord[] = [];
      for (const message of this.#inHand) {
        const verdict = validate(message, this.#parts.layout);
        settled.push({ message, verdict });
        if (!message.retained) records.push(verdict.record);
      }
      this.#showBacklog();
      if (records.length > 0) await this.#append(records, giveUp);
      sendHeldAcks(this.#inHand.flatMap((message) => message.held ?? []));
      this.#inHand = [];
      addSettled(this.#parts.metrics, settled);
      this.#showBacklog();
    }
  }

  /** Takes the next messages in hand; false when there are none and never will be. */
  async #nextBatch(): Promise<boolean> {
    while (this.#buffer.length === 0) {
      if (this.#isStopping) return false;
      this.#arrival = Promise.withResolvers();
      await this.#arrival.promise;
    }
    let bytes = 0;
    let count = 0;
    while (count < Math.min(this.#buffer.length, BATCH_MESSAGES_MAX)) {
      bytes += this.#buffer[count]!.payload.length;
      if (count > 0 && bytes > BATCH_BYTES_MAX) break;
      count++;
    }
    this.#inHand = this.#buffer.splice(0, count);
    for (const { payload } of this.#inHand) this.#bufferBytes -= payload.length;
    if (this.#hasRoom()) {
      this.#room?.resolve();
      this.#room = undefined;
    }
    return true;
  }

  async #append(records: readonly NewRecord[], giveUp: AbortSignal): Promise<void> {
    const { appender, metrics, onLogState, elapsedMs, random } = this.#parts;
    for (let attempt = 0;; attempt++) {
      const startedMs = elapsedMs();
      try {
        await appender.append(records);
        onLogState(undefined);
        return;
      } catch (error) {
        if (!hasCode(error, "unavailable")) throw error;
        onLogState(messageOf(error));
        metrics.add("wattstream_bridge_append_failures_total", 1);
        await delay(backoffMs(attempt, random()), undefined, { signal: giveUp }).catch(() => {
          throw new WattstreamError("unavailable", `The log is away: ${messageOf(error)}`, {
            cause: error,
          });
        });
      } finally {
        metrics.observe("wattstream_bridge_append_seconds", (elapsedMs() - startedMs) / 1000);
        this.#showBacklog();
      }
    }
  }

  #hasRoom(): boolean {
    return this.#buffer.length < this.#parts.bufferMessagesMax &&
      this.#bufferBytes < BUFFER_BYTES_MAX;
  }

  #showBacklog(): void {
    const { metrics } = this.#parts;
    metrics.set("wattstream_bridge_buffered", this.pendingCount);
    metrics.set("wattstream_bridge_unacknowledged", this.unacknowledgedCount);
  }
}
