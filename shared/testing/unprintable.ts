/**
 * What a terminal obeys, or what deceives its reader, by code point: written out, where the product
 * names categories of Unicode.
 */

const RANGES: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x2064],
  [0x2066, 0x206f],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0001, 0xe0001],
  [0xe0020, 0xe007f],
];

/** The characters of `text` that must not reach a terminal, as code points; newlines among them. */
export function unprintableIn(text: string): string[] {
  const codes = Array.from(text, (character) => character.codePointAt(0)!);
  return codes.filter((code) => RANGES.some(([first, last]) => code >= first && code <= last))
    .map((code) => `U+${code.toString(16)}`);
}
