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
import type { DeviceState, HouseholdIdentity, Reading } from "../../shared/events.ts";
import type { Household, HouseholdSink, Verdict } from "../../shared/stream/household.ts";
import { encodeClosed } from "../../shared/stream/closed_memory.ts";
import { DATASET_TOPIC } from "../../shared/topics.ts";

export interface SessionSettings {
  readonly latenessS: number;
  /** A larger difference between neighbouring fused seconds ends a session. */
  readonly gapS: number;
  /** A session is emitted if its last second minus its first exceeds this. */
  readonly minDurationS: number;
  /** A second this far from its session's first begins a new one. */
  readonly maxSessionS: number;
}

/** One second of a household, as far as it is known. */
interface Second {
  readonly timestamp: number;
  /** Place of the first of its records. */
  readonly place: number;
  power: { readonly consumption: number } | undefined;
  states: readonly boolean[] | undefined;
}

interface Session {
  readonly startS: number;
  lastS: number;
  readonly timestamps: number[];
  readonly consumption: number[];
  readonly stateBitmaps: (readonly boolean[])[];
  /** Place of the oldest of its records. */
  oldestPlace: number;
}

export class SessionHousehold implements Household<Reading | DeviceState> {
  /** The first second that is not final: the watermark, or where silence closed. */
  closedS: number;
  readonly #identity: HouseholdIdentity;
  readonly #settings: SessionSettings;
  readonly #sink: HouseholdSink;
  /** Ascending: final seconds without a partner that are still held, then those not final. */
  readonly #seconds: Second[] = [];
  #session: Session | undefined;

  constructor(
    identity: HouseholdIdentity,
    closedS: number,
    settings: SessionSettings,
    sink: HouseholdSink,
  ) {
    this.#identity = identity;
    this.closedS = closedS;
    this.#settings = settings;
    this.#sink = sink;
  }

  accept(event: Reading | DeviceState, _input: number, place: number): Verdict {
    if (event.timestamp < this.closedS) return "late";
    const second = this.#second(event.timestamp, place);
    if ("consumption" in event) {
      if (second.power !== undefined) return "duplicate";
      second.power = event;
    } else {
      if (second.states !== undefined) return "duplicate";
      second.states = event.state_bitmap;
    }
    this.#finalizeUpTo(event.timestamp - this.#settings.latenessS);
    return "held";
  }

  close(): void {
    const newest = this.#seconds.at(-1);
    if (newest === undefined || newest.timestamp < this.closedS) return;
    this.#finalizeUpTo(newest.timestamp + 1);
    this.#endSession();
    this.#sink.remember(this.#identity, encodeClosed(this.closedS));
  }

  get isOpen(): boolean {
    return this.#session !== undefined ||
      (this.#seconds.at(-1)?.timestamp ?? -Infinity) >= this.closedS;
  }

  get heldCount(): number {
    let count = 2 * (this.#session?.timestamps.length ?? 0);
    for (const second of this.#seconds) {
      if (second.timestamp >= this.closedS) count += recordCount(second);
    }
    return count;
  }

  oldestPlace(): number {
    let oldest = this.#session?.oldestPlace ?? Infinity;
    for (const second of this.#seconds) if (second.place < oldest) oldest = second.place;
    return oldest;
  }

  /** The entry of a second that is not final, made where there is none. */
  #second(timestamp: number, place: number): Second {
    const seconds = this.#seconds;
    let index = seconds.length;
    while (index > 0 && seconds[index - 1]!.timestamp > timestamp) index--;
    const known = seconds[index - 1];
    if (known?.timestamp === timestamp) return known;
    const second = { timestamp, place, power: undefined, states: undefined };
    seconds.splice(index, 0, second);
    return second;
  }

  /** Makes the seconds before `endS` final, and ends the session that nothing can join any more. */
  #finalizeUpTo(endS: number): void {
    if (endS <= this.closedS) return;
    const seconds = this.#seconds;
    const { gapS, maxSessionS } = this.#settings;
    const wasClosedS = this.closedS;
    this.closedS = endS;
    let kept = 0;
    let index = 0;
    for (; index < seconds.length && seconds[index]!.timestamp < endS; index++) {
      const second = seconds[index]!;
      const isNew = second.timestamp >= wasClosedS;
      if (second.power !== undefined && second.states !== undefined) this.#join(second);
      else {
        if (isNew) this.#sink.settle("unfused", 1);
        // Held on until nothing within reach of a session can be judged by it: in a replay it must
        // still raise the watermark, or a record that was late in life would be taken in.
        if (second.timestamp + gapS >= endS) seconds[kept++] = second;
      }
    }
    seconds.splice(kept, index - kept);
    const session = this.#session;
    if (session === undefined) return;
    if (endS - session.lastS > gapS) this.#endSession();
    else if (endS - session.startS >= maxSessionS) {
      this.#endSession();
      this.#sink.remember(this.#identity, encodeClosed(endS));
    }
  }

  /** Adds the next fused second to the session, or begins a new one with it. */
  #join(second: Second): void {
    const { timestamp, place } = second;
    if (this.#session !== undefined && !this.#continues(this.#session, second)) this.#endSession();
    let session = this.#session;
    if (session === undefined) {
      session = {
        startS: timestamp,
        lastS: timestamp,
        timestamps: [],
        consumption: [],
        stateBitmaps: [],
        oldestPlace: place,
      };
      this.#session = session;
      // Seconds before it are final, but a replay may not know that: what made them so can lie
      // before the rewind point.
      this.#sink.remember(this.#identity, encodeClosed(timestamp));
    }
    session.lastS = timestamp;
    session.timestamps.push(timestamp);
    session.consumption.push(second.power!.consumption);
    session.stateBitmaps.push(second.states!);
    if (place < session.oldestPlace) session.oldestPlace = place;
  }

  /** Whether the next fused second is of this session. */
  #continues(session: Session, { timestamp, states }: Second): boolean {
    const { gapS, maxSessionS } = this.#settings;
    return timestamp - session.lastS <= gapS && timestamp - session.startS < maxSessionS &&
      states!.length === session.stateBitmaps[0]!.length;
  }

  #endSession(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    const recordsHeld = 2 * session.timestamps.length;
    if (session.lastS - session.startS <= this.#settings.minDurationS) {
      this.#sink.settle("short", recordsHeld);
      return;
    }
    this.#sink.settle("used", recordsHeld);
    const { client_id, username } = this.#identity;
    this.#sink.emit(this.#identity, {
      topic: DATASET_TOPIC,
      value: JSON.stringify({
        client_id,
        username,
        session_start: session.startS,
        session_end: session.lastS,
        timestamps: session.timestamps,
        consumption: session.consumption,
        state_bitmaps: session.stateBitmaps,
      }),
    });
  }
}

function recordCount(second: Second): number {
  return (second.power === undefined ? 0 : 1) + (second.states === undefined ? 0 : 1);
}
