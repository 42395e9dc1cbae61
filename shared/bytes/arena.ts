/**
 * Memory of a task, handed out in slabs: stretches of pages that a household keeps its numbers and
 * texts in for as long as it is alive. A slab given back is handed out again, and a page of which no
 * slab is in use any more is let go of, so that the memory follows the households.
 *
 *   page of 256 bytes:  │ home-1 │ home-2 │ free   │ home-4 │ free …
 *   page of 320 bytes:  │ home-3       │ free         │ …
 */
import { invariant } from "../errors.ts";
import { Memory } from "./memory.ts";

/** Slabs of the first page of a size; each page has twice as many as the one before, up to so many bytes. */
const FIRST_SLABS = 4;
const PAGE_BYTES_MAX = 1 << 15;
const SLAB_BYTES_MIN = 32;

/** Memory that is cut into slabs, as bytes and as numbers. */
class Page extends Memory<ArrayBuffer> {
  readonly arena: Arena;
  /** The same as 32-bit numbers. */
  readonly words: Int32Array;
  /** The same as doubles. */
  readonly doubles: Float64Array;
  readonly slabBytes: number;
  /** Where slabs start that are not in use. */
  readonly free: number[] = [];
  readonly slabCount: number;

  constructor(arena: Arena, slabBytes: number, slabCount: number) {
    super(new Uint8Array(slabCount * slabBytes));
    const { buffer } = this.bytes;
    this.arena = arena;
    this.words = new Int32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.slabBytes = slabBytes;
    this.slabCount = slabCount;
    for (let slab = this.slabCount - 1; slab >= 0; slab--) this.free.push(slab * slabBytes);
  }
}

/** Where a slab lies. */
type SlabPlace = Pick<Slab, "page" | "start">;

/**
 * A stretch of a page from `start` on, a multiple of 8, in use until it is released. What stands in it
 * is not cleared. Whoever keeps something in a slab is one: a household has several, and an object for
 * each beside those that keep them took 50 bytes.
 */
export class Slab {
  page: Page;
  start: number;

  /** Takes at least `size` bytes of the arena. */
  constructor(arena: Arena, size: number) {
    this.page = arena.pageFor(size);
    this.start = arena.takeOf(this.page);
  }

  get size(): number {
    return this.page.slabBytes;
  }

  /** Gives the memory back; of no more use then. */
  release(): void {
    this.page.arena.give(this);
  }

  /** Takes at least `size` bytes elsewhere. Returns where it was, which is still to be given back. */
  protected takeOther(size: number): SlabPlace {
    const { page, start } = this;
    this.page = page.arena.pageFor(size);
    this.start = page.arena.takeOf(this.page);
    return { page, start };
  }
}

/** The pages of one size of slabs. */
interface SizeClass {
  /** Those with free slabs. */
  readonly open: Page[];
  pageCount: number;
}

export class Arena {
  readonly #classes = new Map<number, SizeClass>();
  #bytes = 0;

  /** Bytes of all pages. */
  get byteCount(): number {
    return this.#bytes;
  }

  /** A page that has a free slab of at least `size` bytes. */
  pageFor(size: number): Page {
    const slabBytes = slabBytesFor(size);
    let pages = this.#classes.get(slabBytes);
    if (pages === undefined) this.#classes.set(slabBytes, pages = { open: [], pageCount: 0 });
    return pages.open.at(-1) ?? this.#addPage(pages, slabBytes);
  }

  /** Takes a slab of the page that {@link pageFor} has named: returns its start. */
  takeOf(page: Page): number {
    const start = page.free.pop()!;
    if (page.free.length === 0) this.#classes.get(page.slabBytes)!.open.pop();
    return start;
  }

  /** Takes back a slab, which is of no more use to whoever had it. */
  give({ page, start }: SlabPlace): void {
    const pages = this.#classes.get(page.slabBytes)!;
    invariant(!page.free.includes(start), "a slab is given back once");
    if (page.free.length === 0) pages.open.push(page);
    page.free.push(start);
    if (page.free.length < page.slabCount) return;
    pages.open.splice(pages.open.indexOf(page), 1);
    pages.pageCount--;
    this.#bytes -= page.bytes.length;
  }

  #addPage(pages: SizeClass, slabBytes: number): Page {
    const slabsMax = Math.max(1, Math.floor(PAGE_BYTES_MAX / slabBytes));
    // By a power, not by a shift: that is negative from the 29th page on.
    const slabCount = Math.min(FIRST_SLABS * 2 ** pages.pageCount, slabsMax);
    const page = new Page(this, slabBytes, slabCount);
    pages.open.push(page);
    pages.pageCount++;
    this.#bytes += page.bytes.length;
    return page;
  }
}

/** Powers of two and three steps between them, multiples of 8, so that at most a fifth is wasted. */
function slabBytesFor(size: number): number {
  let bytes = SLAB_BYTES_MIN;
  while (bytes < size) bytes *= 2;
  const step = Math.max(8, bytes / 8);
  while (bytes - step >= size && bytes - step >= SLAB_BYTES_MIN) bytes -= step;
  return bytes;
}
