/**
 * Messages that can be appended as the bytes that they are: those of the record that their event
 * would be written as, of the household that their topic names, with a clock that is set.
 */
import type { ByteRange } from "../bytes/byte_range.ts";
import { EventScanner } from "../bytes/event_scanner.ts";
import type { TopicMatch } from "./topics.ts";
import { DEVICE_STATE_TOPIC, POWER_TOPIC } from "../topics.ts";

/** 2001-01-01, Unix seconds. A clock that says less has not been set since its device started. */
export const CLOCK_SET_FROM_S = 978_307_200;

const SPACE = 0x20;
const DELETE = 0x7f;

const scanner = new EventScanner();

/**
 * Event time of such a message, s; undefined where the message is of another kind, or not known to be
 * one.
 */
export function canonicalSecond(payload: ByteRange, match: TopicMatch): number | undefined {
  const { bytes, start, end } = payload;
  const { kind, username, client_id } = match;
  if (username === undefined || client_id === undefined) return undefined;
  const isKnown = (kind === POWER_TOPIC && scanner.reading(bytes, start, end)) ||
    (kind === DEVICE_STATE_TOPIC && scanner.deviceState(bytes, start, end));
  if (!isKnown || !scanner.hasTimestamp || !scanner.isCanonical) return undefined;
  const { event } = scanner;
  const isOwn = isPlainText(event.clientId, client_id) && isPlainText(event.username, username);
  return isOwn && event.timestamp >= CLOCK_SET_FROM_S ? event.timestamp : undefined;
}

/** Whether a text of plain ASCII stands in the range, between its quotes. */
function isPlainText({ bytes, start, end }: ByteRange, text: string): boolean {
  if (end - start !== text.length + 2) return false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < SPACE || code >= DELETE || bytes[start + 1 + index] !== code) return false;
  }
  return true;
}
