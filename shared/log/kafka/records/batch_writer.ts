/**
 * Writes record batches for one partition: records go straight into one growing buffer, and a batch
 * ends before it grows beyond what a broker takes. A hot place: no object is made for a record.
 */
import { compressionsAlgorithms } from "@platformatic/kafka";
import { Buffer } from "node:buffer";
import { ByteRange, copyBytes } from "../../../bytes/byte_range.ts";
import type { NewData, NewRecord } from "../../log.ts";
import * as format from "./batch_format.ts";
import { crc32c } from "./crc32c.ts";
import type { Compression } from "../cluster/options.ts";

/** Bytes of a batch, before compression; brokers take 1,048,588 unless told otherwise. */
export const BATCH_BYTES_MAX = 1_000_000;

const FIRST_CAPACITY = 16_384;
const NO_BYTES = Buffer.alloc(0);
/** Characters of a text that is looked at one by one. */
const SHORT_TEXT_MAX = 64;

/** Whose batch it is, for the broker to tell repetitions and former owners by. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly isTransactional: boolean;
}

const encoder = new TextEncoder();

/** Collects records of one partition into batches. */
export class BatchWriter {
  readonly #bytesMax: number;
  #buffer: Buffer = NO_BYTES;
  #length = format.RECORDS_AT;
  #count = 0;

  constructor(bytesMax: number = BATCH_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** Records in the batch. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the batch as it stands. */
  get size(): number {
    return this.#count === 0 ? 0 : this.#length;
  }

  /** Adds a record; false where the batch has to be finished first. A first record always fits. */
  add(record: NewRecord): boolean {
    const key = byteLength(record.key);
    const value = byteLength(record.value);
    const headers = record.headers === undefined
      ? NO_HEADER_ENTRIES
      : headerEntries(record.headers);
    // Attributes and time take a byte each: all records of a batch have its time.
    const body = 2 + varintLength(this.#count) + fieldLength(key) + fieldLength(value) +
      headersLength(headers);
    const size = varintLength(body) + body;
    if (this.#count > 0 && this.#length + size > this.#bytesMax) return false;
    this.#reserve(size);
    this.#varint(body);
    this.#buffer[this.#length++] = 0;
    this.#buffer[this.#length++] = 0;
    this.#varint(this.#count);
    this.#field(record.key, key);
    this.#field(record.value, value);
    this.#varint(headers.length);
    for (const [name, text] of headers) {
      this.#field(name, name.length);
      this.#field(text, text.length);
    }
    this.#count++;
    return true;
  }

  /**
   * The batch, from now on the caller's, who signs it with {@link signBatch} and may {@link recycle}
   * it; the next one is empty.
   */
  finish(timeMs: number, compression: Compression): Buffer {
    const { bytes, codec } = this.#compressed(compression);
    bytes.writeBigInt64BE(0n, 0);
    bytes.writeInt32BE(bytes.length - format.LENGTH_END, format.LENGTH_AT);
    bytes.writeInt32BE(-1, format.LEADER_EPOCH_AT);
    bytes[format.MAGIC_AT] = format.MAGIC;
    bytes.writeInt16BE(codec, format.ATTRIBUTES_AT);
    bytes.writeInt32BE(this.#count - 1, format.LAST_OFFSET_DELTA_AT);
    bytes.writeBigInt64BE(BigInt(timeMs), format.BASE_TIME_AT);
    bytes.writeBigInt64BE(BigInt(timeMs), format.MAX_TIME_AT);
    bytes.writeInt32BE(this.#count, format.COUNT_AT);
    this.clear();
    return bytes;
  }

  /** Lets go of the records added since the last batch. */
  clear(): void {
    this.#length = format.RECORDS_AT;
    this.#count = 0;
  }

  /**
   * Takes back the memory of a finished batch that nobody reads any more: to grow a buffer for each
   * batch would be most of what a worker allocates.
   */
  recycle(batch: Uint8Array): void {
    if (this.#buffer === NO_BYTES) this.#buffer = Buffer.from(batch.buffer);
  }

  /** Head room and records, in a buffer of their own. */
  #compressed(compression: Compression): { bytes: Buffer; codec: number } {
    if (compression === "none") {
      const bytes = this.#buffer.subarray(0, this.#length);
      this.#buffer = NO_BYTES;
      return { bytes, codec: 0 };
    }
    const records = this.#buffer.subarray(format.RECORDS_AT, this.#length);
    const packed = compressionsAlgorithms[compression].compressSync(records);
    const bytes = Buffer.allocUnsafe(format.RECORDS_AT + packed.length);
    bytes.set(packed, format.RECORDS_AT);
    return { bytes, codec: format.CODECS.indexOf(compression) };
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, FIRST_CAPACITY, 2 * this.#buffer.length));
    if (this.#count > 0) grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = Buffer.from(grown.buffer);
  }

  #field(data: NewData, length: number): void {
    this.#varint(length);
    if (data === null || length === 0) return;
    if (typeof data === "string") {
      if (length === data.length && length <= SHORT_TEXT_MAX) return this.#ascii(data);
      const { buffer, byteOffset } = this.#buffer;
      encoder.encodeInto(data, new Uint8Array(buffer, byteOffset + this.#length, length));
    } else if (data instanceof ByteRange) {
      copyBytes(data.bytes, data.start, data.end, this.#buffer, this.#length);
    } else this.#buffer.set(data, this.#length);
    this.#length += length;
  }

  /** A text with as many bytes as characters. */
  #ascii(text: string): void {
    const buffer = this.#buffer;
    for (let index = 0; index < text.length; index++) {
      buffer[this.#length++] = text.charCodeAt(index);
    }
  }

  #varint(value: number): void {
    const buffer = this.#buffer;
    let rest = zigzag(value);
    while (rest >= 0x80) {
      buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[this.#length++] = rest;
  }
}

/** Says whose a batch is and which number its first record has. */
export function signBatch(bytes: Buffer, producer: ProducerIdentity, baseSequence: number): void {
  const codec = bytes.readInt16BE(format.ATTRIBUTES_AT) & format.COMPRESSION_MASK;
  const kind = producer.isTransactional ? format.TRANSACTIONAL : 0;
  bytes.writeInt16BE(codec | kind, format.ATTRIBUTES_AT);
  bytes.writeBigInt64BE(producer.producerId, format.PRODUCER_ID_AT);
  bytes.writeInt16BE(producer.epoch, format.PRODUCER_EPOCH_AT);
  bytes.writeInt32BE(baseSequence, format.BASE_SEQUENCE_AT);
  bytes.writeUInt32BE(crc32c(bytes.subarray(format.ATTRIBUTES_AT)), format.CRC_AT);
}

type HeaderEntries = readonly (readonly [Uint8Array, Uint8Array])[];

const NO_HEADER_ENTRIES: HeaderEntries = [];

function headerEntries(headers: Readonly<Record<string, string>>): HeaderEntries {
  return Object.entries(headers).map(([name, text]) =>
    [encoder.encode(name), encoder.encode(text)] as const
  );
}

function headersLength(headers: HeaderEntries): number {
  let length = varintLength(headers.length);
  for (const [name, text] of headers) length += fieldLength(name.length) + fieldLength(text.length);
  return length;
}

/** Bytes of a key or value; -1 where there is none. */
function byteLength(data: NewData): number {
  if (data === null) return -1;
  return typeof data === "string" ? textLength(data) : data.length;
}

/** Bytes of a text in UTF-8. Names are short, and to ask the runtime takes longer than to look. */
function textLength(text: string): number {
  if (text.length > SHORT_TEXT_MAX) return Buffer.byteLength(text);
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) >= 0x80) return Buffer.byteLength(text);
  }
  return text.length;
}

function fieldLength(length: number): number {
  return varintLength(length) + Math.max(length, 0);
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function varintLength(value: number): number {
  const bits = zigzag(value);
  if (bits < 0x80) return 1;
  if (bits < 0x4000) return 2;
  if (bits < 0x20_0000) return 3;
  return bits < 0x1000_0000 ? 4 : 5;
}
