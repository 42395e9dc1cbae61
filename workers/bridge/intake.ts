/**
 * From messages taken in to the log: a bounded buffer, and one loop that judges, appends and then
 * acknowledges. Batches are appended one after the other in the order of arrival, so each
 * household's records keep theirs; while one is under way the next gathers.
 *
 *   offer ─▶ buffer ─▶ validate ─▶ append, until the log has it ─▶ acknowledge
 *              │          ▲
 *              └▶ spool ──┘   the log takes no record for a while: what is in hand and in the buffer,
 *                   │         and all that comes later, goes by way of the spool, until it is empty
 *                   └─▶ sync ─▶ acknowledge
 *
 * What is in hand is the oldest, then comes the spool, then the buffer.
 */
import { setImmediate } from "node:timers";
import { WattstreamError } from "../../shared/errors.ts";
import type { TopicLayout } from "../../shared/mqtt/topics.ts";
import { observeDelays } from "./append_delays.ts";
import { AppendOrder, type DatedRecord } from "./append_order.ts";
import { Batch } from "./batch.ts";
import { Entries } from "./entries.ts";
import { gathered } from "./gathered.ts";
import { sendHeldAcks } from "./held_ack.ts";
import { judge } from "./judge.ts";
import { BATCH_MAX, type Entry, type IncomingMessage, MessageBuffer } from "./message_buffer.ts";
import type { MessageTraces } from "./message_traces.ts";
import type { DropReason } from "./metrics.ts";
import type { PatientAppendParts } from "./patient_append.ts";
import type { Share } from "./share.ts";
import type { Spool } from "../../shared/spool/spool.ts";
import { SpoolWriter } from "./spool_writer.ts";
import { Tally } from "./tally.ts";
import { TopicIndex } from "./topic_index.ts";

/** What one append takes from the spool: less, so that what comes meanwhile is not kept waiting. */
const DRAINED_MAX = { count: 2000, bytes: 512 * 1024 };
/** Messages gathered for one write to the spool; usually it is what one read of the socket gave. */
const GATHERED_MAX = 2000;
/**
 * Messages in hand for so long go by way of the spool. A broker as it comes drops what exceeds 1,000
 * behind those on their way: at 2,000 households that is soon.
 */
const SPOOL_AFTER_MS = 500;
/** A spool that took nothing is tried again after this. */
const RETRY_MS = 1000;

/** What intake works with. */
export interface IntakeParts extends Omit<PatientAppendParts, "onAway" | "onAttempt" | "giveUp"> {
  readonly layout: TopicLayout;
  readonly share: Share;
  /** Bound of the messages in the buffer, for those of QoS 0 and for the others. */
  readonly bufferMessagesMax: number;
  readonly spool: Spool | undefined;
  readonly traces?: MessageTraces | undefined;
  /** Hears why the log does not take records, and `undefined` once it does again. */
  readonly onLogState: (problem: string | undefined) => void;
  /** Hears of messages that are lost. */
  readonly onDrop: (reason: DropReason, count: number) => void;
  /** ms since 1970. */
  readonly nowMs: () => number;
}

export class Intake {
  readonly #parts: IntakeParts;
  readonly #entries: Entries;
  readonly #buffer: MessageBuffer;
  readonly #writer: SpoolWriter | undefined;
  readonly #tally = new Tally();
  readonly #order = new AppendOrder();
  #inHand = new Batch([]);
  /** What comes goes to the spool, until the log has taken the batch in hand. */
  #isSpooling = false;
  #isStopping = false;
  #leavesNothing = false;
  /** Messages that have come since the last write to the spool, while one is due. */
  #gatheredCount = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #arrival: PromiseWithResolvers<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#entries = new Entries(new TopicIndex(parts.layout, parts.share));
    this.#buffer = new MessageBuffer(parts.bufferMessagesMax);
    this.#writer = parts.spool && new SpoolWriter(parts.spool, parts.metrics);
  }

  /** Messages taken in that are not settled yet, without those in the spool that are not in hand. */
  get pendingCount(): number {
    return this.#buffer.count + this.#inHand.entries.length;
  }

  /** Messages that the broker keeps until they are acknowledged. */
  get unacknowledgedCount(): number {
    const spooled = this.#writer?.owedCount ?? 0;
    return this.#buffer.heldCount + this.#inHand.heldAcks.length + spooled;
  }

  /** Messages that exist nowhere else. */
  get atRiskCount(): number {
    const { unsaved, heldAcks } = this.#inHand;
    return this.#buffer.unheldCount + unsaved.length - heldAcks.length;
  }

  /** Takes a message in. Where the result is a promise, offer the next one once it resolves. */
  offer(message: IncomingMessage): Promise<void> | undefined {
    const entry = this.#entries.arrived(message);
    const { held, passedOver } = entry;
    this.#arrival?.resolve();
    if (held === undefined && passedOver !== undefined) {
      this.#settle(entry, passedOver);
      return undefined;
    }
    // What is passed over waits in line as well: acknowledgements go out in the order of arrival.
    this.#buffer.push(entry);
    if (this.#isBehind) this.#spillSoon();
    if (held === undefined || this.#buffer.hasRoomForHeld) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Brings what only this process or the broker has to the disk: a SIGKILL loses none of it. */
  logIsAway(problem: string): void {
    this.#parts.onLogState(problem);
    this.#startSpooling();
  }

  /**
   * Lets `run` end once everything taken in is settled or in the spool.
   * @param leaveNothing what is in the spool as well: nobody will come for it.
   */
  stop(leaveNothing = false): void {
    this.#isStopping = true;
    this.#leavesNothing ||= leaveNothing;
    clearTimeout(this.#retryTimer);
    this.#spill();
    this.#arrival?.resolve();
  }

  /** Resolves once the spool has what it was given for good, and that is acknowledged. */
  async close(): Promise<void> {
    clearTimeout(this.#retryTimer);
    await this.#writer?.settled();
  }

  /**
   * Appends what is offered, until `stop()`. A log that is away is tried again for as long as it
   * takes, or until `giveUp` aborts.
   * @throws WattstreamError `unavailable` when given up, another code where waiting does not help.
   */
  async run(giveUp: AbortSignal): Promise<void> {
    while (await this.#nextBatch(giveUp)) {
      const settled = new Tally();
      const records = judge(this.#inHand.entries, this.#parts, settled);
      this.#showBacklog();
      if (records.length > 0) await this.#append(records, giveUp);
      this.#settleBatch();
      this.#parts.traces?.end();
      settled.flush(this.#parts.metrics);
      this.#showBacklog();
    }
    if (this.#buffer.count === 0) return;
    throw new WattstreamError("unavailable", "The log is too slow, and the spool full or failing");
  }

  /** Whether what is in the buffer belongs into the spool: to go behind it, or for want of room. */
  get #isBehind(): boolean {
    const { spool } = this.#parts;
    return this.#isSpooling || !this.#buffer.hasRoomForUnheld || !this.#buffer.hasRoomForHeld ||
      (spool !== undefined && spool.count > this.#inHand.spooledCount);
  }

  #startSpooling(): void {
    if (this.#isSpooling || this.#parts.spool === undefined) return;
    this.#isSpooling = true;
    this.#spill();
  }

  #spillSoon(): void {
    this.#gatheredCount++;
    if (this.#gatheredCount === 1) setImmediate(() => this.#spill());
    if (this.#gatheredCount >= GATHERED_MAX) this.#spill();
  }

  /** Moves the buffer into the spool where it belongs there, and drops what nothing has room for. */
  #spill(): void {
    this.#gatheredCount = 0;
    const problem = this.#isBehind ? this.#save() : undefined;
    const dropped = this.#buffer.dropExcess();
    if (dropped.length > 0) {
      const reason = problem ?? "buffer_full";
      for (const entry of dropped) this.#settle(entry, reason);
      this.#parts.onDrop(reason, dropped.length);
    }
    if (problem !== undefined && !this.#isStopping) {
      clearTimeout(this.#retryTimer);
      this.#retryTimer = setTimeout(() => this.#spill(), RETRY_MS);
    }
    this.#makeRoom();
    this.#showBacklog();
    this.#arrival?.resolve();
  }

  /** Writes what is in hand and then the buffer to the spool. Gives why it does not take all. */
  #save(): DropReason | undefined {
    if (this.#writer === undefined) return undefined;
    const saved = this.#writer.write(this.#inHand.unsaved);
    this.#inHand.save(saved);
    return saved.problem ?? this.#writer.writeAll(this.#buffer, ({ known, passedOver, dup }) => {
      if (passedOver !== undefined) this.#tally.count(known.match?.kind, passedOver);
      if (dup) this.#tally.redelivered++; // the spool does not keep that
    });
  }

  #settle({ dup, known }: Entry, outcome: Parameters<Tally["count"]>[1]): void {
    this.#tally.count(known.match?.kind, outcome);
    if (dup) this.#tally.redelivered++;
  }

  #makeRoom(): void {
    if (this.#room === undefined || !this.#buffer.hasRoomForHeld) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  /** Takes the next messages in hand; false when there are none and never will be. */
  async #nextBatch(giveUp: AbortSignal): Promise<boolean> {
    for (;;) {
      await gathered(() => this.#buffer.count);
      this.#inHand = this.#takeBatch(giveUp);
      if (this.#inHand.entries.length > 0) return true;
      this.#showBacklog();
      if (this.#isStopping) return false;
      this.#arrival = Promise.withResolvers();
      await this.#arrival.promise;
    }
  }

  #takeBatch(giveUp: AbortSignal): Batch {
    const { spool, onDrop } = this.#parts;
    if (this.#buffer.hasExcess) this.#spill();
    if (spool !== undefined && !spool.isEmpty) {
      if (this.#isStopping && this.#isSpoolLeft(giveUp)) return new Batch([]);
      const entries = spool.head(DRAINED_MAX).map((message) => this.#entries.spooled(message));
      const lost = spool.takeLost();
      for (let index = 0; index < lost; index++) this.#tally.count(undefined, "spool_failed");
      if (lost > 0) onDrop("spool_failed", lost);
      if (entries.length > 0) return new Batch(entries, entries.length);
    }
    const batch = new Batch(this.#buffer.take(BATCH_MAX));
    this.#makeRoom();
    return batch;
  }

  /** The next process takes the spool where this one stops; but what is behind it would be lost. */
  #isSpoolLeft(giveUp: AbortSignal): boolean {
    return giveUp.aborted || (!this.#leavesNothing && this.#buffer.count === 0);
  }

  /** What is in hand is in the log. */
  #settleBatch(): void {
    const { spooledCount, heldAcks } = this.#inHand;
    this.#inHand = new Batch([]);
    this.#parts.spool?.release(spooledCount);
    this.#writer?.acknowledge();
    sendHeldAcks(heldAcks);
    // Where the spool was full, there is room again.
    if (this.#buffer.count > 0 && this.#isBehind) this.#spillSoon();
  }

  async #append(records: readonly DatedRecord[], giveUp: AbortSignal): Promise<void> {
    const timer = setTimeout(() => this.#startSpooling(), SPOOL_AFTER_MS);
    try {
      await this.#order.append(records, {
        ...this.#parts,
        onAway: (problem) => this.logIsAway(problem),
        ...{ onAttempt: () => this.#showBacklog(), giveUp },
      });
    } finally {
      clearTimeout(timer);
    }
    this.#isSpooling = false;
    observeDelays(records, this.#inHand.entries, this.#parts);
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
