/**
 * Which partition a key belongs to: the Java client's default partitioner, so that producers of any
 * language put a household into the same partition.
 */

import { ByteRange } from "../bytes/byte_range.ts";

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const SHIFT = 24;

/**
 * MurmurHash2, 32 bits, as in `org.apache.kafka.common.utils.Utils.murmur2`.
 * Source: Austin Appleby, MurmurHash2 (public domain).
 */
export function murmur2(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  let hash = SEED ^ (end - start);
  let index = start;
  for (; index + 4 <= end; index += 4) {
    let word = bytes[index]! | (bytes[index + 1]! << 8) | (bytes[index + 2]! << 16) |
      (bytes[index + 3]! << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> SHIFT;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  const rest = end - index;
  if (rest >= 3) hash ^= bytes[index + 2]! << 16;
  if (rest >= 2) hash ^= bytes[index + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[index]!, MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}

const encoder = new TextEncoder();

/** The partition, 0 to `partitionCount` - 1, of a key. */
export function partitionOf(
  key: string | Uint8Array | ByteRange,
  partitionCount: number,
): number {
  return (hashOf(key) & 0x7fffffff) % partitionCount;
}

function hashOf(key: string | Uint8Array | ByteRange): number {
  if (typeof key === "string") return murmur2(encoder.encode(key));
  return key instanceof ByteRange ? murmur2(key.bytes, key.start, key.end) : murmur2(key);
}
