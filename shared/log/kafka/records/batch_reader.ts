/**
 * Reads record batches as brokers deliver them: leaves out what was aborted and what is no data, and
 * says where to read on. A hot place: no object is made for a record, and its place is not looked for
 * before someone takes it, so that what was fetched ahead lies in memory as the bytes that it is.
 */
import { compressionsAlgorithms } from "@platformatic/kafka";
import { Buffer } from "node:buffer";
import { messageOf, WattstreamError } from "../../../errors.ts";
import { NO_HEADERS } from "../../log.ts";
import { RecordPlaces } from "../../record_places.ts";
import * as format from "./batch_format.ts";
import { crc32c } from "./crc32c.ts";
import type { AbortedTransaction } from "../cluster/protocol.ts";

/** What was fetched of one partition. */
export interface FetchedBytes {
  readonly topic: string;
  readonly partition: number;
  /** The offset asked for: records below it, which the first batch may hold, are left out. */
  readonly offset: number;
  /** The last batch may be cut off; it is left for the next fetch. */
  readonly bytes: Uint8Array;
  /** Ascending by `firstOffset`. */
  readonly aborted: readonly AbortedTransaction[];
}

/** The batches that count, and where to read on. */
export interface FetchedBatches {
  readonly batches: readonly CountedBatch[];
  readonly nextOffset: number;
}

/** A batch whose records count, from offset `from` on. */
export interface CountedBatch {
  readonly bytes: Buffer;
  readonly place: Place;
  readonly from: number;
}

interface Place {
  readonly topic: string;
  readonly partition: number;
  /** Of the batch's first record. */
  readonly offset: number;
}

/**
 * Checks every whole batch.
 * @throws WattstreamError `topic` where a batch is damaged or of a format that cannot be read.
 */
export function scanBatches(fetched: FetchedBytes): FetchedBatches {
  const bytes = asBuffer(fetched.bytes);
  const batches: CountedBatch[] = [];
  const aborted = new AbortedProducers(fetched.aborted);
  let nextOffset = fetched.offset;
  let at = 0;
  while (bytes.length - at >= format.LENGTH_END) {
    const end = at + format.LENGTH_END + bytes.readInt32BE(at + format.LENGTH_AT);
    if (end > bytes.length) break;
    const batch = bytes.subarray(at, end);
    at = end;
    const baseOffset = readInt64(batch, 0);
    const place = { topic: fetched.topic, partition: fetched.partition, offset: baseOffset };
    checkBatch(batch, place);
    const lastOffset = baseOffset + batch.readInt32BE(format.LAST_OFFSET_DELTA_AT);
    if (lastOffset < nextOffset) continue;
    if (aborted.counts(batch, lastOffset)) {
      batches.push({ bytes: batch, place, from: fetched.offset });
    }
    nextOffset = lastOffset + 1;
  }
  return { batches, nextOffset };
}

/**
 * The places of all their records. The batches are those of one {@link FetchedBytes}.
 * @throws WattstreamError `topic` where a batch cannot be decompressed.
 */
export function readPlaces(
  source: { readonly topic: string; readonly partition: number },
  batches: readonly CountedBatch[],
): RecordPlaces {
  const contents = batches.map(contentOf);
  const isPacked = batches.some((batch) => codecOf(batch.bytes) !== 0);
  const bytes = isPacked ? new Uint8Array(Buffer.concat(contents)) : whole(contents[0]);
  const capacity = batches.reduce(
    (sum, batch) => sum + batch.bytes.readInt32BE(format.COUNT_AT),
    0,
  );
  const places = new RecordPlaces(source, bytes, capacity);
  let at = 0;
  contents.forEach((content, index) => {
    addPlaces(batches[index]!, isPacked ? at : content.byteOffset, places);
    at += content.length;
  });
  return places;
}

/** The records of a batch, without its header. */
function contentOf({ bytes: batch, place }: CountedBatch): Buffer {
  const codec = codecOf(batch);
  return codec === 0 ? batch.subarray(format.RECORDS_AT) : decompress(batch, codec, place);
}

function codecOf(batch: Buffer): number {
  return batch.readInt16BE(format.ATTRIBUTES_AT) & format.COMPRESSION_MASK;
}

/** All of the memory that an answer lies in. */
function whole(bytes: Buffer | undefined): Uint8Array {
  return bytes === undefined ? NO_BYTES : new Uint8Array(bytes.buffer);
}

/** Which producers' records are aborted at the place where the reading stands. */
class AbortedProducers {
  readonly #transactions: readonly AbortedTransaction[];
  readonly #producers = new Set<bigint>();
  #next = 0;

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#transactions = transactions;
  }

  /** Whether the records of the next batch count. */
  counts(batch: Buffer, lastOffset: number): boolean {
    for (; this.#next < this.#transactions.length; this.#next++) {
      const { firstOffset, producerId } = this.#transactions[this.#next]!;
      if (firstOffset > lastOffset) break;
      this.#producers.add(producerId);
    }
    const attributes = batch.readInt16BE(format.ATTRIBUTES_AT);
    if ((attributes & format.TRANSACTIONAL) === 0) return (attributes & format.CONTROL) === 0;
    if ((attributes & format.CONTROL) !== 0) {
      if (markerType(batch) === format.ABORT_MARKER) {
        this.#producers.delete(batch.readBigInt64BE(format.PRODUCER_ID_AT));
      }
      return false;
    }
    return this.#producers.size === 0 ||
      !this.#producers.has(batch.readBigInt64BE(format.PRODUCER_ID_AT));
  }
}

function checkBatch(batch: Buffer, place: Place): void {
  const magic = batch[format.MAGIC_AT];
  if (magic !== format.MAGIC) {
    throw unreadable(
      place,
      `format version ${magic}; only version 2 (Kafka 0.11 and later) is read`,
    );
  }
  const crc = crc32c(batch.subarray(format.ATTRIBUTES_AT));
  if (crc !== batch.readUInt32BE(format.CRC_AT)) throw unreadable(place, "its checksum is wrong");
}

/** The type of a control batch: the second half of its only record's key. */
function markerType(batch: Buffer): number {
  const cursor = new Cursor(batch, format.RECORDS_AT);
  cursor.varint(); // length
  cursor.at++; // attributes
  cursor.varlong(); // time
  cursor.varint(); // offset
  cursor.varint(); // key length
  return batch.readInt16BE(cursor.at + 2);
}

/** Adds the records of a batch, which lie in the bytes of `places` from `start` on. */
function addPlaces(
  { bytes: batch, place, from }: CountedBatch,
  start: number,
  places: RecordPlaces,
): void {
  const isLogTime = (batch.readInt16BE(format.ATTRIBUTES_AT) & format.LOG_APPEND_TIME) !== 0;
  const maxTimeMs = readInt64(batch, format.MAX_TIME_AT);
  const baseTimeMs = readInt64(batch, format.BASE_TIME_AT);
  const count = batch.readInt32BE(format.COUNT_AT);
  const cursor = new Cursor(places.bytes, start);
  for (let left = count; left > 0; left--) {
    const end = cursor.varint() + cursor.at;
    cursor.at++; // attributes, unused
    const timeDelta = cursor.varlong();
    const offset = place.offset + cursor.varint();
    if (offset >= from) {
      const index = places.add(offset, isLogTime ? maxTimeMs : baseTimeMs + timeDelta);
      const keyLength = cursor.varint();
      if (keyLength >= 0) places.setKey(index, cursor.at, cursor.at += keyLength);
      const valueLength = cursor.varint();
      if (valueLength >= 0) places.setValue(index, cursor.at, cursor.at += valueLength);
      const headers = cursor.headers();
      if (headers !== NO_HEADERS) places.setHeaders(index, headers);
    }
    cursor.at = end;
  }
}

function decompress(batch: Buffer, codec: number, place: Place): Buffer {
  const name = format.CODECS[codec];
  if (name === undefined) throw unreadable(place, `compression number ${codec} is unknown`);
  try {
    return asBuffer(
      compressionsAlgorithms[name].decompressSync(batch.subarray(format.RECORDS_AT)),
    );
  } catch (error) {
    throw unreadable(place, `${name} compression: ${messageOf(error)}`, error);
  }
}

function unreadable(place: Place, why: string, cause?: unknown): WattstreamError {
  return new WattstreamError(
    "topic",
    `Skip or remove the record batch at offset ${place.offset} of ${place.topic}/${place.partition}: it cannot be read, ${why}`,
    { cause },
  );
}

const headerText = new TextDecoder();
const NO_BYTES = new Uint8Array();

/** Reads the fields of records one after the other. */
class Cursor {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** A signed number of up to 32 bits, in groups of 7 bits. */
  varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++]!;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[this.at++]!;
      value |= (byte & 0x7f) << shift;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  /** A signed number of up to 64 bits; exact below 2^53. */
  varlong(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++]!;
    let value = byte & 0x7f;
    for (let factor = 128; byte >= 0x80; factor *= 128) {
      byte = bytes[this.at++]!;
      value += (byte & 0x7f) * factor;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Text behind its length; none where it is null. */
  text(): string {
    const length = Math.max(this.varint(), 0);
    this.at += length;
    return headerText.decode(this.#bytes.subarray(this.at - length, this.at));
  }

  /** Where a name comes twice, the last one counts. */
  headers(): Readonly<Record<string, string>> {
    const count = this.varint();
    if (count <= 0) return NO_HEADERS;
    const headers: Record<string, string> = {};
    for (let index = 0; index < count; index++) {
      const name = this.text();
      headers[name] = this.text();
    }
    return headers;
  }
}

function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
