/**
 * The sliding windows of one household, in event time: `[s, s + window)` for every s that is a
 * multiple of `slide`. Pure: no log, no clock.
 *
 *   window 15, lateness 5, readings at 100 and 102 … 119, then 120, then 101:
 *
 *   reading   ●   ● ● … ● ●        ●                  ○
 *             100 102   118 119    120                101
 *   closes                         [100,115)          partly late: joins [101,116) alone,
 *   closedS                  114   115                since the others end by 115
 */
import type { HouseholdIdentity, Reading } from "../../shared/events.ts";
import type { Household, HouseholdSink, Verdict } from "../../shared/stream/household.ts";
import { encodeClosed } from "../../shared/stream/closed_memory.ts";
import { PREDICTIONS_TOPIC } from "../../shared/topics.ts";
import { JoinedTexts } from "./joined_texts.ts";

export interface WindowSettings {
  readonly windowS: number;
  readonly slideS: number;
  readonly latenessS: number;
  /** Windows with fewer readings are not emitted. */
  readonly minReadings: number;
}

interface HeldReading {
  readonly timestamp: number;
  readonly place: number;
}

export class WindowHousehold implements Household<Reading> {
  /** Windows that end by this second are closed. */
  closedS: number;
  readonly #identity: HouseholdIdentity;
  readonly #settings: WindowSettings;
  readonly #sink: HouseholdSink;
  /** The start of every window's JSON. */
  readonly #prefix: string;
  /** The readings that an open window holds, ascending by timestamp, and their texts. */
  readonly #readings: HeldReading[] = [];
  readonly #timestampTexts = new JoinedTexts();
  readonly #consumptionTexts = new JoinedTexts();

  constructor(
    identity: HouseholdIdentity,
    closedS: number,
    settings: WindowSettings,
    sink: HouseholdSink,
  ) {
    this.#identity = identity;
    this.closedS = closedS;
    this.#settings = settings;
    this.#sink = sink;
    const { client_id, username } = identity;
    this.#prefix = `${JSON.stringify({ client_id, username }).slice(0, -1)},"window_start":`;
  }

  accept(reading: Reading, _input: number, place: number): Verdict {
    const { windowS, latenessS } = this.#settings;
    const timestamp = reading.timestamp;
    if (this.#lastStart(timestamp) + windowS <= this.closedS) return "late";
    const readings = this.#readings;
    let index = readings.length;
    while (index > 0 && readings[index - 1]!.timestamp > timestamp) index--;
    if (index > 0 && readings[index - 1]!.timestamp === timestamp) return "duplicate";
    const isPartlyLate = this.#firstStart(timestamp) + windowS <= this.closedS;
    const held = { timestamp, place };
    if (index === readings.length) readings.push(held);
    else readings.splice(index, 0, held);
    this.#timestampTexts.insert(index, String(timestamp));
    this.#consumptionTexts.insert(index, String(reading.consumption));
    this.#closeUpTo(timestamp - latenessS);
    return isPartlyLate ? "partly_late" : "used";
  }

  close(): void {
    const newest = this.#readings.at(-1);
    if (newest === undefined) return;
    this.#closeUpTo(this.#lastStart(newest.timestamp) + this.#settings.windowS);
    this.#sink.remember(this.#identity, encodeClosed(this.closedS));
  }

  get isOpen(): boolean {
    return this.#readings.length > 0;
  }

  /** A reading's outcome is settled as soon as it is taken in. */
  readonly heldCount = 0;

  oldestPlace(): number {
    let oldest = Infinity;
    for (const { place } of this.#readings) if (place < oldest) oldest = place;
    return oldest;
  }

  /** Start of the last window that a second belongs to. */
  #lastStart(second: number): number {
    const { slideS } = this.#settings;
    return Math.floor(second / slideS) * slideS;
  }

  /** Start of the first window that a second belongs to; none starts before 1970. */
  #firstStart(second: number): number {
    const { slideS, windowS } = this.#settings;
    return Math.max(0, (Math.floor((second - windowS) / slideS) + 1) * slideS);
  }

  /** Closes the windows that end by `endS`, in order of start, and lets go of what only they held. */
  #closeUpTo(endS: number): void {
    if (endS <= this.closedS) return;
    const { slideS, windowS, minReadings } = this.#settings;
    const readings = this.#readings;
    let first = 0;
    let end = 0;
    // The windows that hold something: none before the first reading's, none that has closed.
    let start = Math.max(
      this.#firstStart(readings[0]!.timestamp),
      this.#firstStart(this.closedS),
    );
    for (; start + windowS <= endS; start += slideS) {
      while (first < readings.length && readings[first]!.timestamp < start) first++;
      if (first === readings.length) break;
      const oldest = readings[first]!.timestamp;
      if (oldest >= start + windowS) start = this.#firstStart(oldest);
      if (start + windowS > endS) break;
      while (end < readings.length && readings[end]!.timestamp < start + windowS) end++;
      if (end - first >= minReadings) this.#emit(start, first, end);
    }
    this.closedS = endS;
    let done = 0;
    while (
      done < readings.length && this.#lastStart(readings[done]!.timestamp) + windowS <= endS
    ) done++;
    if (done === 0) return;
    if (done === 1) readings.shift();
    else readings.splice(0, done);
    this.#timestampTexts.drop(done);
    this.#consumptionTexts.drop(done);
  }

  /** Emits the window from `startS` with the readings `[first, end)`. */
  #emit(startS: number, first: number, end: number): void {
    const endS = startS + this.#settings.windowS;
    this.#sink.emit(this.#identity, {
      topic: PREDICTIONS_TOPIC,
      value: `${this.#prefix}${startS},"window_end":${endS},"timestamps":[${
        this.#timestampTexts.slice(first, end)
      }],"consumption":[${this.#consumptionTexts.slice(first, end)}]}`,
    });
  }
}
