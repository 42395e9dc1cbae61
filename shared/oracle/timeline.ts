/**
 * The order in which a task sees its records, and what that order means to each household: its own
 * records, and between them the moments at which silence or a tick closes everything it has open.
 */
import { type Entry, type EventEntry, householdOf, type InputEvent } from "./entries.ts";
import { type Semantics, STREAM_STEP_MS_MAX } from "./semantics.ts";

/** Everything that the household has open at this point closes, by silence or by a tick. */
export const CLOSING: { readonly kind: "closing" } = Object.freeze({ kind: "closing" });

export type Moment<E extends InputEvent> = EventEntry<E> | typeof CLOSING;

/**
 * Merges inputs by append time, then topic name. Only the heads are compared: within an input the
 * order is that of its offsets, even where an append time steps back.
 */
export function mergeInputs<E extends InputEvent>(
  first: readonly Entry<E>[],
  second: readonly Entry<E>[],
): Entry<E>[] {
  const merged: Entry<E>[] = [];
  let i = 0;
  let j = 0;
  while (i < first.length && j < second.length) {
    merged.push(comesFirst(first[i]!, second[j]!) ? first[i++]! : second[j++]!);
  }
  while (i < first.length) merged.push(first[i++]!);
  while (j < second.length) merged.push(second[j++]!);
  return merged;
}

function comesFirst<E extends InputEvent>(a: Entry<E>, b: Entry<E>): boolean {
  if (a.record.appendMs !== b.record.appendMs) return a.record.appendMs < b.record.appendMs;
  return a.record.topic < b.record.topic;
}

/**
 * The moments of every household that showed a sign of life, in the order of the task, by its name.
 *
 * ```
 * stream time   0    5    8  …  63   68    73
 * household a   r    r    r            (closing: 68 − 8 ≥ 60)  r
 * ```
 *
 * The closing stands before the next record of the household, or at the end of the log: in between
 * nothing of the household happens that could tell the difference.
 */
export function timelineOf<E extends InputEvent>(
  entries: readonly Entry<E>[],
  semantics: Semantics,
): Map<string, Moment<E>[]> {
  const idleTimeoutMs = semantics.idleTimeoutS * 1000;
  const households = new Map<string, { moments: Moment<E>[]; lastSeenMs: number }>();
  let streamMs = 0;
  let previousAppendMs = entries[0]?.record.appendMs ?? 0;
  for (const entry of entries) {
    const { appendMs } = entry.record;
    streamMs += Math.min(Math.max(appendMs - previousAppendMs, 0), STREAM_STEP_MS_MAX);
    previousAppendMs = appendMs;
    if (entry.kind === "tick") {
      for (const household of households.values()) close(household.moments);
    }
    if (entry.kind !== "event") continue;
    const name = householdOf(entry.event);
    const household = households.get(name);
    if (household === undefined) {
      households.set(name, { moments: [entry], lastSeenMs: streamMs });
      continue;
    }
    if (streamMs - household.lastSeenMs >= idleTimeoutMs) close(household.moments);
    household.moments.push(entry);
    household.lastSeenMs = streamMs;
  }
  const timeline = new Map<string, Moment<E>[]>();
  for (const [name, { moments, lastSeenMs }] of households) {
    if (streamMs - lastSeenMs >= idleTimeoutMs) close(moments);
    timeline.set(name, moments);
  }
  return timeline;
}

/** The timelines of partitions whose households go from one to the next, one behind the other. */
export function timelineOfAll<E extends InputEvent>(
  partitions: readonly (readonly Entry<E>[])[],
  semantics: Semantics,
): Map<string, Moment<E>[]> {
  const all = new Map<string, Moment<E>[]>();
  for (const entries of partitions) {
    for (const [name, moments] of timelineOf(entries, semantics)) {
      all.set(name, [...all.get(name) ?? [], ...moments]);
    }
  }
  return all;
}

/** Two closings in a row say no more than one. */
function close<E extends InputEvent>(moments: Moment<E>[]): void {
  if (moments.at(-1) !== CLOSING) moments.push(CLOSING);
}
