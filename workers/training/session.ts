/**
 * The labelled sessions of one household. Power and state of one second make a fused second; final
 * fused seconds in order make sessions. Pure: no log, no clock.
 *
 *   lateness 5, gap 5; P power, S state, ■ fused:
 *
 *   second      10 ■ 11 ■ 12 P 13 ■ … 45 ■                     51 ■
 *   final           ◀──────────────────────── watermark 51 ──▶│ not final
 *   session     [10 ………………………………………… 45]   ends: 51 − 45 > gap; 12 is unfused
 *
 * A device added or taken away ends a session too: the bitmaps of a dataset all have one length.
 *
 *   second      10 ■2 … 45 ■2 46 ■3 …          sessions [10 … 45] and [46 …
 */
import type { Arena } from "../../shared/bytes/arena.ts";
import { decodeClosed, encodeClosed } from "../../shared/stream/closed_memory.ts";
import { DATASET_TOPIC } from "../../shared/topics.ts";
import type { ScannedEvent } from "../../shared/bytes/scanned_event.ts";
import type {
  Household,
  HouseholdParts,
  HouseholdSink,
  Verdict,
} from "../../shared/stream/household.ts";
import type { HouseholdName } from "../../shared/stream/household_name.ts";
import { writeDataset } from "./dataset_json.ts";
import { FusedSeconds } from "./fused_seconds.ts";
import { PendingSeconds } from "./pending_seconds.ts";

export interface SessionSettings {
  readonly latenessS: number;
  /** A larger difference between neighbouring fused seconds ends a session. */
  readonly gapS: number;
  /** A session is emitted if its last second minus its first exceeds this. */
  readonly minDurationS: number;
  /** A second this far from its session's first begins a new one. */
  readonly maxSessionS: number;
}

export class SessionHousehold implements Household<ScannedEvent> {
  /** The first second that is not final: the watermark, or where silence closed. */
  closedS: number;
  readonly #name: HouseholdName;
  readonly #sink: HouseholdSink;
  readonly #arena: Arena;
  readonly #settings: SessionSettings;
  /** Ascending: final seconds without a partner that are still held, then those not final. */
  readonly #seconds: PendingSeconds;
  #unfusedCount = 0;
  #session: FusedSeconds | undefined;

  constructor({ name, memory, sink, arena }: HouseholdParts, settings: SessionSettings) {
    this.closedS = decodeClosed(memory);
    this.#name = name;
    this.#sink = sink;
    this.#arena = arena;
    this.#settings = settings;
    this.#seconds = new PendingSeconds(arena);
  }

  accept(event: ScannedEvent, _input: number, place: number): Verdict {
    if (event.timestamp < this.closedS) return "late";
    const seconds = this.#seconds;
    const index = this.#indexOf(event.timestamp, place);
    if (event.isReading) {
      if (seconds.hasPower(index)) return "duplicate";
      seconds.setPower(index, event);
    } else {
      if (seconds.hasStates(index)) return "duplicate";
      seconds.setStates(index, event);
    }
    this.#finalizeUpTo(event.timestamp - this.#settings.latenessS);
    return "held";
  }

  close(): void {
    const { count } = this.#seconds;
    if (count === 0) return;
    const newest = this.#seconds.timestamp(count - 1);
    if (newest < this.closedS) return;
    this.#finalizeUpTo(newest + 1);
    this.#endSession();
    this.#sink.remember(this.#name, encodeClosed(this.closedS));
  }

  release(): void {
    this.#seconds.release();
    this.#session?.clear();
  }

  oldestPlace(): number {
    const seconds = this.#seconds;
    let oldest = this.#session?.oldestPlace ?? Infinity;
    for (let index = 0; index < seconds.count; index++) {
      const place = seconds.place(index);
      if (place < oldest) oldest = place;
    }
    return oldest;
  }

  /** Index of the entry of a second that is not final, made where there is none. */
  #indexOf(timestamp: number, place: number): number {
    const seconds = this.#seconds;
    let index = seconds.count;
    while (index > 0 && seconds.timestamp(index - 1) > timestamp) index--;
    if (index > 0 && seconds.timestamp(index - 1) === timestamp) return index - 1;
    seconds.insert(index, timestamp, place);
    return index;
  }

  /** Makes the seconds before `endS` final, and ends the session that nothing can join any more. */
  #finalizeUpTo(endS: number): void {
    if (endS <= this.closedS) return;
    const seconds = this.#seconds;
    const { gapS, maxSessionS } = this.#settings;
    this.closedS = endS;
    while (seconds.count > this.#unfusedCount && seconds.timestamp(this.#unfusedCount) < endS) {
      const index = this.#unfusedCount;
      if (seconds.hasPower(index) && seconds.hasStates(index)) {
        this.#join(index);
        seconds.remove(index);
      } else {
        this.#sink.settle("unfused", 1);
        this.#unfusedCount++;
      }
    }
    // One without a partner is held on until nothing within reach of a session can be judged by it: in
    // a replay it must still raise the watermark, or a record that was late in life would be taken in.
    for (; this.#unfusedCount > 0 && seconds.timestamp(0) + gapS < endS; this.#unfusedCount--) {
      seconds.remove(0);
    }
    const session = this.#session;
    if (session === undefined) return;
    if (endS - session.lastS > gapS) this.#endSession();
    else if (endS - session.startS >= maxSessionS) {
      this.#endSession();
      this.#sink.remember(this.#name, encodeClosed(endS));
    }
  }

  /** Adds the next fused second to the session, or begins a new one with it. */
  #join(index: number): void {
    const timestamp = this.#seconds.timestamp(index);
    if (this.#session !== undefined && !this.#continues(this.#session, index)) this.#endSession();
    let session = this.#session;
    if (session === undefined) {
      const deviceCount = this.#seconds.deviceCount(index);
      const place = this.#seconds.place(index);
      session = new FusedSeconds({ startS: timestamp, deviceCount, place }, this.#arena);
      this.#session = session;
      // Seconds before it are final, but a replay may not know that: what made them so can lie
      // before the rewind point.
      this.#sink.remember(this.#name, encodeClosed(timestamp));
    }
    session.add(this.#seconds, index);
  }

  /** Whether the next fused second is of this session. */
  #continues(session: FusedSeconds, index: number): boolean {
    const { gapS, maxSessionS } = this.#settings;
    const timestamp = this.#seconds.timestamp(index);
    return timestamp - session.lastS <= gapS && timestamp - session.startS < maxSessionS &&
      this.#seconds.deviceCount(index) === session.deviceCount;
  }

  #endSession(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    const sink = this.#sink;
    const isShort = session.lastS - session.startS <= this.#settings.minDurationS;
    sink.settle(isShort ? "short" : "used", 2 * session.count);
    if (!isShort) {
      writeDataset(sink.begin(this.#name, DATASET_TOPIC), session);
      sink.end();
    }
    session.clear();
  }
}
