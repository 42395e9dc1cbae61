/**
 * The seconds of a household that are not final, and final ones without a partner that are still held:
 * ascending, in one slab, an entry a second. What is taken out at the front leaves its place free until
 * there is no other, so that not every second moves all others.
 *
 *   │ timestamp 8 │ place 8 │ known 1 │ devices 1 │ length 1 │ watts as text 9 │ bitmap 4  │
 *   │ the same where a text or a bitmap is longer            │ watts as text 25│ bitmap 32 │
 */
import { type Arena, Slab } from "../../shared/bytes/arena.ts";
import { copyBytes } from "../../shared/bytes/byte_range.ts";
import type { ScannedEvent } from "../../shared/bytes/scanned_event.ts";

const DOUBLE_BYTES = 8;
const PLACE_AT = 8;
const KNOWN_AT = 16;
/** Devices less one, so that 256 fit. */
const DEVICES_AT = 17;
const LENGTH_AT = 18;
const WATTS_AT = 19;
/** Bytes of the text of a number: of most, `-12345.67` among them, and of the longest, `-0.0000012345678901234567`. */
const SHORT_WATTS_BYTES = 9;
const WATTS_BYTES_MAX = 25;
/** Bytes of an entry for short texts and bitmaps, and of one for those of any length. */
const SHORT_ENTRY_BYTES = WATTS_AT + SHORT_WATTS_BYTES + 4;
const ENTRY_BYTES_MAX = WATTS_AT + WATTS_BYTES_MAX + 36;

const HAS_POWER = 1;
const HAS_STATES = 2;
const FIRST_COUNT = 8;

export class PendingSeconds extends Slab {
  #entryBytes = SHORT_ENTRY_BYTES;
  #count = 0;
  /** Places that are free at the front. */
  #dropped = 0;

  constructor(arena: Arena) {
    super(arena, FIRST_COUNT * SHORT_ENTRY_BYTES);
  }

  get count(): number {
    return this.#count;
  }

  timestamp(index: number): number {
    return this.page.doubles[this.#start(index) / DOUBLE_BYTES]!;
  }

  /** Place of the first of its records. */
  place(index: number): number {
    return this.page.doubles[(this.#start(index) + PLACE_AT) / DOUBLE_BYTES]!;
  }

  hasPower(index: number): boolean {
    return (this.#known(index) & HAS_POWER) !== 0;
  }

  hasStates(index: number): boolean {
    return (this.#known(index) & HAS_STATES) !== 0;
  }

  /** Makes an entry of which nothing is known, before the one at `index`. */
  insert(index: number, timestamp: number, place: number): void {
    this.#makeRoom(this.#entryBytes);
    const { bytes, doubles } = this.page;
    const start = this.#start(index);
    const end = this.#start(this.#count);
    if (start < end) bytes.copyWithin(start + this.#entryBytes, start, end);
    doubles[start / DOUBLE_BYTES] = timestamp;
    doubles[(start + PLACE_AT) / DOUBLE_BYTES] = place;
    bytes[start + KNOWN_AT] = 0;
    this.#count++;
  }

  setPower(index: number, { consumption }: ScannedEvent): void {
    if (consumption.length > this.#bitmapAt - WATTS_AT) this.#makeRoom(ENTRY_BYTES_MAX);
    const { bytes } = this.page;
    const start = this.#start(index);
    bytes[start + KNOWN_AT]! |= HAS_POWER;
    bytes[start + LENGTH_AT] = consumption.length;
    copyBytes(consumption.bytes, consumption.start, consumption.end, bytes, start + WATTS_AT);
  }

  setStates(index: number, { bits, bitCount }: ScannedEvent): void {
    const size = bitmapBytes(bitCount);
    if (this.#bitmapAt + size > this.#entryBytes) this.#makeRoom(ENTRY_BYTES_MAX);
    const { bytes } = this.page;
    const start = this.#start(index);
    bytes[start + KNOWN_AT]! |= HAS_STATES;
    bytes[start + DEVICES_AT] = bitCount - 1;
    copyBytes(bits, 0, size, bytes, start + this.#bitmapAt);
  }

  /** Devices in the bitmap of a second that has one. */
  deviceCount(index: number): number {
    return this.page.bytes[this.#start(index) + DEVICES_AT]! + 1;
  }

  /** Copies the bitmap to `target` from `at` on. Returns where it ends. */
  copyBitmap(index: number, target: Uint8Array, at: number): number {
    const start = this.#start(index) + this.#bitmapAt;
    const size = bitmapBytes(this.deviceCount(index));
    copyBytes(this.page.bytes, start, start + size, target, at);
    return at + size;
  }

  /** The same of the power as text. */
  copyWatts(index: number, target: Uint8Array, at: number): number {
    const { bytes } = this.page;
    const start = this.#start(index);
    const size = bytes[start + LENGTH_AT]!;
    copyBytes(bytes, start + WATTS_AT, start + WATTS_AT + size, target, at);
    return at + size;
  }

  /** Takes out an entry near the front. */
  remove(index: number): void {
    const front = this.#start(0);
    if (index > 0) {
      const { bytes } = this.page;
      bytes.copyWithin(front + this.#entryBytes, front, this.#start(index));
    }
    this.#count--;
    this.#dropped = this.#count === 0 ? 0 : this.#dropped + 1;
  }

  #start(index: number): number {
    return this.start + (this.#dropped + index) * this.#entryBytes;
  }

  #known(index: number): number {
    return this.page.bytes[this.#start(index) + KNOWN_AT]!;
  }

  get #bitmapAt(): number {
    return this.#entryBytes === SHORT_ENTRY_BYTES
      ? WATTS_AT + SHORT_WATTS_BYTES
      : WATTS_AT + WATTS_BYTES_MAX;
  }

  /** Makes room for one more entry, and all of them so long. */
  #makeRoom(entryBytes: number): void {
    const { size } = this;
    const needed = (this.#count + 1) * entryBytes;
    const isLonger = entryBytes > this.#entryBytes;
    if (!isLonger && this.#dropped * entryBytes + needed <= size) return;
    // With less than an eighth gained, they would be moved again too soon.
    if (isLonger || needed > size * 0.875) this.#move(1.25 * needed, entryBytes);
    else this.page.bytes.copyWithin(this.start, this.#start(0), this.#start(this.#count));
    this.#dropped = 0;
  }

  /** Moves all to another slab, where an entry has so many bytes. */
  #move(size: number, entryBytes: number): void {
    const bitmapAt = this.#bitmapAt;
    const [formerBytes, first] = [this.#entryBytes, this.#dropped * this.#entryBytes];
    const former = this.takeOther(size);
    this.#entryBytes = entryBytes;
    const { bytes } = former.page;
    for (let index = 0; index < this.#count; index++) {
      const from = former.start + first + index * formerBytes;
      const to = this.start + index * entryBytes;
      this.page.bytes.set(bytes.subarray(from, from + bitmapAt), to);
      const bitmap = bytes.subarray(from + bitmapAt, from + formerBytes);
      this.page.bytes.set(bitmap, to + this.#bitmapAt);
    }
    this.page.arena.give(former);
  }
}

/** Bytes of a bitmap of so many devices. */
export function bitmapBytes(deviceCount: number): number {
  return (deviceCount + 7) >> 3;
}
