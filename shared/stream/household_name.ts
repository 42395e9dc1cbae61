/**
 * Who a household is, as text for the memory and as bytes: those that each of its outputs begins
 * with, behind the key of its records.
 *
 *   home-1 {"client_id":"home-1","username":"ada"
 */
import { type Arena, Slab } from "../bytes/arena.ts";
import { ByteRange, equalBytes } from "../bytes/byte_range.ts";
import type { ByteWriter } from "../bytes/byte_writer.ts";
import { equalMemory, hashMemory, type Memory } from "../bytes/memory.ts";
import type { NamesAhead } from "../bytes/scanned_event.ts";
import type { HouseholdIdentity } from "../events.ts";

/** What is needed of an event to know whose it is. */
type Named = { readonly clientId: ByteRange; readonly username: ByteRange };

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const CLIENT_ID = encoder.encode('{"client_id":');
const USERNAME = encoder.encode(',"username":');

export class HouseholdName extends Slab implements HouseholdIdentity, NamesAhead {
  readonly hash: number;
  readonly keyHash: number;
  readonly keyLength: number;
  readonly clientIdEnd: number;
  readonly usernameEnd: number;

  /** Of an event whose record has the right key: the client id. */
  constructor({ clientId, username }: Named, arena: Arena) {
    const key = encoder.encode(nameOf(clientId));
    const clientIdEnd = CLIENT_ID.length + clientId.length;
    const usernameEnd = clientIdEnd + USERNAME.length + username.length;
    super(arena, key.length + usernameEnd);
    this.hash = hashOfNames(clientId, username);
    this.keyLength = key.length;
    this.clientIdEnd = clientIdEnd;
    this.usernameEnd = usernameEnd;
    const { page, start } = this;
    let at = start;
    for (const part of [key, CLIENT_ID, clientId.view(), USERNAME, username.view()]) {
      page.bytes.set(part, at);
      at += part.length;
    }
    this.keyHash = hashMemory(page, start, this.#valueStart);
  }

  /** Read anew each time it is asked for: few ask, and a text for each household is memory. */
  get client_id(): string {
    return this.#text(this.clientIdStart, this.clientIdEnd);
  }

  get username(): string {
    return this.#text(this.usernameStart, this.usernameEnd);
  }

  get clientIdStart(): number {
    return CLIENT_ID.length;
  }

  get usernameStart(): number {
    return this.clientIdEnd + USERNAME.length;
  }

  /** Whether an event is this household's. */
  isOf({ clientId, username }: Named): boolean {
    const { bytes } = this.page;
    const valueStart = this.#valueStart;
    return clientId.end - clientId.start === this.clientIdEnd - this.clientIdStart &&
      username.end - username.start === this.usernameEnd - this.usernameStart &&
      equalBytes(clientId, bytes, valueStart + this.clientIdStart) &&
      equalBytes(username, bytes, valueStart + this.usernameStart);
  }

  /** Whether `memory[start, end)` is the key of its records. */
  hasKey(memory: Memory, start: number, end: number): boolean {
    return end - start === this.keyLength &&
      equalMemory(memory, start, end, this.page, this.start);
  }

  /** Whether `memory[start, end)` begins as its outputs do. */
  begins(memory: Memory, start: number, end: number): boolean {
    const { page } = this;
    const namesEnd = start + this.usernameEnd;
    return namesEnd < end && equalMemory(memory, start, namesEnd, page, this.#valueStart);
  }

  /** Writes the key, and behind it the beginning of an output: `{"client_id":…,"username":…`. */
  write(writer: ByteWriter): void {
    const { page, start } = this;
    writer.copy(page, start, this.#valueStart + this.usernameEnd);
  }

  #text(start: number, end: number): string {
    const range = new ByteRange();
    return nameOf(range.set(this.page.bytes, this.#valueStart + start, this.#valueStart + end));
  }

  /** Where in its page the key ends and the beginning of an output starts. */
  get #valueStart(): number {
    return this.start + this.keyLength;
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
