/**
 * A share of the households: as many as are judged at a time, so that what is held of a log has a
 * bound. All of a household is in one share, by its client id.
 */
import { decodeJson, textOf } from "../events.ts";
import type { LogRecord } from "../log/log.ts";

/** One of so many, from 0. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** Whether an input is judged with this share: by its key, which is its client id or refused. */
export function holdsInput({ index, of }: Share, { key }: Pick<LogRecord, "key">): boolean {
  return of === 1 || shareOf(key === null ? "" : textOf(key) ?? "", of) === index;
}

/** Whether an output is judged with this share: by its client id, whatever its key. */
export function holdsOutput({ index, of }: Share, record: LogRecord): boolean {
  return of === 1 || shareOf(clientIdIn(record), of) === index;
}

/** As its value has it. */
function clientIdIn({ key, value }: LogRecord): string {
  if (value === null) return "";
  const keyText = key === null ? undefined : textOf(key);
  const begin = `{"client_id":${JSON.stringify(keyText ?? "")},`;
  if (textOf(value.subarray(0, new TextEncoder().encode(begin).length)) === begin) return keyText!;
  const decoded = decodeJson(value);
  const named = decoded.ok ? (decoded.event as { client_id?: unknown } | null)?.client_id : "";
  return typeof named === "string" ? named : "";
}

/** FNV-1a. */
function shareOf(text: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % count;
}
