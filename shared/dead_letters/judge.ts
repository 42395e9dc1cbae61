/** Judges a dead letter again, as if its input had just come. Pure. */
import {
  type DeadLetter,
  decodeEvent,
  deviceStateSchema,
  encodeEvent,
  readingSchema,
} from "../events.ts";
import type { NewRecord } from "../log/log.ts";
import type { TopicLayout } from "../mqtt/topics.ts";
import { DEVICE_STATE_TOPIC, POWER_TOPIC } from "../topics.ts";
import { validate } from "../mqtt/validate.ts";
import { type ChosenFix, fixedPayload } from "./fixes.ts";

export interface JudgeOptions {
  readonly layout: TopicLayout;
  readonly fixes: readonly ChosenFix[];
}

/** Records to append, those of all events in it, or why the input is refused again. */
export type Rejudged =
  | { readonly records: readonly NewRecord[]; readonly error?: never }
  | { readonly error: string };

/** A letter of the bridge by its MQTT topic, one of a worker by the topic of the log. */
export function judgeAgain(letter: DeadLetter, { layout, fixes }: JudgeOptions): Rejudged {
  const payload = fixedPayload(letter, fixes, layout);
  if (letter.partition !== undefined) return judgeRecord(letter.topic, payload);
  const message = { topic: letter.topic, payload, arrivedMs: letter.received_at };
  const verdicts = validate(message, layout);
  const refused = verdicts.find(({ refusal }) => refusal !== undefined);
  if (refused === undefined) return { records: verdicts.map(({ record }) => record) };
  const { error } = JSON.parse(String(refused.record.value)) as { error: string };
  return { error: `${refused.refusal}: ${error}` };
}

function judgeRecord(topic: string, payload: Uint8Array): Rejudged {
  const decoded = topic === POWER_TOPIC
    ? decodeEvent(readingSchema, payload)
    : topic === DEVICE_STATE_TOPIC
    ? decodeEvent(deviceStateSchema, payload)
    : { ok: false as const, error: `topic: expected ${POWER_TOPIC} or ${DEVICE_STATE_TOPIC}` };
  if (!decoded.ok) return { error: `invalid: ${decoded.error}` };
  const { event } = decoded;
  return { records: [{ topic, key: event.client_id, value: encodeEvent(event) }] };
}
