/** What the errors of SQLite mean for us. */
import { messageOf, WattstreamError } from "../../errors.ts";

const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IO = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

/** True where another connection is in the way. */
export function isBusy(error: unknown): boolean {
  const code = errcodeOf(error);
  return code === BUSY || code === LOCKED;
}

/** True where the file itself is wrong at this place. */
export function isDamage(error: unknown): boolean {
  const code = errcodeOf(error);
  return code === CORRUPT || code === IO || code === NOT_A_DATABASE;
}

/** SQLite's primary result code, the low byte of the extended one. */
function errcodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return Number(error.errcode) & 0xff;
}

/** Says that a log is damaged, how, and what to do. */
export function damagedText(path: string, how: string): string {
  return `The log ${path} is damaged (${how}): stop what uses it, and copy what can be read with ` +
    "deno task topics salvage OLD NEW";
}

/** What an error of SQLite means for us; any other error as it is. */
export function explainSqlite(error: unknown, path: string): unknown {
  const explained = (code: "unavailable" | "config" | "invariant", what: string) =>
    new WattstreamError(code, what, { cause: error });
  switch (errcodeOf(error)) {
    case BUSY:
    case LOCKED:
      return explained("unavailable", `Other processes keep the log ${path} locked`);
    case FULL:
      return explained("unavailable", `Free some disk space: the log ${path} cannot grow`);
    case READONLY:
    case IO:
    case CANNOT_OPEN:
      return explained("unavailable", `The log ${path} cannot be used: ${messageOf(error)}`);
    case NOT_A_DATABASE:
      return explained("config", `Use another file than ${path}: it is not a Wattstream log`);
    case CORRUPT:
      return explained("invariant", damagedText(path, messageOf(error)));
    default:
      return error;
  }
}
