/**
 * Entries of bytes that are written one behind the other for as long as it takes, and then read from
 * the front: what an open session holds. They lie in chunks, so that what is there never moves.
 *
 *   │ entry │ entry │ free │ ─▶ │ entry │ entry │ entry │ entry │ free │ ─▶ │ entry │ free …
 */
import { invariant } from "../errors.ts";
import { type Arena, Slab } from "./arena.ts";
import type { Memory } from "./memory.ts";

/** The first one is smaller, since many sessions are short. */
const FIRST_BYTES = 128;
const CHUNK_BYTES = 256;
/** An entry's first byte is its length. */
const ENTRY_BYTES_MAX = 255;

class Chunk extends Slab {
  /** Bytes written. */
  length = 0;
  next: Chunk | undefined;
}

export class Tape {
  readonly #arena: Arena;
  #first: Chunk | undefined;
  #last: Chunk | undefined;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Adds the entry `bytes[start, end)`. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const size = 1 + end - start;
    invariant(size <= ENTRY_BYTES_MAX, "an entry is too long");
    const chunk = this.#chunkFor(size);
    const target = chunk.page.bytes;
    let at = chunk.start + chunk.length;
    target[at++] = size;
    for (let from = start; from < end; from++) target[at++] = bytes[from]!;
    chunk.length += size;
  }

  /** Hands every entry to `read`, first to last, as bytes that it must not keep. */
  forEach(read: (memory: Memory, start: number, end: number) => void): void {
    for (let chunk = this.#first; chunk !== undefined; chunk = chunk.next) {
      const { page, start, length } = chunk;
      const { bytes } = page;
      for (let at = start; at < start + length; at += bytes[at]!) {
        read(page, at + 1, at + bytes[at]!);
      }
    }
  }

  /** Gives the memory back, and begins anew. */
  clear(): void {
    for (let chunk = this.#first; chunk !== undefined; chunk = chunk.next) chunk.release();
    this.#first = this.#last = undefined;
  }

  #chunkFor(size: number): Chunk {
    const last = this.#last;
    if (last !== undefined && last.length + size <= last.size) return last;
    const chunkBytes = last === undefined ? FIRST_BYTES : CHUNK_BYTES;
    const chunk = new Chunk(this.#arena, Math.max(chunkBytes, size));
    if (last === undefined) this.#first = chunk;
    else last.next = chunk;
    return this.#last = chunk;
  }
}
