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
import type { Reading } from "../../shared/events.ts";
import type { Household, HouseholdSink, Verdict } from "../../shared/stream/household.ts";

export interface WindowSettings {
  readonly windowS: number;
  readonly slideS: number;
  readonly latenessS: number;
  /** Windows with fewer readings are not emitted. */
  readonly minReadings: number;
}

export class WindowHousehold implements Household<Reading> {
  /** Windows that end by this second are closed. */
  closedS: number;
  readonly #clientId: string;
  readonly #settings: WindowSettings;
  readonly #sink: HouseholdSink;
  /** The start of every window's JSON. */
  readonly #prefix: string;
  // The readings that an open window holds, ascending by timestamp, as parallel lists. A value is
  // turned into text once, though it stands in fifteen windows.
  readonly #timestamps: number[] = [];
  readonly #consumptionTexts: string[] = [];
  readonly #usernames: string[] = [];
  readonly #places: number[] = [];

  constructor(clientId: string, closedS: number, settings: WindowSettings, sink: HouseholdSink) {
    this.#clientId = clientId;
    this.closedS = closedS;
    this.#settings = settings;
    this.#sink = sink;
    this.#prefix = `{"client_id":${JSON.stringify(clientId)},"username":`;
  }

  accept(reading: Reading, _input: number, place: number): Verdict {
    const { windowS, latenessS } = this.#settings;
    const timestamp = reading.timestamp;
    if (this.#lastStart(timestamp) + windowS <= this.closedS) return "late";
    let index = this.#timestamps.length;
    while (index > 0 && this.#timestamps[index - 1]! > timestamp) index--;
    if (index > 0 && this.#timestamps[index - 1] === timestamp) return "duplicate";
    const isPartlyLate = this.#firstStart(timestamp) + windowS <= this.closedS;
    this.#timestamps.splice(index, 0, timestamp);
    this.#consumptionTexts.splice(index, 0, String(reading.consumption));
    this.#usernames.splice(index, 0, reading.username);
    this.#places.splice(index, 0, place);
    this.#closeUpTo(timestamp - latenessS);
    return isPartlyLate ? "partly_late" : "used";
  }

  close(): void {
    const newest = this.#timestamps.at(-1);
    if (newest === undefined) return;
    this.#closeUpTo(this.#lastStart(newest) + this.#settings.windowS);
    this.#sink.remember(this.#clientId, this.closedS);
  }

  get isOpen(): boolean {
    return this.#timestamps.length > 0;
  }

  /** A reading's outcome is settled as soon as it is taken in. */
  readonly heldCount = 0;

  oldestPlace(): number {
    let oldest = Infinity;
    for (const place of this.#places) if (place < oldest) oldest = place;
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
    const timestamps = this.#timestamps;
    let first = 0;
    let end = 0;
    // The windows that hold something: none before the first reading's, none that has closed.
    let start = Math.max(
      this.#firstStart(timestamps[0]!),
      this.#firstStart(this.closedS),
    );
    for (; start + windowS <= endS; start += slideS) {
      while (first < timestamps.length && timestamps[first]! < start) first++;
      if (first === timestamps.length) break;
      if (timestamps[first]! >= start + windowS) start = this.#firstStart(timestamps[first]!);
      if (start + windowS > endS) break;
      while (end < timestamps.length && timestamps[end]! < start + windowS) end++;
      if (end - first >= minReadings) this.#emit(start, first, end);
    }
    this.closedS = endS;
    let done = 0;
    while (
      done < timestamps.length && this.#lastStart(timestamps[done]!) + windowS <= endS
    ) done++;
    if (done === 0) return;
    timestamps.splice(0, done);
    this.#consumptionTexts.splice(0, done);
    this.#usernames.splice(0, done);
    this.#places.splice(0, done);
  }

  /** Emits the window from `startS` with the readings `[first, end)`. */
  #emit(startS: number, first: number, end: number): void {
    let timestamps = String(this.#timestamps[first]);
    let consumption = this.#consumptionTexts[first]!;
    for (let index = first + 1; index < end; index++) {
      timestamps += `,${this.#timestamps[index]}`;
      consumption += `,${this.#consumptionTexts[index]}`;
    }
    // A household that has changed hands is its last reading's user's.
    const username = JSON.stringify(this.#usernames[end - 1]);
    this.#sink.emit(
      this.#clientId,
      `${this.#prefix}${username},"window_start":${startS},"window_end":${
        startS + this.#settings.windowS
      },"timestamps":[${timestamps}],"consumption":[${consumption}]}`,
    );
  }
}
