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
import { decodeClosed, encodeClosed } from "../../shared/stream/closed_memory.ts";
import { PREDICTIONS_TOPIC } from "../../shared/topics.ts";
import type { ScannedEvent } from "../../shared/bytes/scanned_event.ts";
import type {
  Household,
  HouseholdParts,
  HouseholdSink,
  Verdict,
} from "../../shared/stream/household.ts";
import type { HouseholdName } from "../../shared/stream/household_name.ts";
import { HeldReadings } from "./held_readings.ts";
import type { WindowWriter } from "./window_json.ts";

export interface WindowSettings {
  readonly windowS: number;
  readonly slideS: number;
  readonly latenessS: number;
  /** Windows with fewer readings are not emitted. */
  readonly minReadings: number;
}

export class WindowHousehold implements Household<ScannedEvent> {
  /** Windows that end by this second are closed. */
  closedS: number;
  readonly #name: HouseholdName;
  readonly #sink: HouseholdSink;
  readonly #settings: WindowSettings;
  readonly #writer: WindowWriter;
  /** Those that an open window holds. */
  readonly #readings: HeldReadings;

  /** `writer` is that of all households. */
  constructor(
    { name, memory, sink, arena }: HouseholdParts,
    settings: WindowSettings,
    writer: WindowWriter,
  ) {
    this.closedS = decodeClosed(memory);
    this.#name = name;
    this.#sink = sink;
    this.#settings = settings;
    this.#writer = writer;
    this.#readings = new HeldReadings(arena);
  }

  accept(reading: ScannedEvent, _input: number, place: number): Verdict {
    const { windowS, latenessS } = this.#settings;
    const timestamp = reading.timestamp;
    if (this.#lastStart(timestamp) + windowS <= this.closedS) return "late";
    const readings = this.#readings;
    let index = readings.count;
    while (index > 0 && readings.timestamp(index - 1) > timestamp) index--;
    if (index > 0 && readings.timestamp(index - 1) === timestamp) return "duplicate";
    const isPartlyLate = this.#firstStart(timestamp) + windowS <= this.closedS;
    readings.insert(index, reading, place);
    this.#closeUpTo(timestamp - latenessS);
    return isPartlyLate ? "partly_late" : "used";
  }

  close(): void {
    const { count } = this.#readings;
    if (count === 0) return;
    const newest = this.#readings.timestamp(count - 1);
    this.#closeUpTo(this.#lastStart(newest) + this.#settings.windowS);
    this.#sink.remember(this.#name, encodeClosed(this.closedS));
  }

  release(): void {
    this.#readings.release();
  }

  oldestPlace(): number {
    const readings = this.#readings;
    let oldest = Infinity;
    for (let index = 0; index < readings.count; index++) {
      const place = readings.place(index);
      if (place < oldest) oldest = place;
    }
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
      this.#firstStart(readings.timestamp(0)),
      this.#firstStart(this.closedS),
    );
    for (; start + windowS <= endS; start += slideS) {
      first = readings.indexFrom(start, first);
      if (first === readings.count) break;
      const oldest = readings.timestamp(first);
      if (oldest >= start + windowS) start = this.#firstStart(oldest);
      if (start + windowS > endS) break;
      end = readings.indexFrom(start + windowS, end);
      if (end - first >= minReadings) this.#emit(start, first, end);
    }
    this.closedS = endS;
    let done = 0;
    while (
      done < readings.count && this.#lastStart(readings.timestamp(done)) + windowS <= endS
    ) done++;
    if (done > 0) readings.drop(done);
  }

  /** Emits the window from `startS` with the readings `[first, end)`. */
  #emit(startS: number, first: number, end: number): void {
    const writer = this.#sink.begin(this.#name, PREDICTIONS_TOPIC);
    this.#writer.write(writer, startS, this.#readings, first, end);
    this.#sink.end();
  }
}
