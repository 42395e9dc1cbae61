/**
 * Topics as text, made once and not with every message: the same few come again and again. The text is
 * then the same object too, which whoever looks it up need not hash anew.
 */
import { Buffer } from "node:buffer";
import { TOPIC_LENGTH_MAX, TOPICS_MAX } from "./topic_memory.ts";

interface Known {
  readonly bytes: Uint8Array;
  readonly text: string;
}

export class TopicTexts {
  /** One of each hash. */
  readonly #known = new Map<number, Known>();

  /** The topic that is `bytes[start, end)`, in UTF-8. */
  textOf(bytes: Buffer, start: number, end: number): string {
    if (end - start > TOPIC_LENGTH_MAX) return bytes.toString("utf8", start, end);
    const hash = hashOf(bytes, start, end);
    const known = this.#known.get(hash);
    if (known !== undefined && isSame(known.bytes, bytes, start, end)) return known.text;
    const text = bytes.toString("utf8", start, end);
    if (this.#known.size >= TOPICS_MAX) this.#known.clear();
    this.#known.set(hash, { bytes: new Uint8Array(bytes.subarray(start, end)), text });
    return text;
  }
}

/** FNV-1a, 30 bits of it: a small integer. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index++) {
    hash = Math.imul(hash ^ bytes[index]!, 0x01000193);
  }
  return hash & 0x3fffffff;
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let index = 0; index < known.length; index++) {
    if (known[index] !== bytes[start + index]) return false;
  }
  return true;
}
