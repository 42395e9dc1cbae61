/**
 * Which partition a key belongs to: the Java client's default partitioner, so that producers of any
 * language put a household into the same partition.
 */

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const SHIFT = 24;

/**
 * MurmurHash2, 32 bits, as in `org.apache.kafka.common.utils.Utils.murmur2`.
 * Source: Austin Appleby, MurmurHash2 (public domain).
 */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let hash = SEED ^ length;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    let word = Math.imul(view.getInt32(index, true), MULTIPLIER);
    word ^= word >>> SHIFT;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  const rest = length - index;
  if (rest >= 3) hash ^= view.getUint8(index + 2) << 16;
  if (rest >= 2) hash ^= view.getUint8(index + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ view.getUint8(index), MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}

const encoder = new TextEncoder();

/** The partition, 0 to `partitionCount` - 1, of a key. */
export function partitionOf(key: string | Uint8Array, partitionCount: number): number {
  const bytes = typeof key === "string" ? encoder.encode(key) : key;
  return (murmur2(bytes) & 0x7fffffff) % partitionCount;
}
