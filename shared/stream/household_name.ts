/**
 * Who a household is, as text for the memory and as bytes: those that each of its outputs begins
 * with, and the key of its records.
 *
 *   {"client_id":"home-1","username":"ada" home-1
 */
import type { Arena, Slab } from "../bytes/arena.ts";
import { type ByteRange, copyBytes, equalBytes } from "../bytes/byte_range.ts";
import type { ByteWriter } from "../bytes/byte_writer.ts";
import type { HouseholdIdentity } from "../events.ts";

/** What is needed of an event to know whose it is. */
type Named = { readonly clientId: ByteRange; readonly username: ByteRange };

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const CLIENT_ID = encoder.encode('{"client_id":');
const USERNAME = encoder.encode(',"username":');

export class HouseholdName implements HouseholdIdentity {
  readonly client_id: string;
  readonly username: string;
  readonly hash: number;
  readonly #arena: Arena;
  readonly #slab: Slab;
  /** Where the texts end, from the slab's start. */
  readonly #clientIdEnd: number;
  readonly #usernameEnd: number;
  readonly #keyEnd: number;

  /** Of an event whose record has the right key: the client id. */
  constructor({ clientId, username }: Named, arena: Arena) {
    this.client_id = nameOf(clientId);
    this.username = nameOf(username);
    this.hash = hashOfNames(clientId, username);
    this.#arena = arena;
    const key = encoder.encode(this.client_id);
    this.#clientIdEnd = CLIENT_ID.length + clientId.length;
    this.#usernameEnd = this.#clientIdEnd + USERNAME.length + username.length;
    this.#keyEnd = this.#usernameEnd + key.length;
    this.#slab = arena.take(this.#keyEnd);
    const { page: { bytes }, start } = this.#slab;
    bytes.set(CLIENT_ID, start);
    bytes.set(clientId.view(), start + CLIENT_ID.length);
    bytes.set(USERNAME, start + this.#clientIdEnd);
    copyBytes(username.bytes, username.start, username.end, bytes, this.#usernameStart);
    bytes.set(key, start + this.#usernameEnd);
  }

  get #usernameStart(): number {
    return this.#slab.start + this.#clientIdEnd + USERNAME.length;
  }

  /** Whether an event is this household's. */
  isOf({ clientId, username }: Named): boolean {
    const { page: { bytes }, start } = this.#slab;
    const clientIdStart = start + CLIENT_ID.length;
    return this.#usernameEnd ===
        CLIENT_ID.length + clientId.length + USERNAME.length + username.length &&
      this.#clientIdEnd === CLIENT_ID.length + clientId.length &&
      equalBytes(clientId, bytes, clientIdStart) &&
      equalBytes(username, bytes, this.#usernameStart);
  }

  /** Whether `bytes[start, end)` is the key of its records. */
  hasKey(bytes: Uint8Array, start: number, end: number): boolean {
    const { page, start: slabStart } = this.#slab;
    if (end - start !== this.#keyEnd - this.#usernameEnd) return false;
    for (let at = start, own = slabStart + this.#usernameEnd; at < end; at++, own++) {
      if (bytes[at] !== page.bytes[own]) return false;
    }
    return true;
  }

  /** Writes the beginning of an output: `{"client_id":…,"username":…`. */
  write(writer: ByteWriter): void {
    const { page: { bytes }, start } = this.#slab;
    writer.copy(bytes, start, start + this.#usernameEnd);
  }

  writeKey(writer: ByteWriter): void {
    const { page: { bytes }, start } = this.#slab;
    writer.copy(bytes, start + this.#usernameEnd, start + this.#keyEnd);
  }

  release(): void {
    this.#arena.give(this.#slab);
  }
}

/** A number for a look-up by these names (FNV-1a, 32 bits). */
export function hashOfNames(clientId: ByteRange, username: ByteRange): number {
  return hashOn(hashOn(0x811c9dc5, clientId), username);
}

function hashOn(hash: number, { bytes, start, end }: ByteRange): number {
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash;
}

/** The name that stands as JSON in a range. */
export function nameOf(range: ByteRange): string {
  return JSON.parse(decoder.decode(range.view()));
}
