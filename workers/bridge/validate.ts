/**
 * The bridge's judgement of one MQTT message: a record for `power` or `device-state`, or a dead
 * letter that says why not. Pure: no MQTT, no log, no clock.
 *
 *   topic unknown ─▶ invalid      payload not the event ─▶ invalid (the error names the field)
 *   other user or household than the topic's ─▶ forged    otherwise ─▶ appended, key = client_id
 */
import {
  type DeadLetterReason,
  decodeEvent,
  type DeviceState,
  deviceStateMessageSchema,
  encodeDeadLetter,
  encodeEvent,
  type Reading,
  readingMessageSchema,
} from "../../shared/events.ts";
import type { NewRecord } from "../../shared/log/log.ts";
import type { MessageKind, TopicLayout, TopicMatch } from "../../shared/mqtt/topics.ts";
import { DEAD_LETTER_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";

/** The name that the bridge's dead letters carry as their source. */
const SOURCE = "bridge";

/**
 * Longer payloads are refused, and their dead letters keep this much of them: as JSON they then stay
 * below the 1 MiB that a Kafka broker takes, whatever needs escaping.
 */
export const PAYLOAD_BYTES_MAX = 64 * 1024;

/** Header of a record whose message had no timestamp: it got its time of arrival. */
export const STAMPED_HEADER = "wattstream-stamped";

const STAMPED: Readonly<Record<string, string>> = Object.freeze({ [STAMPED_HEADER]: "true" });

/** A message as it came. */
export interface ArrivedMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** When it came, ms since 1970. */
  readonly arrivedMs: number;
}

/** The reasons for which the bridge refuses a message. */
export const BRIDGE_REFUSALS = ["invalid", "forged"] as const satisfies readonly DeadLetterReason[];
type Refusal = typeof BRIDGE_REFUSALS[number];

export type Verdict =
  | {
    readonly kind: MessageKind;
    readonly record: NewRecord;
    readonly username: string;
    /** Event time, s. */
    readonly timestampS: number;
    /** It had no timestamp and got its arrival time. */
    readonly isStamped: boolean;
    readonly refusal?: never;
  }
  | {
    /** Undefined where the topic is not one of the layout. */
    readonly kind: MessageKind | undefined;
    readonly record: NewRecord;
    readonly username?: never;
    readonly timestampS?: never;
    readonly isStamped: false;
    readonly refusal: Refusal;
  };

/**
 * Judges one message. Never throws: everything that can come has a verdict.
 * @param match what the topic says, where that is known already.
 */
export function validate(
  message: ArrivedMessage,
  layout: TopicLayout,
  match: TopicMatch | undefined = layout.match(message.topic),
): Verdict {
  if (match === undefined) {
    return refused(message, match, "invalid", `topic: expected ${layout.text}`);
  }
  const { payload } = message;
  if (payload.length > PAYLOAD_BYTES_MAX) {
    const error = `payload: expected at most ${PAYLOAD_BYTES_MAX} bytes, the rest is cut off`;
    return refused(message, match, "invalid", error);
  }
  const decoded = match.kind === POWER_TOPIC
    ? decodeEvent(readingMessageSchema, payload)
    : decodeEvent(deviceStateMessageSchema, payload);
  if (!decoded.ok) return refused(message, match, "invalid", decoded.error);
  const forgery = forgeryOf(decoded.event, match);
  if (forgery !== undefined) return refused(message, match, "forged", forgery);
  const isStamped = decoded.event.timestamp === undefined;
  const event = stamped(decoded.event, message.arrivedMs);
  return {
    kind: match.kind,
    isStamped,
    username: event.username,
    timestampS: event.timestamp,
    record: {
      topic: match.kind,
      key: event.client_id,
      value: encodeEvent(event),
      ...(isStamped && { headers: STAMPED }),
    },
  };
}

type Unstamped<T> = T extends unknown ? Omit<T, "timestamp"> & { timestamp?: number | undefined }
  : never;

/** The event with a timestamp, its fields in the order of the contract. */
function stamped(
  event: Unstamped<Reading | DeviceState>,
  arrivedMs: number,
): Reading | DeviceState {
  const { client_id, username, timestamp = Math.floor(arrivedMs / 1000), ...rest } = event;
  return { client_id, username, timestamp, ...rest };
}

function forgeryOf(
  event: { readonly client_id: string; readonly username: string },
  match: TopicMatch,
): string | undefined {
  for (const field of ["username", "client_id"] as const) {
    const expected = match[field];
    if (expected !== undefined && expected !== event[field]) {
      return `${field}: the topic says "${expected}", the payload "${event[field]}"`;
    }
  }
  return undefined;
}

function refused(
  message: ArrivedMessage,
  match: TopicMatch | undefined,
  reason: Refusal,
  error: string,
): Verdict {
  return {
    kind: match?.kind,
    isStamped: false,
    refusal: reason,
    record: {
      topic: DEAD_LETTER_TOPIC,
      key: match?.client_id ?? null,
      value: encodeDeadLetter(
        { reason, source: SOURCE, error, topic: message.topic, received_at: message.arrivedMs },
        message.payload.subarray(0, PAYLOAD_BYTES_MAX),
      ),
    },
  };
}
