/**
 * Who a household is, as text for the memory and as bytes: those that each of its outputs begins
 * with, behind the key of its records.
 *
 *   home-1 {"client_id":"home-1","username":"ada"
 */
import type { Arena, Slab } from "../bytes/arena.ts";
import { type ByteRange, equalBytes } from "../bytes/byte_range.ts";
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
  readonly #keyLength: number;
  readonly #clientIdLength: number;
  readonly #length: number;

  /** Of an event whose record has the right key: the client id. */
  constructor({ clientId, username }: Named, arena: Arena) {
    this.client_id = nameOf(clientId);
    this.username = nameOf(username);
    this.hash = hashOfNames(clientId, username);
    this.#arena = arena;
    const key = encoder.encode(this.client_id);
    const parts = [key, CLIENT_ID, clientId.view(), USERNAME, username.view()];
    this.#keyLength = key.length;
    this.#clientIdLength = clientId.length;
    this.#length = parts.reduce((sum, part) => sum + part.length, 0);
    this.#slab = arena.take(this.#length);
    let at = this.#slab.start;
    for (const part of parts) {
      this.#slab.page.bytes.set(part, at);
      at += part.length;
    }
  }

  /** Whether an event is this household's. */
  isOf({ clientId, username }: Named): boolean {
    const { page: { bytes }, start } = this.#slab;
    const clientIdAt = start + this.#keyLength + CLIENT_ID.length;
    const usernameAt = clientIdAt + this.#clientIdLength + USERNAME.length;
    return clientId.end - clientId.start === this.#clientIdLength &&
      usernameAt + username.end - username.start === start + this.#length &&
      equalBytes(clientId, bytes, clientIdAt) && equalBytes(username, bytes, usernameAt);
  }

  /** Whether `bytes[start, end)` is the key of its records. */
  hasKey(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== this.#keyLength) return false;
    const { page: { bytes: own }, start: ownStart } = this.#slab;
    for (let at = start, to = ownStart; at < end; at++, to++) {
      if (bytes[at] !== own[to]) return false;
    }
    return true;
  }

  /** Writes the key, and behind it the beginning of an output: `{"client_id":…,"username":…`. */
  write(writer: ByteWriter): void {
    const { page, start } = this.#slab;
    writer.copy(page, start, start + this.#length);
  }

  get keyLength(): number {
    return this.#keyLength;
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
