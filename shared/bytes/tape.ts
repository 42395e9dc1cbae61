/**
 * Entries of bytes that are written one behind the other for as long as it takes, and then read from
 * the front: what an open session holds. They lie in chunks, so that what is there never moves; each
 * is larger than the one before, up to a bound.
 *
 *   │ entry │ entry │ free │ ─▶ │ entry │ entry │ entry │ entry │ free │ ─▶ │ entry │ free …
 */
import { invariant } from "../errors.ts";
import type { Arena, Slab } from "./arena.ts";
import type { Memory } from "./memory.ts";

const FIRST_BYTES = 96;
const CHUNK_BYTES_MAX = 1024;
/** An entry's first byte is its length. */
const ENTRY_BYTES_MAX = 255;

interface Chunk {
  readonly slab: Slab;
  /** Bytes written. */
  length: number;
}

export class Tape {
  readonly #arena: Arena;
  readonly #chunks: Chunk[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Adds the entry `bytes[start, end)`. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const size = 1 + end - start;
    invariant(size <= ENTRY_BYTES_MAX, "an entry is too long");
    const chunk = this.#chunkFor(size);
    const target = chunk.slab.page.bytes;
    let at = chunk.slab.start + chunk.length;
    target[at++] = size;
    for (let from = start; from < end; from++) target[at++] = bytes[from]!;
    chunk.length += size;
  }

  /** Hands every entry to `read`, first to last, as bytes that it must not keep. */
  forEach(read: (memory: Memory, start: number, end: number) => void): void {
    for (const { slab: { page, start }, length } of this.#chunks) {
      const { bytes } = page;
      for (let at = start; at < start + length; at += bytes[at]!) {
        read(page, at + 1, at + bytes[at]!);
      }
    }
  }

  /** Gives the memory back, and begins anew. */
  clear(): void {
    for (const { slab } of this.#chunks) this.#arena.give(slab);
    this.#chunks.length = 0;
  }

  #chunkFor(size: number): Chunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.length + size <= last.slab.size) return last;
    const wanted = last === undefined ? FIRST_BYTES : 2 * last.slab.size;
    const slab = this.#arena.take(Math.max(Math.min(wanted, CHUNK_BYTES_MAX), size));
    const chunk = { slab, length: 0 };
    this.#chunks.push(chunk);
    return chunk;
  }
}
