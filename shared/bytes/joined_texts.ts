/**
 * Texts joined by commas, of which any stretch can be had without joining again: a reading stands in
 * fifteen windows. They lie in one slab, which grows with them:
 *
 *   │ (dropped) 101,102,103 ▸      room      ◂ ends 3 2 1 (0) │
 *
 * The texts grow from the front, where each ends is noted from the back. What is dropped stays until
 * the room is used up, so that not every text moves every other one.
 */
import { type Arena, Slab } from "./arena.ts";
import { type ByteRange, copyBytes } from "./byte_range.ts";
import type { ByteWriter } from "./byte_writer.ts";

const COMMA = 0x2c;
const WORD = 4;
const FIRST_BYTES = 64;

export class JoinedTexts extends Slab {
  /** Bytes of the texts in the slab, and how many these are, with those that are dropped. */
  #length = 0;
  #noted = 0;
  #dropped = 0;

  constructor(arena: Arena) {
    super(arena, FIRST_BYTES);
  }

  get count(): number {
    return this.#noted - this.#dropped;
  }

  /** Puts a text before the one at `index`, at the end in most cases. */
  insert(index: number, text: ByteRange): void {
    const size = text.length + 1;
    this.#makeRoom(size);
    const { page: { bytes }, start } = this;
    const at = index === this.count ? this.#length : this.#startOf(index);
    if (at < this.#length) {
      bytes.copyWithin(start + at + size, start + at, start + this.#length);
    }
    copyBytes(text.bytes, text.start, text.end, bytes, start + at);
    bytes[start + at + size - 1] = COMMA;
    this.#length += size;
    this.#noted++;
    for (let moved = this.count - 1; moved > index; moved--) {
      this.#setEnd(moved, this.#end(moved - 1) + size);
    }
    this.#setEnd(index, at + size - 1);
  }

  /** Writes the texts `[first, end)`, joined; at least one. */
  write(writer: ByteWriter, first: number, end: number): void {
    const { page, start } = this;
    writer.copy(page, start + this.#startOf(first), start + this.#end(end - 1));
  }

  /** Lets go of the first `count` texts. */
  drop(count: number): void {
    this.#dropped += count;
    if (this.#dropped === this.#noted) this.#length = this.#noted = this.#dropped = 0;
  }

  /** Where the text at `index` ends, from the slab's start; a comma follows. */
  #end(index: number): number {
    return this.page.words[this.#word(index)]!;
  }

  #setEnd(index: number, end: number): void {
    this.page.words[this.#word(index)] = end;
  }

  #word(index: number): number {
    const { start, size } = this;
    return (start + size) / WORD - 1 - this.#dropped - index;
  }

  #startOf(index: number): number {
    return index + this.#dropped === 0 ? 0 : this.#end(index - 1) + 1;
  }

  /** Makes room for a text of `size` bytes, a comma included, and its end. */
  #makeRoom(size: number): void {
    const { size: capacity } = this;
    const needed = size + WORD;
    if (this.#length + this.#noted * WORD + needed <= capacity) return;
    const live = this.#length - this.#startOf(0) + this.count * WORD + needed;
    // With less than an eighth gained, they would be moved again too soon.
    this.#move(live > capacity * 0.875 ? live * 1.25 : 0);
  }

  /** Moves all that is not dropped to the front, of a slab of at least so many bytes where it is to be another. */
  #move(otherBytes: number): void {
    const { count } = this;
    const first = this.#startOf(0);
    const firstWord = this.#word(0);
    const source = otherBytes > 0 ? this.takeOther(otherBytes) : this;
    const { page: { bytes, words }, start } = source;
    this.page.bytes.set(bytes.subarray(start + first, start + this.#length), this.start);
    this.#length -= first;
    this.#noted = count;
    this.#dropped = 0;
    // Within a slab each end moves to where one was that has moved already.
    for (let index = 0; index < count; index++) {
      this.#setEnd(index, words[firstWord - index]! - first);
    }
    if (source !== this) this.page.arena.give(source);
  }
}
