/**
 * Bytes that are often copied or compared, with a view beside them that reads and writes words of 4:
 * up to some 150 bytes that is as quick as `Uint8Array.set`, and makes no object for each copy.
 */

/** Longer copies are quicker by `set`: 165 bytes take 40 ns, by words 55. */
const WORDS_BYTES_MAX = 150;

export class Memory<B extends ArrayBufferLike = ArrayBufferLike> {
  readonly bytes: Uint8Array<B>;
  readonly view: DataView;

  constructor(bytes: Uint8Array<B>) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

const encoder = new TextEncoder();

/** The bytes of a text that is written again and again. */
export function memoryOf(text: string): Memory {
  return new Memory(encoder.encode(text));
}

/** Copies `source[start, end)` to `target` from `at` on, which must be other memory. */
export function copyMemory(
  source: Memory,
  start: number,
  end: number,
  target: Memory,
  at: number,
): void {
  if (end - start > WORDS_BYTES_MAX) {
    target.bytes.set(source.bytes.subarray(start, end), at);
    return;
  }
  const [read, write] = [source.view, target.view];
  let from = start;
  let to = at;
  for (const last = end - 8; from <= last; from += 8, to += 8) {
    write.setInt32(to, read.getInt32(from, true), true);
    write.setInt32(to + 4, read.getInt32(from + 4, true), true);
  }
  for (; from < end; from++, to++) target.bytes[to] = source.bytes[from]!;
}

/** Whether `own[start, end)` stands in `other` from `at` on, which must have as many bytes there. */
export function equalMemory(
  own: Memory,
  start: number,
  end: number,
  other: Memory,
  at: number,
): boolean {
  const { view } = own;
  const otherView = other.view;
  let from = start;
  let to = at;
  for (const last = end - 4; from <= last; from += 4, to += 4) {
    if (view.getInt32(from, true) !== otherView.getInt32(to, true)) return false;
  }
  for (; from < end; from++, to++) if (own.bytes[from] !== other.bytes[to]) return false;
  return true;
}

/** A number of 30 bits, which V8 keeps without an object, for a look-up by `memory[start, end)`. */
export function hashMemory({ bytes, view }: Memory, start: number, end: number): number {
  let hash = 0x811c9dc5;
  let at = start;
  for (const last = end - 4; at <= last; at += 4) hash = mixed(hash ^ view.getInt32(at, true));
  for (; at < end; at++) hash = mixed(hash ^ bytes[at]!);
  // Once more, or keys that differ only in their last byte would all have the same low bits.
  return mixed(hash) & 0x3fffffff;
}

/** Lets the high bits have a say in the low ones, too: a product by itself does not. */
function mixed(hash: number): number {
  const product = Math.imul(hash, 0x9e3779b1);
  return product ^ (product >>> 15);
}
