/**
 * Reads numbers of JSON in bytes, and says whether their text is the one that `JSON.stringify` writes
 * for them: only such a text may be copied into an output. `230.50`, `1e3` and `-0` are not; numbers
 * of 16 digits and more may or may not be, and are written anew.
 */

const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const LETTER_E = 0x65;
/** The bit by which a small letter differs from a capital. */
const SMALL = 0x20;

/** Decimal numbers of so many digits come out of a double as they went in. */
const EXACT_DIGITS_MAX = 15;
/** With more zeros behind the point, `JSON.stringify` writes an exponent. */
const LEADING_ZEROS_MAX = 5;
/** Whole digits of a second of event time that is surely not in milliseconds. */
const SECOND_DIGITS_MAX = 11;
/** Decimals of a second that do not round it up. */
const SECOND_DECIMALS_MAX = 3;
/** Longer texts are nobody's measurement. */
const NUMBER_BYTES_MAX = 64;

const decoder = new TextDecoder();

export class NumberScanner {
  /** What was read last; of a number only where its text is not canonical. */
  value = 0;
  /** Whether its text is the one that `JSON.stringify` writes. */
  isCanonical = true;

  /**
   * Reads a second of event time, of which a fraction is floored. Returns where its text ends; -1
   * where there is none, or one that is out of the ordinary.
   */
  second(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let value = 0;
    for (let digit; at < end && (digit = bytes[at]! - ZERO) >= 0 && digit <= 9; at++) {
      value = value * 10 + digit;
    }
    const digits = at - start;
    if (digits === 0 || digits > SECOND_DIGITS_MAX) return -1;
    if (digits > 1 && bytes[start] === ZERO) return -1;
    this.value = value;
    this.isCanonical = true;
    if (bytes[at] === POINT) {
      const wholeEnd = at;
      at = digitsEnd(bytes, wholeEnd + 1, end);
      const decimals = at - wholeEnd - 1;
      if (decimals === 0 || decimals > SECOND_DECIMALS_MAX) return -1;
      this.isCanonical = false;
    }
    return (bytes[at]! | SMALL) === LETTER_E ? -1 : at;
  }

  /** Reads any finite number. Returns as {@link second} does. */
  number(bytes: Uint8Array, start: number, end: number): number {
    const first = bytes[start] === MINUS ? start + 1 : start;
    const wholeEnd = digitsEnd(bytes, first, end);
    if (wholeEnd === first) return -1;
    const isBelowOne = bytes[first] === ZERO;
    if (isBelowOne && wholeEnd - first > 1) return -1;
    let at = wholeEnd;
    let isCanonical = wholeEnd - first <= EXACT_DIGITS_MAX;
    if (bytes[at] === POINT) {
      const decimals = at + 1;
      at = digitsEnd(bytes, decimals, end);
      if (at === decimals) return -1;
      if (bytes[at - 1] === ZERO || at - first - 1 > EXACT_DIGITS_MAX) isCanonical = false;
      else if (isBelowOne && zerosEnd(bytes, decimals) - decimals > LEADING_ZEROS_MAX) {
        isCanonical = false;
      }
    } else if (isBelowOne && first > start) isCanonical = false;
    if ((bytes[at]! | SMALL) === LETTER_E) {
      const sign = bytes[at + 1];
      const exponent = sign === PLUS || sign === MINUS ? at + 2 : at + 1;
      at = digitsEnd(bytes, exponent, end);
      if (at === exponent) return -1;
      isCanonical = false;
    }
    this.isCanonical = isCanonical;
    return isCanonical || this.#read(bytes, start, at) ? at : -1;
  }

  #read(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start > NUMBER_BYTES_MAX) return false;
    this.value = Number(decoder.decode(bytes.subarray(start, end)));
    return Number.isFinite(this.value);
  }
}

function digitsEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at]! >= ZERO && bytes[at]! <= ZERO + 9) at++;
  return at;
}

/** Behind the zeros that come next; a digit that is none follows them. */
function zerosEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === ZERO) at++;
  return at;
}
