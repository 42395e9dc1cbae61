/**
 * A reading or a device state as places in bytes: one object for all of a task's records, filled anew
 * for each. Its texts are JSON as `JSON.stringify` writes it, so that equal values have equal bytes
 * and an output can copy them as they are.
 */
import type { DeviceState, Reading } from "../events.ts";
import { ByteRange } from "./byte_range.ts";

/** Longest bitmap of an event. */
const BITS_MAX = 256;
/** Holds two names of 256 units, all of which JSON escapes (`\\ud800`), and numbers. */
const OWN_BYTES = 4096;

const encoder = new TextEncoder();

/** Names that an event begins with, `{"client_id":…,"username":…`, by their places from its start on. */
export interface NamesAhead {
  readonly clientIdStart: number;
  readonly clientIdEnd: number;
  readonly usernameStart: number;
  readonly usernameEnd: number;
}

export class ScannedEvent {
  /** Event time in whole seconds. */
  timestamp = 0;
  /** The names as JSON, with their quotes. */
  readonly clientId: ByteRange = new ByteRange();
  readonly username: ByteRange = new ByteRange();
  /** The names, where they were known before it was read. */
  names: NamesAhead | undefined;
  /** The power of a reading, W, as JSON. */
  readonly consumption: ByteRange = new ByteRange();
  /** The devices of a device state, eight a byte, the first one lowest; 0 of them for a reading. */
  readonly bits: Uint8Array = new Uint8Array(BITS_MAX / 8);
  bitCount = 0;
  /** Texts that do not stand anywhere else. */
  readonly #own = new Uint8Array(OWN_BYTES);
  #ownLength = 0;

  /** Starts with nothing known. */
  clear(): void {
    this.names = undefined;
    this.bitCount = 0;
    this.#ownLength = 0;
  }

  /** Whether it is a reading, and else a device state. */
  get isReading(): boolean {
    return this.bitCount === 0;
  }

  /** Appends a device to the bitmap; false where it is full. */
  addBit(isOn: boolean): boolean {
    const index = this.bitCount;
    if (index === BITS_MAX) return false;
    const mask = 1 << (index & 7);
    if ((index & 7) === 0) this.bits[index >> 3] = isOn ? mask : 0;
    else if (isOn) this.bits[index >> 3]! |= mask;
    this.bitCount = index + 1;
    return true;
  }

  /** The bitmap as JSON. */
  bitmapText(): string {
    const { bits } = this;
    const states = Array.from(
      { length: this.bitCount },
      (_, index) => (bits[index >> 3]! & (1 << (index & 7))) !== 0,
    );
    return JSON.stringify(states);
  }

  /** Takes a power whose text is to be written anew. */
  setConsumption(watts: number): void {
    this.#put(this.consumption, JSON.stringify(watts));
  }

  /** Becomes a decoded event. */
  fill(event: Reading | DeviceState): void {
    this.clear();
    // JSON has no other zero.
    this.timestamp = event.timestamp + 0;
    this.#put(this.clientId, JSON.stringify(event.client_id));
    this.#put(this.username, JSON.stringify(event.username));
    if ("consumption" in event) this.setConsumption(event.consumption);
    else for (const isOn of event.state_bitmap) this.addBit(isOn);
  }

  #put(range: ByteRange, text: string): void {
    const start = this.#ownLength;
    this.#ownLength += encoder.encodeInto(text, this.#own.subarray(start)).written;
    range.set(this.#own, start, this.#ownLength);
  }
}
