/**
 * What an error may repeat of what it was given. A secret turns up where nobody expects it: a URL with
 * its password under a wrong scheme, a password in place of its file's name, all of it in a flag that
 * takes a number. So a value is repeated only where it is plainly none.
 */

/** A number, maybe with a unit, or a short word; no password worth the name looks so. */
const PLAIN = /^(-?[\d.,:/]*[a-z]{0,3}|[a-z_{}.,-]{0,16})$/i;
/** A path that begins like one. */
const PATH = /^\.{0,2}\/(?!\/)[^@]*$/;
/** User and password of a URL, also of one that is misspelt: `//…@`, `…:…@`. */
const CREDENTIALS = /(\/\/)[^\s"']*@|[\w.%+~-]+:(?!\/\/)[^\s"'@]*@/g;

/** The text for an error, `…` where it may hold a secret. */
export function plain(text: string): string {
  return PLAIN.test(text) ? text : "…";
}

/** The same in quotes. */
export function quoted(text: string): string {
  return `"${plain(text)}"`;
}

/** The text where it is a path, `…` where it may be what the file should hold. */
export function pathText(text: string): string {
  return PATH.test(text) ? text : "…";
}

/** An error or a log line without the credentials of URLs in it: `mqtt://…@host`. */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIALS, (_, slashes: string | undefined) => `${slashes ?? ""}…@`);
}

/** Why a file cannot be read, without its name, which stands in the system's message. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "it may not be read";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  return error instanceof Error ? error.name : "it cannot be read";
}
