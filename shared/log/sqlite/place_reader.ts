/**
 * Records of a partition as places: SQLite itself joins their keys and values, and their numbers, so
 * that a fetch makes three objects. A row that becomes one, with two arrays, costs three times as much,
 * and memory that only a full collection gives back.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { RecordPlaces } from "../record_places.ts";

/** What to read of a partition; the first record always fits. */
export interface PlaceSpan {
  readonly partition: number;
  readonly fromOffset: number;
  readonly countMax: number;
  /** Keys and values. */
  readonly bytesMax: number;
}

interface NumbersRow {
  /** Offset, append time, length of key and of value of each record, joined by commas; -1: it has none. */
  readonly numbers: string | null;
  /** Records that have headers. */
  readonly headedCount: number;
}

interface HeadersRow {
  readonly offset: number;
  readonly headers: string;
}

const NUMBERS = 4;
const NO_BYTES = new Uint8Array();

/** With a limit, SQLite joins rows in this order. */
const ROWS =
  `from records where topic = ? and partition = ? and offset >= ? order by offset limit ?`;

export class PlaceReader {
  readonly #selectNumbers: StatementSync;
  readonly #selectBytes: StatementSync;
  readonly #selectHeaders: StatementSync;

  constructor(db: DatabaseSync) {
    this.#selectNumbers = db.prepare(
      `select count(headers) as headedCount, group_concat(
         offset || ',' || append_ms || ',' || ifnull(octet_length(key), -1) || ',' || ifnull(octet_length(value), -1)
       ) as numbers from (select offset, append_ms, key, value, headers ${ROWS})`,
    );
    this.#selectBytes = db.prepare(
      `select cast(group_concat(ifnull(key, '') || ifnull(value, ''), '') as blob) as bytes
       from (select key, value ${ROWS})`,
    );
    this.#selectHeaders = db.prepare(
      `select offset, headers from (select offset, headers ${ROWS}) where headers is not null`,
    );
  }

  /** To be called within one state of the file. */
  read(topic: { readonly id: number; readonly name: string }, span: PlaceSpan): RecordPlaces {
    const { partition, fromOffset, countMax, bytesMax } = span;
    const source = { topic: topic.name, partition };
    const { numbers: text, headedCount } = this.#selectNumbers
      .get(topic.id, partition, fromOffset, countMax) as unknown as NumbersRow;
    const numbers: number[] = JSON.parse(`[${text ?? ""}]`);
    const count = countWithin(numbers, bytesMax);
    if (count === 0) return new RecordPlaces(source, NO_BYTES, 0);
    const row = this.#selectBytes.get(topic.id, partition, fromOffset, count);
    const places = new RecordPlaces(source, row!.bytes as Uint8Array, count);
    addAll(places, numbers, count);
    if (headedCount > 0) {
      const rows = this.#selectHeaders.all(topic.id, partition, fromOffset, count);
      setHeaders(places, rows as unknown as readonly HeadersRow[]);
    }
    return places;
  }
}

/** How many records have so many bytes; one at least, where there is one. */
function countWithin(numbers: readonly number[], bytesMax: number): number {
  let bytes = 0;
  for (let at = 0; at < numbers.length; at += NUMBERS) {
    bytes += Math.max(numbers[at + 2]!, 0) + Math.max(numbers[at + 3]!, 0);
    if (bytes > bytesMax && at > 0) return at / NUMBERS;
  }
  return numbers.length / NUMBERS;
}

function addAll(places: RecordPlaces, numbers: readonly number[], count: number): void {
  let start = 0;
  for (let at = 0; at < NUMBERS * count; at += NUMBERS) {
    const index = places.add(numbers[at]!, numbers[at + 1]!);
    const [keyLength, valueLength] = [numbers[at + 2]!, numbers[at + 3]!];
    if (keyLength >= 0) places.setKey(index, start, start += keyLength);
    if (valueLength >= 0) places.setValue(index, start, start += valueLength);
  }
}

/** Of rows in the order of the records. */
function setHeaders(places: RecordPlaces, rows: readonly HeadersRow[]): void {
  let index = 0;
  for (const { offset, headers } of rows) {
    while (places.offset(index) < offset) index++;
    places.setHeaders(index, JSON.parse(headers));
  }
}
