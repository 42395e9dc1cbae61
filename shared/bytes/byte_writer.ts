/**
 * Writes bytes one behind the other into one growing array, which is used again. A hot place: no
 * object is made for what is written.
 */
import { copyMemory, Memory } from "./memory.ts";

const FIRST_CAPACITY = 1 << 12;
const DIGIT_ZERO = 0x30;
const MINUS = 0x2d;
/** UTF-8 bytes of one UTF-16 unit. */
const UNIT_BYTES_MAX = 3;

const encoder = new TextEncoder();

export class ByteWriter {
  length = 0;
  #memory = new Memory(new Uint8Array(FIRST_CAPACITY));

  /** What is written is `[0, length)` of it; another one after more was written than fits. */
  get memory(): Memory {
    return this.#memory;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#memory.bytes;
  }

  /** Starts again from the front. */
  clear(): void {
    this.length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#memory.bytes[this.length++] = value;
  }

  /** Copies `source[start, end)`, which may not be this writer's. */
  copy(source: Memory, start = 0, end: number = source.bytes.length): void {
    const size = end - start;
    this.#reserve(size);
    copyMemory(source, start, end, this.#memory, this.length);
    this.length += size;
  }

  /** Copies all of a view, which is quicker where it is used again and again. */
  put(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#memory.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A whole number in decimal digits. */
  whole(value: number): void {
    if (value < 0) {
      this.byte(MINUS);
      value = -value;
    }
    const digits = digitCount(value);
    this.#reserve(digits);
    const { bytes } = this.#memory;
    let at = this.length += digits;
    // Below 2^31 the divisions are those of small integers, which are much quicker.
    for (; value >= 2 ** 31; value = Math.floor(value / 10)) bytes[--at] = DIGIT_ZERO + value % 10;
    for (let rest = value | 0;;) {
      const tenth = (rest / 10) | 0;
      bytes[--at] = DIGIT_ZERO + rest - tenth * 10;
      if (tenth === 0) return;
      rest = tenth;
    }
  }

  /** Text as UTF-8. */
  text(text: string): void {
    this.#reserve(text.length * UNIT_BYTES_MAX);
    this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
  }

  #reserve(size: number): void {
    const needed = this.length + size;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.length));
    this.#memory = new Memory(grown);
  }
}

function digitCount(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count++;
  return count;
}
