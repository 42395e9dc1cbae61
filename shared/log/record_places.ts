/**
 * Records of one partition as places in one array of bytes. A task reads a million records a second
 * if it has to, so none of them is an object before someone asks for it.
 *
 *   bytes    … home-1 {"client_id":"home-1",…} home-2 {"client_id":"home-2",…} …
 *   places     key    value                    key    value
 */
import { Memory } from "../bytes/memory.ts";
import { type Fetched, type LogRecord, NO_HEADERS } from "./log.ts";

type Headers = LogRecord["headers"];
/** Of which partition records are. */
type Source = Pick<LogRecord, "topic" | "partition">;

/** Where a key or value starts that is null. */
const NULL = -1;

/** Numbers of a record: offset, append time, start and end of its key, start and end of its value. */
const OFFSET = 0;
const APPEND_MS = 1;
const KEY_START = 2;
const KEY_END = 3;
const VALUE_START = 4;
const VALUE_END = 5;
const NUMBERS = 6;

/** Room that is kept whatever is to lie in it, in bytes or numbers. */
const KEPT_MAX = 1 << 17;

export class RecordPlaces {
  #source: Source;
  #memory: Memory;
  #count = 0;
  #numbers: Float64Array;
  /** Of the few that have any. */
  #headers: Map<number, Headers> | undefined;

  /** Room for `capacity` records of a partition, whose keys and values lie in `bytes`. */
  constructor(
    source: Source,
    bytes: Uint8Array,
    capacity: number,
  ) {
    this.#source = source;
    this.#memory = new Memory(bytes);
    this.#numbers = capacity === 0 ? NO_NUMBERS : new Float64Array(NUMBERS * capacity);
  }

  get topic(): string {
    return this.#source.topic;
  }

  get partition(): number {
    return this.#source.partition;
  }

  /** Where keys and values lie. */
  get memory(): Memory {
    return this.#memory;
  }

  /** The bytes of {@link memory}. */
  get bytes(): Uint8Array {
    return this.#memory.bytes;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds a record, whose key, value and headers are to follow. Returns its index. */
  add(offset: number, appendMs: number): number {
    const index = this.#count++;
    const numbers = this.#numbers;
    const at = NUMBERS * index;
    numbers[at + OFFSET] = offset;
    numbers[at + APPEND_MS] = appendMs;
    numbers[at + KEY_START] = NULL;
    numbers[at + VALUE_START] = NULL;
    return index;
  }

  /** Says where the key of a record lies that has one. */
  setKey(index: number, start: number, end: number): void {
    this.#numbers[NUMBERS * index + KEY_START] = start;
    this.#numbers[NUMBERS * index + KEY_END] = end;
  }

  /** The same of its value. */
  setValue(index: number, start: number, end: number): void {
    this.#numbers[NUMBERS * index + VALUE_START] = start;
    this.#numbers[NUMBERS * index + VALUE_END] = end;
  }

  setHeaders(index: number, headers: Headers): void {
    this.#headers ??= new Map();
    this.#headers.set(index, headers);
  }

  offset(index: number): number {
    return this.#numbers[NUMBERS * index + OFFSET]!;
  }

  /** When the log took the record, ms since 1970. */
  appendMs(index: number): number {
    return this.#numbers[NUMBERS * index + APPEND_MS]!;
  }

  /**
   * Takes the records of others in place of its own, into memory that it uses again and again: views of
   * what was there before are void then.
   */
  copy(other: RecordPlaces): void {
    this.#source = other.#source;
    this.#count = other.#count;
    this.#headers = other.#headers;
    const numbers = other.#numbers.subarray(0, NUMBERS * other.#count);
    if (isUnfit(this.#numbers, numbers)) this.#numbers = new Float64Array(roomFor(numbers));
    this.#numbers.set(numbers);
    const { bytes } = other;
    if (isUnfit(this.bytes, bytes)) this.#memory = new Memory(new Uint8Array(roomFor(bytes)));
    this.bytes.set(bytes);
  }

  hasKey(index: number): boolean {
    return this.keyStart(index) !== NULL;
  }

  /** Where its key starts and ends in `bytes`, if it has one. */
  keyStart(index: number): number {
    return this.#numbers[NUMBERS * index + KEY_START]!;
  }

  keyEnd(index: number): number {
    return this.#numbers[NUMBERS * index + KEY_END]!;
  }

  hasValue(index: number): boolean {
    return this.valueStart(index) !== NULL;
  }

  /** Where its value starts and ends in `bytes`, if it has one. */
  valueStart(index: number): number {
    return this.#numbers[NUMBERS * index + VALUE_START]!;
  }

  valueEnd(index: number): number {
    return this.#numbers[NUMBERS * index + VALUE_END]!;
  }

  /** The indexes of records that have headers. */
  headed(): Iterable<number> {
    return this.#headers?.keys() ?? [];
  }

  headers(index: number): Headers {
    return this.#headers?.get(index) ?? NO_HEADERS;
  }

  /** Its key as a view of the bytes; null where it has none. */
  key(index: number): Uint8Array | null {
    if (!this.hasKey(index)) return null;
    return this.bytes.subarray(this.keyStart(index), this.keyEnd(index));
  }

  /** The same of its value. */
  value(index: number): Uint8Array | null {
    if (!this.hasValue(index)) return null;
    return this.bytes.subarray(this.valueStart(index), this.valueEnd(index));
  }

  /** A record as an object. */
  record(index: number): LogRecord {
    return {
      topic: this.topic,
      partition: this.partition,
      offset: this.offset(index),
      appendMs: this.appendMs(index),
      key: this.key(index),
      value: this.value(index),
      headers: this.headers(index),
    };
  }
}

const NO_NUMBERS = new Float64Array();

/** Whether an array is too small for another one, or so large that it is not worth keeping. */
function isUnfit(own: ArrayLike<number>, other: ArrayLike<number>): boolean {
  return own.length < other.length || own.length > KEPT_MAX + 2 * other.length;
}

function roomFor({ length }: ArrayLike<number>): number {
  return Math.ceil(1.25 * length);
}

const NO_BYTES = new Uint8Array();

/** Records that lie anywhere, gathered in bytes of their own. */
export function gatherPlaces(
  source: Source,
  records: readonly Omit<LogRecord, "topic" | "partition">[],
): RecordPlaces {
  if (records.length === 0) return new RecordPlaces(source, NO_BYTES, 0);
  const size = records.reduce(
    (sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0),
    0,
  );
  const bytes = new Uint8Array(size);
  const places = new RecordPlaces(source, bytes, records.length);
  let at = 0;
  for (const { offset, appendMs, key, value, headers } of records) {
    const index = places.add(offset, appendMs);
    if (headers !== NO_HEADERS) places.setHeaders(index, headers);
    if (key !== null) {
      bytes.set(key, at);
      places.setKey(index, at, at += key.length);
    }
    if (value !== null) {
      bytes.set(value, at);
      places.setValue(index, at, at += value.length);
    }
  }
  return places;
}

/** What was fetched, as places and, for who asks, as objects. */
export class FetchedRecords implements Fetched {
  readonly places: RecordPlaces;
  readonly nextOffset: number;
  readonly atEndMs: number | undefined;
  #records: readonly LogRecord[] | undefined;

  constructor(
    places: RecordPlaces,
    { nextOffset, atEndMs }: Pick<Fetched, "nextOffset" | "atEndMs">,
  ) {
    this.places = places;
    this.nextOffset = nextOffset;
    this.atEndMs = atEndMs;
  }

  get records(): readonly LogRecord[] {
    const { places } = this;
    return this.#records ??= Array.from(
      { length: places.count },
      (_, index) => places.record(index),
    );
  }
}
