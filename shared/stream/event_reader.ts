/**
 * Reads events from the bytes that a log holds: by the scanner where it recognises them, and else by
 * the schema, which says what is wrong with the rest.
 */
import { EventScanner } from "../bytes/event_scanner.ts";
import type { NamesAhead, ScannedEvent } from "../bytes/scanned_event.ts";
import {
  type Decoded,
  decodeEvent,
  type DeviceState,
  deviceStateSchema,
  type Reading,
  readingSchema,
} from "../events.ts";
import type { RecordPlaces } from "../log/record_places.ts";

export class EventReader {
  readonly #scanner = new EventScanner();
  readonly #decoded: Decoded<ScannedEvent> = { ok: true, event: this.#scanner.event };

  /**
   * The reading in the value of a record; the event is filled anew with the next one.
   * @param names that the value is known to begin with
   */
  reading(records: RecordPlaces, index: number, names?: NamesAhead): Decoded<ScannedEvent> {
    const scanner = this.#scanner;
    const isKnown = records.hasValue(index) &&
      scanner.reading(records.bytes, records.valueStart(index), records.valueEnd(index), names);
    if (isKnown && scanner.hasTimestamp) return this.#decoded;
    return this.#filled(decodeEvent(readingSchema, records.value(index)));
  }

  /** The same of a device state. */
  deviceState(records: RecordPlaces, index: number, names?: NamesAhead): Decoded<ScannedEvent> {
    const scanner = this.#scanner;
    const isKnown = records.hasValue(index) &&
      scanner.deviceState(records.bytes, records.valueStart(index), records.valueEnd(index), names);
    if (isKnown && scanner.hasTimestamp) return this.#decoded;
    return this.#filled(decodeEvent(deviceStateSchema, records.value(index)));
  }

  #filled(decoded: Decoded<Reading | DeviceState>): Decoded<ScannedEvent> {
    if (!decoded.ok) return decoded;
    this.#scanner.event.fill(decoded.event);
    return this.#decoded;
  }
}
