/**
 * The bridge's judgement of one MQTT message: records for `power`, `device-state` or `household`, or
 * dead letters that say why not. Pure: no MQTT, no log, no clock.
 *
 *   topic unknown ─▶ invalid      payload not the event ─▶ invalid (the error names the field)
 *   other user or household than the topic's ─▶ forged    otherwise ─▶ appended, key = client_id
 *   an array, what a meter kept while it was offline ─▶ each of its events by itself
 */
import {
  type DeadLetterReason,
  decodeJson,
  type DeviceState,
  deviceStateMessageSchema,
  encodeDeadLetter,
  encodeEvent,
  eventOfJson,
  householdSchema,
  type Reading,
  readingMessageSchema,
} from "../events.ts";
import type { NewRecord } from "../log/log.ts";
import type { MessageKind, TopicLayout, TopicMatch } from "./topics.ts";
import { DEAD_LETTER_TOPIC, DEVICE_STATE_TOPIC, HOUSEHOLD_TOPIC, POWER_TOPIC } from "../topics.ts";
import { CLOCK_SET_FROM_S } from "./canonical.ts";

/** Where verdicts go: `inputs` are those whose append times the log gives. */
export const BRIDGE_TOPICS = {
  inputs: [POWER_TOPIC, DEVICE_STATE_TOPIC],
  outputs: [DEAD_LETTER_TOPIC, HOUSEHOLD_TOPIC],
};

/** The name that the bridge's dead letters carry as their source. */
const SOURCE = "bridge";

/**
 * Longer payloads are refused unless they are arrays, and dead letters keep this much of them: as JSON
 * they then stay below the 1 MiB that a Kafka broker takes, whatever needs escaping.
 */
export const PAYLOAD_BYTES_MAX = 64 * 1024;

/** Of an array of events. */
export const LIST_EVENTS_MAX = 1000;
export const LIST_BYTES_MAX = 256 * 1024;

/** Header of a record whose message had no timestamp: it got its time of arrival. */
export const STAMPED_HEADER = "wattstream-stamped";
/** Header of a record whose message had a clock that was not set: its seconds, as they came. */
export const CLOCK_UNSET_HEADER = "wattstream-clock-unset";

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

/** Why an event got its time of arrival: it had none, or its clock was not set. */
export type Stamp = "missing" | "unset";

export type Verdict =
  | {
    readonly kind: MessageKind;
    readonly record: NewRecord;
    readonly username: string;
    /** Event time, s; undefined where the event has none. */
    readonly timestampS: number | undefined;
    readonly stamp?: Stamp;
    readonly refusal?: never;
  }
  | {
    /** Undefined where the topic is not one of the layout. */
    readonly kind: MessageKind | undefined;
    readonly record: NewRecord;
    readonly username?: never;
    readonly timestampS?: never;
    readonly stamp?: never;
    readonly refusal: Refusal;
  };

/**
 * Judges one message: a verdict for each event in it, at least one. Never throws: everything that can
 * come has a verdict.
 * @param match what the topic says, where that is known already.
 */
export function validate(
  message: ArrivedMessage,
  layout: TopicLayout,
  match: TopicMatch | undefined = layout.match(message.topic),
): readonly Verdict[] {
  if (match === undefined) {
    return [refused(message, match, "invalid", `topic: expected ${layout.text}`)];
  }
  const { payload } = message;
  const bytesMax = beginsList(payload) ? LIST_BYTES_MAX : PAYLOAD_BYTES_MAX;
  if (payload.length > bytesMax) {
    const error = `payload: expected at most ${bytesMax} bytes, the rest is cut off`;
    return [refused(message, match, "invalid", error)];
  }
  const decoded = decodeJson(payload);
  if (!decoded.ok) return [refused(message, match, "invalid", decoded.error)];
  const json = decoded.event;
  if (!Array.isArray(json) || match.kind === HOUSEHOLD_TOPIC) {
    return [judgeEvent(json, message, { match, isAlone: true })];
  }
  const problem = problemOfList(json);
  if (problem !== undefined) return [refused(message, match, "invalid", `payload: ${problem}`)];
  const isAlone = json.length === 1;
  return json.map((each) => judgeEvent(each, partOf(message, each), { match, isAlone }));
}

const SPACES: readonly number[] = [0x20, 0x09, 0x0a, 0x0d];
const OPENING_BRACKET = 0x5b;

function beginsList(payload: Uint8Array): boolean {
  let start = 0;
  while (start < payload.length && SPACES.includes(payload[start]!)) start++;
  return payload[start] === OPENING_BRACKET;
}

/** Why these are not the events of one household, or undefined. */
function problemOfList(list: readonly unknown[]): string | undefined {
  if (list.length === 0 || list.length > LIST_EVENTS_MAX) {
    return `expected an array of 1 to ${LIST_EVENTS_MAX} events, got ${list.length}`;
  }
  for (const field of ["username", "client_id"]) {
    const first = fieldOf(list[0], field);
    if (list.some((each) => fieldOf(each, field) !== first)) {
      return `expected an array of one household's events, got several of ${field}`;
    }
  }
  return undefined;
}

function fieldOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null
    ? (json as Record<string, unknown>)[name]
    : undefined;
}

/** One event of an array, as if it had come by itself. */
function partOf(message: ArrivedMessage, json: unknown): ArrivedMessage {
  return {
    topic: message.topic,
    arrivedMs: message.arrivedMs,
    /** For its dead letter alone. */
    get payload() {
      try {
        return new TextEncoder().encode(JSON.stringify(json));
      } catch (error) {
        if (error instanceof RangeError) return message.payload; // nested too deeply
        throw error;
      }
    },
  };
}

interface EventPlace {
  readonly match: TopicMatch;
  /** It is of now, so it can get its time of arrival. */
  readonly isAlone: boolean;
}

function judgeEvent(json: unknown, message: ArrivedMessage, place: EventPlace): Verdict {
  const { match, isAlone } = place;
  if (match.kind === HOUSEHOLD_TOPIC) return judgeHousehold(json, message, match);
  const decoded = match.kind === POWER_TOPIC
    ? eventOfJson(readingMessageSchema, json)
    : eventOfJson(deviceStateMessageSchema, json);
  if (!decoded.ok) return refused(message, match, "invalid", decoded.error);
  const forgery = forgeryOf(decoded.event, match);
  if (forgery !== undefined) return refused(message, match, "forged", forgery);
  const stamp = stampFor(decoded.event.timestamp);
  if (stamp !== undefined && !isAlone) {
    const error = "timestamp: expected in an array, whose events are not of the time of arrival";
    return refused(message, match, "invalid", error);
  }
  const said = decoded.event.timestamp ?? undefined;
  const event = timed(
    decoded.event,
    stamp === undefined && said !== undefined ? said : Math.floor(message.arrivedMs / 1000),
  );
  return {
    kind: match.kind,
    ...(stamp !== undefined && { stamp }),
    username: event.username,
    timestampS: event.timestamp,
    record: {
      topic: match.kind,
      key: event.client_id,
      value: encodeEvent(event),
      ...(stamp === "missing" && { headers: { [STAMPED_HEADER]: "true" } }),
      ...(stamp === "unset" && { headers: { [CLOCK_UNSET_HEADER]: String(said) } }),
    },
  };
}

function judgeHousehold(json: unknown, message: ArrivedMessage, match: TopicMatch): Verdict {
  const decoded = eventOfJson(householdSchema, json);
  if (!decoded.ok) return refused(message, match, "invalid", decoded.error);
  const forgery = forgeryOf(decoded.event, match);
  if (forgery !== undefined) return refused(message, match, "forged", forgery);
  const { client_id, username, devices } = decoded.event;
  return {
    kind: match.kind,
    username,
    timestampS: undefined,
    record: {
      topic: HOUSEHOLD_TOPIC,
      key: `${username}/${client_id}`,
      partitionKey: client_id,
      value: encodeEvent({ client_id, username, devices }),
    },
  };
}

function stampFor(timestampS: number | null | undefined): Stamp | undefined {
  if (timestampS === null || timestampS === undefined) return "missing";
  return timestampS < CLOCK_SET_FROM_S ? "unset" : undefined;
}

type Untimed<T> = T extends unknown ? Omit<T, "timestamp"> & { timestamp?: unknown } : never;

/** The event at this second, its fields in the order of the contract. */
function timed(event: Untimed<Reading | DeviceState>, timestampS: number): Reading | DeviceState {
  const { client_id, username, timestamp: _, ...rest } = event;
  return { client_id, username, timestamp: timestampS, ...rest };
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
