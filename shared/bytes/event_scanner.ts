/**
 * Finds the fields of a reading or a device state in its bytes, without making text or objects of
 * them. It knows the form that the bridge writes and what other producers usually make of it: another
 * order of fields, blanks, numbers written otherwise.
 *
 *   {"client_id":"home-1","username":"ada","timestamp":1790000000,"consumption":230.5}
 *                ╰──────╯            ╰───╯             ╰────────╯               ╰───╯
 *
 * About what it does not recognise it says nothing: then the schema decides (`decodeEvent`). What it
 * recognises the schema accepts too, with the same values; a property test holds it to that. So
 * escapes, other fields, a field that comes twice and whatever is wrong are the schema's.
 */
import { textOf } from "../events.ts";
import type { ByteRange } from "./byte_range.ts";
import { NumberScanner } from "./number_scanner.ts";
import { type NamesAhead, ScannedEvent } from "./scanned_event.ts";

/** Fields, in the order of the contract. */
const CLIENT_ID = 1;
const USERNAME = 2;
const TIMESTAMP = 4;
const CONSUMPTION = 8;
const STATE_BITMAP = 16;

const READING = CLIENT_ID | USERNAME | TIMESTAMP | CONSUMPTION;
const DEVICE_STATE = CLIENT_ID | USERNAME | TIMESTAMP | STATE_BITMAP;

const encoder = new TextEncoder();
const ascii = (text: string) => encoder.encode(text);
const CLIENT_ID_NAME = ascii('"client_id"');
const USERNAME_NAME = ascii('"username"');
const TIMESTAMP_NAME = ascii('"timestamp"');
const CONSUMPTION_NAME = ascii('"consumption"');
const STATE_BITMAP_NAME = ascii('"state_bitmap"');
const TRUE = ascii("true");
const FALSE = ascii("false");

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;
const LIST = 0x5b;
const LIST_END = 0x5d;
const SPACE = 0x20;
const DELETE = 0x7f;
const LETTER_C = 0x63;
const LETTER_L = 0x6c;
const LETTER_S = 0x73;
const LETTER_T = 0x74;
const LETTER_U = 0x75;

/** Names of up to so many bytes have at most so many UTF-16 units, which is what the schema counts. */
const NAME_BYTES_MAX = 256;

/** The schema of messages refuses them in names. */
const CONTROL = /\p{Cc}/u;

/** Where a text ends that is not there. */
const NOWHERE = -1;

/** Reads with positions in local variables, since a million readings a second pass here. */
export class EventScanner {
  /** What was found last. */
  readonly event: ScannedEvent = new ScannedEvent();
  readonly #numbers = new NumberScanner();
  /** The fields found. */
  #fields = 0;
  /** Whether they came in the order of the contract, with numbers as `JSON.stringify` writes them. */
  #isOrdinary = true;
  /** Length of the bytes that were read. */
  #length = 0;

  /**
   * Reads the reading in `bytes[start, end)`; false where the schema has to.
   * @param names that the bytes are known to begin with, which need not be read again
   */
  reading(bytes: Uint8Array, start: number, end: number, names?: NamesAhead): boolean {
    return this.#object(bytes, start, end, names) && (this.#fields | TIMESTAMP) === READING;
  }

  /** The same for a device state. */
  deviceState(bytes: Uint8Array, start: number, end: number, names?: NamesAhead): boolean {
    return this.#object(bytes, start, end, names) && (this.#fields | TIMESTAMP) === DEVICE_STATE;
  }

  /** Whether the event has a timestamp, which is as good as wrong in the log. */
  get hasTimestamp(): boolean {
    return (this.#fields & TIMESTAMP) !== 0;
  }

  /** Whether the bytes are known to be those that `encodeEvent` writes for the event. */
  get isCanonical(): boolean {
    return this.#isOrdinary && this.#length === this.#canonicalLength();
  }

  #object(bytes: Uint8Array, start: number, end: number, names: NamesAhead | undefined): boolean {
    this.event.clear();
    this.#length = end - start;
    this.#isOrdinary = true;
    if (names !== undefined) {
      const at = this.#takeNames(bytes, start, names);
      return bytes[at] === COMMA && this.#members(bytes, at + 1, end, CLIENT_ID | USERNAME);
    }
    const at = blanksEnd(bytes, start);
    return bytes[at] === OBJECT && this.#members(bytes, at + 1, end, 0);
  }

  /** Takes the names from where they are known to be, and returns where they end. */
  #takeNames(bytes: Uint8Array, start: number, names: NamesAhead): number {
    const { event } = this;
    const end = start + names.usernameEnd;
    event.names = names;
    event.clientId.set(bytes, start + names.clientIdStart, start + names.clientIdEnd);
    event.username.set(bytes, start + names.usernameStart, end);
    return end;
  }

  /** Reads an object from where a field begins, up to its end, with those `found` before it. */
  #members(bytes: Uint8Array, start: number, end: number, found: number): boolean {
    let fields = found;
    let at = start;
    do {
      at = blanksEnd(bytes, at);
      const field = fieldAt(bytes, at);
      if (field === 0 || (fields & field) !== 0) return false;
      if (field < fields) this.#isOrdinary = false;
      fields |= field;
      at = blanksEnd(bytes, at + nameLength(field));
      if (bytes[at++] !== COLON) return false;
      at = this.#value(field, bytes, blanksEnd(bytes, at), end);
      if (at === NOWHERE) return false;
      at = blanksEnd(bytes, at);
    } while (bytes[at++] === COMMA);
    if (bytes[at - 1] !== OBJECT_END) return false;
    this.#fields = fields;
    // Nothing before has looked behind the end, or this would be behind it too.
    return blanksEnd(bytes, at) === end;
  }

  /** Reads the value of a field, and returns where it ends. */
  #value(field: number, bytes: Uint8Array, start: number, end: number): number {
    switch (field) {
      case CLIENT_ID:
        return householdName(bytes, start, end, this.event.clientId);
      case USERNAME:
        return householdName(bytes, start, end, this.event.username);
      case TIMESTAMP:
        return this.#timestamp(bytes, start, end);
      case CONSUMPTION:
        return this.#consumption(bytes, start, end);
      default:
        return stateBitmap(bytes, start, this.event);
    }
  }

  #timestamp(bytes: Uint8Array, start: number, end: number): number {
    const numbers = this.#numbers;
    const at = numbers.second(bytes, start, end);
    this.event.timestamp = numbers.value;
    if (!numbers.isCanonical) this.#isOrdinary = false;
    return at;
  }

  #consumption(bytes: Uint8Array, start: number, end: number): number {
    const numbers = this.#numbers;
    const at = numbers.number(bytes, start, end);
    if (at === NOWHERE) return NOWHERE;
    if (numbers.isCanonical) this.event.consumption.set(bytes, start, at);
    else {
      this.event.setConsumption(numbers.value);
      this.#isOrdinary = false;
    }
    return at;
  }

  /** The length of the bytes without blanks. */
  #canonicalLength(): number {
    const { event } = this;
    const { clientId, username, consumption } = event;
    let length = 1;
    for (let field = CLIENT_ID; field <= STATE_BITMAP; field *= 2) {
      // With a colon, and a comma or the end behind.
      if ((this.#fields & field) !== 0) length += nameLength(field) + 2;
    }
    length += clientId.length + username.length;
    if (this.hasTimestamp) length += String(event.timestamp).length;
    return length + (event.bitCount === 0 ? consumption.length : event.bitmapText().length);
  }
}

/** The field whose name stands there; 0 for any other. */
function fieldAt(bytes: Uint8Array, at: number): number {
  switch (bytes[at + 1]) {
    case LETTER_C:
      if (bytes[at + 2] === LETTER_L) return matches(bytes, at, CLIENT_ID_NAME) ? CLIENT_ID : 0;
      return matches(bytes, at, CONSUMPTION_NAME) ? CONSUMPTION : 0;
    case LETTER_U:
      return matches(bytes, at, USERNAME_NAME) ? USERNAME : 0;
    case LETTER_T:
      return matches(bytes, at, TIMESTAMP_NAME) ? TIMESTAMP : 0;
    case LETTER_S:
      return matches(bytes, at, STATE_BITMAP_NAME) ? STATE_BITMAP : 0;
    default:
      return 0;
  }
}

function nameLength(field: number): number {
  switch (field) {
    case CLIENT_ID:
      return CLIENT_ID_NAME.length;
    case USERNAME:
      return USERNAME_NAME.length;
    case TIMESTAMP:
      return TIMESTAMP_NAME.length;
    case CONSUMPTION:
      return CONSUMPTION_NAME.length;
    default:
      return STATE_BITMAP_NAME.length;
  }
}

/** Reads a string without escapes and control characters, and returns where it ends. */
function householdName(bytes: Uint8Array, start: number, end: number, range: ByteRange): number {
  if (bytes[start] !== QUOTE) return NOWHERE;
  const limit = Math.min(end, start + 1 + NAME_BYTES_MAX + 1);
  let at = start + 1;
  let all = 0;
  for (; at < limit; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) break;
    if (byte === BACKSLASH || byte < SPACE || byte === DELETE) return NOWHERE;
    all |= byte;
  }
  if (at === limit || at === start + 1) return NOWHERE;
  if (all >= 0x80 && !isPlainText(bytes.subarray(start, at))) return NOWHERE;
  range.set(bytes, start, at + 1);
  return at + 1;
}

function isPlainText(bytes: Uint8Array): boolean {
  const text = textOf(bytes);
  return text !== undefined && !CONTROL.test(text);
}

/** Reads a list of booleans, and returns where it ends. */
function stateBitmap(bytes: Uint8Array, start: number, event: ScannedEvent): number {
  let at = start;
  if (bytes[at++] !== LIST) return NOWHERE;
  do {
    at = blanksEnd(bytes, at);
    const isOn = bytes[at] === LETTER_T;
    const word = isOn ? TRUE : FALSE;
    if (!matches(bytes, at, word) || !event.addBit(isOn)) return NOWHERE;
    at = blanksEnd(bytes, at + word.length);
  } while (bytes[at++] === COMMA);
  return bytes[at - 1] === LIST_END ? at : NOWHERE;
}

function matches(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let index = 0; index < word.length; index++) {
    if (bytes[at + index] !== word[index]) return false;
  }
  return true;
}

function blanksEnd(bytes: Uint8Array, start: number): number {
  return bytes[start]! > SPACE ? start : behindBlanks(bytes, start);
}

function behindBlanks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isBlank(bytes[at])) at++;
  return at;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
