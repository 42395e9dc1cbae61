/**
 * What a single record says, whatever stands around it in the log: a tick, an event of a household,
 * or something to refuse.
 */
import type { z } from "zod";
import { type DeadLetterReason, decodeEvent } from "../events.ts";
import type { DeviceState, Reading } from "../events.ts";
import type { LogRecord } from "../log/log.ts";
import { partitionOf } from "../log/partition.ts";
import { POWER_TOPIC, TICK_HEADER } from "../topics.ts";
import { isTextOf } from "./text_bytes.ts";

export type InputEvent = Reading | DeviceState;

/** Where a record stands and since when: what is kept of it, without its bytes. */
export type RecordPlace = Pick<LogRecord, "topic" | "partition" | "offset" | "appendMs">;

/** A record that a household sent and that is worth judging. */
export interface EventEntry<E extends InputEvent> {
  readonly kind: "event";
  readonly record: RecordPlace;
  readonly event: E;
}

export type Entry<E extends InputEvent> =
  | EventEntry<E>
  | { readonly kind: "tick"; readonly record: RecordPlace }
  /** From ahead of its time: a household's, but no sign of its life. */
  | { readonly kind: "future"; readonly record: RecordPlace; readonly event: E }
  /** Of no household at all. */
  | { readonly kind: "invalid" | "misplaced"; readonly record: RecordPlace };

/** A dead letter that a worker owes: the place of the record it refuses, and why. */
export interface ExpectedDeadLetter {
  readonly reason: DeadLetterReason;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface EntryRules {
  readonly partitionCount: number;
  readonly maxAheadS: number;
}

/** Reads one record of an input topic whose values have this schema. */
export function readEntry<E extends InputEvent>(
  record: LogRecord,
  schema: z.ZodType<E>,
  rules: EntryRules,
): Entry<E> {
  const { topic, partition, offset, appendMs, key } = record;
  const place = { topic, partition, offset, appendMs };
  if (isTick(record)) return { kind: "tick", record: place };
  const decoded = decodeEvent(schema, record.value);
  if (!decoded.ok || key === null || !isTextOf(key, decoded.event.client_id)) {
    return { kind: "invalid", record: place };
  }
  if (partitionOf(key, rules.partitionCount) !== partition) {
    return { kind: "misplaced", record: place };
  }
  const { event } = decoded;
  const isAhead = event.timestamp > Math.floor(appendMs / 1000) + rules.maxAheadS;
  return { kind: isAhead ? "future" : "event", record: place, event };
}

/** Ticks belong to `power`; the same record in `device-state` is just one without a value. */
export function isTick(record: LogRecord): boolean {
  return record.topic === POWER_TOPIC && record.key === null && record.value === null &&
    record.headers[TICK_HEADER] !== undefined;
}

export function deadLetterOf(
  reason: DeadLetterReason,
  { topic, partition, offset }: RecordPlace,
): ExpectedDeadLetter {
  return { reason, topic, partition, offset };
}
