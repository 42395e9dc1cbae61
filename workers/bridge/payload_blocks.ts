/**
 * Copies of payloads, one behind the other in blocks. A slice would keep alive all that was read together
 * with it, and an array of its own is more than a payload: a hundred bytes and more that the collector
 * moves about. A block lives as long as the last payload in it, so those that leave in the order in
 * which they came share blocks, and no others.
 */
import { ByteRange } from "../../shared/bytes/byte_range.ts";

const BLOCK_BYTES = 16 * 1024;
/** Longer ones have an array of their own. */
const SHARED_BYTES_MAX = 1024;

export class PayloadBlocks {
  #block: Uint8Array = new Uint8Array();
  #used = 0;

  copyOf(payload: Uint8Array): ByteRange {
    const { length } = payload;
    if (length > SHARED_BYTES_MAX) return new ByteRange().set(payload.slice(), 0, length);
    if (this.#used + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    this.#block.set(payload, start);
    return new ByteRange().set(this.#block, start, this.#used);
  }
}
