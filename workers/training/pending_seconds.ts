/**
 * The seconds of a household that are not final, and final ones without a partner that are still held:
 * ascending, in one slab, an entry a second. What is taken out at the front leaves its place free until
 * there is no other, so that not every second moves all others.
 *
 *   │ timestamp 8 │ place 8 │ known 1 │ devices 1 │ length 1 │ watts as text 25 │ bitmap 4 or 32 │
 */
import type { Arena, Slab } from "../../shared/bytes/arena.ts";
import { copyBytes } from "../../shared/bytes/byte_range.ts";
import type { ScannedEvent } from "../../shared/bytes/scanned_event.ts";

const DOUBLE_BYTES = 8;
const PLACE_AT = 8;
const KNOWN_AT = 16;
/** Devices less one, so that 256 fit. */
const DEVICES_AT = 17;
const LENGTH_AT = 18;
const WATTS_AT = 19;
/** Longest text of a number: `-0.0000012345678901234567`. */
const WATTS_BYTES_MAX = 25;
const BITMAP_AT = WATTS_AT + WATTS_BYTES_MAX;
/** Bytes of an entry whose bitmap is short, as most are, and of one whose bitmap is of any length. */
const SHORT_ENTRY_BYTES = BITMAP_AT + 4;
const ENTRY_BYTES_MAX = BITMAP_AT + 36;

const HAS_POWER = 1;
const HAS_STATES = 2;
const FIRST_COUNT = 4;

export class PendingSeconds {
  readonly #arena: Arena;
  #slab: Slab;
  #entryBytes = SHORT_ENTRY_BYTES;
  #count = 0;
  /** Places that are free at the front. */
  #dropped = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#slab = arena.take(FIRST_COUNT * this.#entryBytes);
  }

  get count(): number {
    return this.#count;
  }

  timestamp(index: number): number {
    return this.#slab.page.doubles[this.#start(index) / DOUBLE_BYTES]!;
  }

  /** Place of the first of its records. */
  place(index: number): number {
    return this.#slab.page.doubles[(this.#start(index) + PLACE_AT) / DOUBLE_BYTES]!;
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
    const { bytes, doubles } = this.#slab.page;
    const start = this.#start(index);
    const end = this.#start(this.#count);
    if (start < end) bytes.copyWithin(start + this.#entryBytes, start, end);
    doubles[start / DOUBLE_BYTES] = timestamp;
    doubles[(start + PLACE_AT) / DOUBLE_BYTES] = place;
    bytes[start + KNOWN_AT] = 0;
    this.#count++;
  }

  setPower(index: number, { consumption }: ScannedEvent): void {
    const { bytes } = this.#slab.page;
    const start = this.#start(index);
    bytes[start + KNOWN_AT]! |= HAS_POWER;
    bytes[start + LENGTH_AT] = consumption.length;
    copyBytes(consumption.bytes, consumption.start, consumption.end, bytes, start + WATTS_AT);
  }

  setStates(index: number, { bits, bitCount }: ScannedEvent): void {
    const size = bitmapBytes(bitCount);
    if (BITMAP_AT + size > this.#entryBytes) this.#makeRoom(ENTRY_BYTES_MAX);
    const { bytes } = this.#slab.page;
    const start = this.#start(index);
    bytes[start + KNOWN_AT]! |= HAS_STATES;
    bytes[start + DEVICES_AT] = bitCount - 1;
    copyBytes(bits, 0, size, bytes, start + BITMAP_AT);
  }

  /** Devices in the bitmap of a second that has one. */
  deviceCount(index: number): number {
    return this.#slab.page.bytes[this.#start(index) + DEVICES_AT]! + 1;
  }

  /** Copies the bitmap to `target` from `at` on. Returns where it ends. */
  copyBitmap(index: number, target: Uint8Array, at: number): number {
    const start = this.#start(index) + BITMAP_AT;
    const size = bitmapBytes(this.deviceCount(index));
    copyBytes(this.#slab.page.bytes, start, start + size, target, at);
    return at + size;
  }

  /** The same of the power as text. */
  copyWatts(index: number, target: Uint8Array, at: number): number {
    const { bytes } = this.#slab.page;
    const start = this.#start(index);
    const size = bytes[start + LENGTH_AT]!;
    copyBytes(bytes, start + WATTS_AT, start + WATTS_AT + size, target, at);
    return at + size;
  }

  /** Takes out an entry near the front. */
  remove(index: number): void {
    const front = this.#start(0);
    if (index > 0) {
      const { bytes } = this.#slab.page;
      bytes.copyWithin(front + this.#entryBytes, front, this.#start(index));
    }
    this.#count--;
    this.#dropped = this.#count === 0 ? 0 : this.#dropped + 1;
  }

  release(): void {
    this.#arena.give(this.#slab);
  }

  #start(index: number): number {
    return this.#slab.start + (this.#dropped + index) * this.#entryBytes;
  }

  #known(index: number): number {
    return this.#slab.page.bytes[this.#start(index) + KNOWN_AT]!;
  }

  /** Makes room for one more entry, and all of them so long. */
  #makeRoom(entryBytes: number): void {
    const source = this.#slab;
    const needed = (this.#count + 1) * entryBytes;
    const isLonger = entryBytes > this.#entryBytes;
    if (!isLonger && this.#dropped * entryBytes + needed <= source.size) return;
    // With less than a quarter gained, they would be moved again too soon.
    if (isLonger || needed > source.size * 0.75) {
      this.#moveTo(this.#arena.take(1.5 * needed), entryBytes);
    } else source.page.bytes.copyWithin(source.start, this.#start(0), this.#start(this.#count));
    this.#dropped = 0;
  }

  /** Moves all to another slab, where an entry has so many bytes. */
  #moveTo(target: Slab, entryBytes: number): void {
    const source = this.#slab;
    for (let index = 0; index < this.#count; index++) {
      const start = this.#start(index);
      const entry = source.page.bytes.subarray(start, start + this.#entryBytes);
      target.page.bytes.set(entry, target.start + index * entryBytes);
    }
    this.#slab = target;
    this.#entryBytes = entryBytes;
    this.#arena.give(source);
  }
}

/** Bytes of a bitmap of so many devices. */
export function bitmapBytes(deviceCount: number): number {
  return (deviceCount + 7) >> 3;
}
