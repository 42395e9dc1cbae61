/**
 * From messages taken in to the log: a bounded buffer, and one loop that judges, appends and then
 * acknowledges. Batches are appended one after the other in the order of arrival, so each
 * household's records keep theirs; while one is under way the next gathers.
 *
 *   offer ─▶ buffer ─▶ validate ─▶ append, until the log has it ─▶ acknowledge ─┐
 *     │        ▲ ▲        ▲─────────────────────────────────────────────────────┘
 *     └▶ spool ──┘     the log is away, or the buffer full: QoS 0 goes by way of the spool, and all
 *                      that comes later goes behind it; QoS 1 stays with the broker
 */
import { setImmediate } from "node:timers";
import type { Appender } from "../../shared/log/log.ts";
import type { TopicLayout } from "../../shared/mqtt/topics.ts";
import type { Metrics } from "../../shared/service/metrics.ts";
import { appendInOrder, type DatedRecord } from "./append_order.ts";
import { sendHeldAcks } from "./held_ack.ts";
import {
  copyOf,
  type Entry,
  type IncomingMessage,
  MessageBuffer,
  NO_PAYLOAD,
} from "./message_buffer.ts";
import type { bridgeMetrics, DropReason } from "./metrics.ts";
import { isOfShare, type Share } from "./share.ts";
import type { Spool } from "./spool.ts";
import { Tally } from "./tally.ts";
import { TopicIndex } from "./topic_index.ts";
import { type ArrivedMessage, validate } from "./validate.ts";

/** Bounds of what one append takes from the buffer, and from the spool. */
const BATCH_MAX = { count: 2000, bytes: 512 * 1024 };
/** Messages gathered for one write to the spool; usually it is what one read of the socket gave. */
const OVERFLOW_MAX = 2000;

/** What intake works with. */
export interface IntakeParts {
  readonly appender: Appender;
  readonly layout: TopicLayout;
  readonly share: Share;
  readonly metrics: Metrics<typeof bridgeMetrics>;
  /** Bound of the messages in the buffer, for those of QoS 0 and for the others. */
  readonly bufferMessagesMax: number;
  readonly spool: Spool | undefined;
  /** Hears why the log does not take records, and `undefined` once it does again. */
  readonly onLogState: (problem: string | undefined) => void;
  /** Hears of messages that are lost. */
  readonly onDrop: (reason: DropReason, count: number) => void;
  /** ms, for durations. */
  readonly elapsedMs: () => number;
  /** A number in [0, 1) for the jitter. */
  readonly random: () => number;
}

/** What is being appended. */
interface Batch {
  readonly entries: readonly Entry[];
  /** Of them, those that the broker keeps. */
  readonly heldCount: number;
  /** Messages at the head of the spool that the batch holds too. */
  spooledCount: number;
}

const NOTHING: Batch = { entries: [], heldCount: 0, spooledCount: 0 };

export class Intake {
  readonly #parts: IntakeParts;
  readonly #topics: TopicIndex;
  readonly #buffer: MessageBuffer;
  readonly #tally = new Tally();
  /** QoS 0 on its way to the spool. */
  #overflow: Entry[] = [];
  #inHand: Batch = NOTHING;
  #isAway = false;
  #isStopping = false;
  #arrival: PromiseWithResolvers<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#topics = new TopicIndex(parts.layout, parts.share);
    this.#buffer = new MessageBuffer(parts.bufferMessagesMax);
  }

  /** Messages taken in that are not settled yet, without those in the spool. */
  get pendingCount(): number {
    return this.#buffer.count + this.#overflow.length + this.#inHand.entries.length;
  }

  /** Those of them that the broker keeps until they are acknowledged. */
  get unacknowledgedCount(): number {
    return this.#buffer.heldCount + this.#inHand.heldCount;
  }

  /** Those of them that exist nowhere else. */
  get atRiskCount(): number {
    const { entries, heldCount, spooledCount } = this.#inHand;
    const unsaved = Math.max(0, entries.length - heldCount - spooledCount);
    return this.#buffer.unheldCount + this.#overflow.length + unsaved;
  }

  /** Takes a message in. Where the result is a promise, offer the next one once it resolves. */
  offer(message: IncomingMessage): Promise<void> | undefined {
    const known = this.#topics.lookUp(message.topic);
    const { arrivedMs, held, dup, retained } = message;
    const passedOver = retained ? "retained" : known.isOurs === false ? "other_share" : undefined;
    const payload = passedOver === undefined ? copyOf(message.payload) : NO_PAYLOAD;
    const entry: Entry = { topic: known.topic, payload, arrivedMs, held, dup, known, passedOver };
    this.#arrival?.resolve();
    if (held === undefined) {
      this.#offerUnheld(entry);
      return undefined;
    }
    // What is passed over waits in line as well: acknowledgements go out in the order of arrival.
    this.#buffer.push(entry);
    if (this.#buffer.hasRoomForHeld) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Brings what only this process has to the disk: from now on a SIGKILL loses none of it. */
  logIsAway(problem: string): void {
    const { spool, metrics } = this.#parts;
    this.#parts.onLogState(problem);
    if (this.#isAway) return;
    this.#isAway = true;
    // What is in hand out of the spool is there still, and then the buffer holds no QoS 0.
    if (spool === undefined || this.#inHand.spooledCount > 0) return;
    const inHand = this.#inHand.entries.filter(({ held, passedOver }) =>
      held === undefined && passedOver === undefined
    );
    const all = [...inHand, ...this.#buffer.unheld()];
    // All of it is older than what the spool holds already.
    if (all.length === 0 || !spool.prepend(all)) return;
    metrics.add("wattstream_bridge_spooled_total", all.length);
    this.#inHand.spooledCount = inHand.length;
    this.#buffer.removeUnheld();
    this.#showBacklog();
  }

  /** Lets `run` end once everything taken in is settled or in the spool. */
  stop(): void {
    this.#isStopping = true;
    this.#flushOverflow();
    this.#arrival?.resolve();
  }

  /**
   * Appends what is offered, until `stop()`. A log that is away is tried again for as long as it
   * takes, or until `giveUp` aborts.
   * @throws WattstreamError `unavailable` when given up, another code where waiting does not help.
   */
  async run(giveUp: AbortSignal): Promise<void> {
    const { spool } = this.#parts;
    while (await this.#nextBatch()) {
      const settled = new Tally();
      const records = this.#judge(this.#inHand.entries, settled);
      this.#showBacklog();
      if (records.length > 0) await this.#append(records, giveUp);
      sendHeldAcks(this.#inHand.entries.flatMap(({ held }) => held ?? []));
      spool?.release(this.#inHand.spooledCount);
      this.#inHand = NOTHING;
      settled.flush(this.#parts.metrics);
      this.#showBacklog();
    }
  }

  #offerUnheld(entry: Entry): void {
    if (entry.passedOver !== undefined) return this.#settle(entry, entry.passedOver);
    const { spool } = this.#parts;
    const isBehind = spool !== undefined && (this.#isAway || !spool.isEmpty);
    if (!isBehind && this.#overflow.length === 0 && this.#buffer.hasRoomForUnheld) {
      return this.#buffer.push(entry);
    }
    this.#overflow.push(entry);
    if (this.#overflow.length === 1) setImmediate(() => this.#flushOverflow());
    if (this.#overflow.length >= OVERFLOW_MAX) this.#flushOverflow();
  }

  /** Writes to the spool, or else to the buffer where nothing older is in the spool. */
  #flushOverflow(): void {
    const entries = this.#overflow;
    this.#overflow = [];
    const { spool, metrics, onDrop } = this.#parts;
    const { count, problem } = spool?.write(entries) ?? { count: 0 };
    const reason = problem ?? "buffer_full";
    let dropped = 0;
    for (const entry of entries.slice(count)) {
      if ((spool === undefined || spool.isEmpty) && this.#buffer.hasRoomForUnheld) {
        this.#buffer.push(entry);
      } else {
        dropped++;
        this.#settle(entry, reason);
      }
    }
    if (dropped > 0) onDrop(reason, dropped);
    metrics.add("wattstream_bridge_spooled_total", count);
    this.#showBacklog();
    this.#arrival?.resolve();
  }

  #settle({ dup, known }: Entry, outcome: Parameters<Tally["count"]>[1]): void {
    this.#tally.count(known.match?.kind, outcome);
    if (dup) this.#tally.redelivered++;
  }

  /** Takes the next messages in hand; false when there are none and never will be. */
  async #nextBatch(): Promise<boolean> {
    for (;;) {
      const batch = this.#takeBatch();
      if (batch.entries.length > 0) {
        this.#inHand = batch;
        return true;
      }
      this.#showBacklog();
      if (this.#isStopping) return false;
      this.#arrival = Promise.withResolvers();
      await this.#arrival.promise;
    }
  }

  #takeBatch(): Batch {
    const { spool } = this.#parts;
    const entries = this.#buffer.take(BATCH_MAX);
    const heldCount = entries.filter(({ held }) => held !== undefined).length;
    if (this.#room !== undefined && this.#buffer.hasRoomForHeld) {
      this.#room.resolve();
      this.#room = undefined;
    }
    // QoS 0 that is still in the buffer is older than what the spool holds. The next process takes
    // the spool where this one stops.
    if (spool === undefined || this.#isStopping || this.#buffer.unheldCount > 0) {
      return { entries, heldCount, spooledCount: 0 };
    }
    const spooled = spool.head(BATCH_MAX);
    const lost = spool.takeLost();
    for (let index = 0; index < lost; index++) this.#tally.count(undefined, "spool_failed");
    if (lost > 0) this.#parts.onDrop("spool_failed", lost);
    for (const message of spooled) entries.push(this.#entryOf(message));
    return { entries, heldCount, spooledCount: spooled.length };
  }

  #entryOf(message: ArrivedMessage): Entry {
    const known = this.#topics.lookUp(message.topic);
    return {
      topic: known.topic,
      payload: message.payload,
      arrivedMs: message.arrivedMs,
      held: undefined,
      dup: false,
      known,
      passedOver: known.isOurs === false ? "other_share" : undefined,
    };
  }

  /** The records of these messages, which are counted in `settled`. */
  #judge(entries: readonly Entry[], settled: Tally): DatedRecord[] {
    const { layout, share } = this.#parts;
    const records: DatedRecord[] = [];
    for (const entry of entries) {
      const { dup, known, passedOver } = entry;
      if (dup) settled.redelivered++;
      if (passedOver !== undefined) {
        settled.count(known.match?.kind, passedOver);
        continue;
      }
      const verdict = validate(entry, layout, known.match);
      const { record, username, timestampS, kind, refusal, isStamped } = verdict;
      if (known.isOurs === undefined && !isOfShare(share, record.key)) {
        settled.count(kind, "other_share");
        continue;
      }
      settled.count(kind, refusal ?? "appended");
      if (isStamped) settled.stamped++;
      records.push({ record, username, timestampS });
    }
    return records;
  }

  async #append(records: readonly DatedRecord[], giveUp: AbortSignal): Promise<void> {
    await appendInOrder(records, {
      ...this.#parts,
      onAway: (problem) => this.logIsAway(problem),
      onAttempt: () => this.#showBacklog(),
      giveUp,
    });
    this.#isAway = false;
    this.#parts.onLogState(undefined);
  }

  #showBacklog(): void {
    const { metrics, spool } = this.#parts;
    this.#tally.flush(metrics);
    metrics.set("wattstream_bridge_buffered", this.pendingCount);
    metrics.set("wattstream_bridge_unacknowledged", this.unacknowledgedCount);
    if (spool === undefined) return;
    metrics.set("wattstream_bridge_spool_messages", spool.count);
    metrics.set("wattstream_bridge_spool_bytes", spool.bytes);
  }
}
