/**
 * What a single record says, whatever stands around it in the log: a tick, an event of a household,
 * or something to refuse.
 */
import type { z } from "zod";
import { type DeadLetterReason, decodeEvent, textOf } from "../events.ts";
import type { DeviceState, HouseholdIdentity, Reading } from "../events.ts";
import type { LogRecord } from "../log/log.ts";
import { partitionOf } from "../log/partition.ts";
import { POWER_TOPIC, TICK_HEADER } from "../topics.ts";

export type InputEvent = Reading | DeviceState;

/** A record that a household sent and that is worth judging. */
export interface EventEntry<E extends InputEvent> {
  readonly kind: "event";
  readonly record: LogRecord;
  readonly event: E;
}

export type Entry<E extends InputEvent> =
  | EventEntry<E>
  | { readonly kind: "tick"; readonly record: LogRecord }
  /** From ahead of its time: a household's, but no sign of its life. */
  | { readonly kind: "future"; readonly record: LogRecord; readonly event: E }
  /** Of no household at all. */
  | { readonly kind: "invalid" | "misplaced"; readonly record: LogRecord };

/** A dead letter that a worker owes: the place of the record it refuses, and why. */
export interface ExpectedDeadLetter {
  readonly reason: DeadLetterReason;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * The name of the household that an event is of: its user and its client id, since only the user is
 * authenticated. Unambiguous whatever characters they are made of.
 */
export function householdOf({ username, client_id }: HouseholdIdentity): string {
  return JSON.stringify([username, client_id]);
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
  if (isTick(record)) return { kind: "tick", record };
  const decoded = decodeEvent(schema, record.value);
  if (!decoded.ok || record.key === null || textOf(record.key) !== decoded.event.client_id) {
    return { kind: "invalid", record };
  }
  if (partitionOf(record.key, rules.partitionCount) !== record.partition) {
    return { kind: "misplaced", record };
  }
  const appendS = Math.floor(record.appendMs / 1000);
  if (decoded.event.timestamp > appendS + rules.maxAheadS) {
    return { kind: "future", record, event: decoded.event };
  }
  return { kind: "event", record, event: decoded.event };
}

/** Ticks belong to `power`; the same record in `device-state` is just one without a value. */
function isTick(record: LogRecord): boolean {
  return record.topic === POWER_TOPIC && record.key === null && record.value === null &&
    record.headers[TICK_HEADER] !== undefined;
}

export function deadLetterOf(reason: DeadLetterReason, record: LogRecord): ExpectedDeadLetter {
  return { reason, topic: record.topic, partition: record.partition, offset: record.offset };
}
