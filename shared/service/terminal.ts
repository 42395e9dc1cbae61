/**
 * The doors to the terminal. What a program prints may hold text of others: payloads, names, keys,
 * topics, errors of brokers. Whatever could steer a terminal or deceive its reader leaves escaped, as
 * JSON escapes it, so that JSON that passes through stays the same JSON.
 */
// deno-lint-ignore-file no-console -- these are the doors.
import { withoutCredentials } from "./secrets.ts";

/**
 * Controls (C0, DEL, C1), formats (bidi overrides, invisible characters), separators of lines and
 * paragraphs, and surrogates without their other half.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const UNPRINTABLE_BUT_NEWLINE = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text of several lines, fit for a terminal. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE_BUT_NEWLINE, escaped);
}

/** Text of others within a line of ours: newlines are escaped too, so that it cannot forge a line. */
export function printableLine(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** `\n`, `\u001b`; two of the latter for a character beyond 16 bits. */
function escaped(character: string): string {
  const json = JSON.stringify(character).slice(1, -1);
  if (json !== character) return json;
  return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

/** Prints a line, or several, on standard output. */
export function print(text: string): void {
  console.log(printable(text));
}

/** Prints a line, or several, on standard error; no credentials of a URL come out. */
export function printError(text: string): void {
  console.error(printable(withoutCredentials(text)));
}

/**
 * Writes text of whole lines to standard output, and waits until it is written.
 * @throws Deno.errors.BrokenPipe where nobody reads on.
 */
export async function writeOut(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(printable(text));
  for (let written = 0; written < bytes.length;) {
    written += await Deno.stdout.write(bytes.subarray(written));
  }
}
