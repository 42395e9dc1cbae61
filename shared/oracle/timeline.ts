/**
 * The order in which a task sees its records, and what that order means to each household: its own
 * records, and between them the moments at which silence or a tick closes everything it has open.
 */
import type { Entry, EventEntry, InputEvent, RecordPlace } from "./entries.ts";
import { ByHousehold } from "./households.ts";
import { type Semantics, STREAM_STEP_MS_MAX } from "./semantics.ts";

/** Everything that the household has open at this point closes, by silence or by a tick. */
export const CLOSING: { readonly kind: "closing" } = Object.freeze({ kind: "closing" });

export type Moment<E extends InputEvent> = EventEntry<E> | typeof CLOSING;

/**
 * Merges inputs by append time, then topic name. Only the heads are compared: within an input the
 * order is that of its offsets, even where an append time steps back.
 */
export function mergeInputs<R extends RecordPlace>(
  first: readonly R[],
  second: readonly R[],
): R[] {
  const merged: R[] = [];
  let i = 0;
  let j = 0;
  while (i < first.length && j < second.length) {
    merged.push(comesFirst(first[i]!, second[j]!) ? first[i++]! : second[j++]!);
  }
  while (i < first.length) merged.push(first[i++]!);
  while (j < second.length) merged.push(second[j++]!);
  return merged;
}

/** Whether the head of one input comes before that of another. */
export function comesFirst(a: RecordPlace, b: RecordPlace): boolean {
  if (a.appendMs !== b.appendMs) return a.appendMs < b.appendMs;
  return a.topic < b.topic;
}

interface Household<E extends InputEvent> {
  readonly moments: Moment<E>[];
  lastSeenMs: number;
}

/**
 * Takes the records of a task in its order, and has the moments of every household that showed a sign
 * of life.
 *
 * ```
 * stream time   0    5    8  …  63   68    73
 * household a   r    r    r            (closing: 68 − 8 ≥ 60)  r
 * ```
 *
 * The closing stands before the next record of the household, or at the end of the log: in between
 * nothing of the household happens that could tell the difference.
 */
export class Timeline<E extends InputEvent> {
  readonly #idleTimeoutMs: number;
  readonly #households = new ByHousehold<Household<E>>();
  #streamMs = 0;
  #previousAppendMs: number | undefined;

  constructor({ idleTimeoutS }: Semantics) {
    this.#idleTimeoutMs = idleTimeoutS * 1000;
  }

  /** Lets stream time move by a record, whosever it is. */
  pass(appendMs: number): void {
    const stepMs = appendMs - (this.#previousAppendMs ?? appendMs);
    this.#streamMs += Math.min(Math.max(stepMs, 0), STREAM_STEP_MS_MAX);
    this.#previousAppendMs = appendMs;
  }

  take(entry: Entry<E>): void {
    this.pass(entry.record.appendMs);
    if (entry.kind === "tick") {
      for (const { moments } of this.#households.values()) close(moments);
    }
    if (entry.kind !== "event") return;
    const household = this.#households.getOrMake(
      entry.event,
      () => ({ moments: [], lastSeenMs: this.#streamMs }),
    );
    if (this.#isSilent(household)) close(household.moments);
    household.moments.push(entry);
    household.lastSeenMs = this.#streamMs;
  }

  /** The moments up to the end of the log, household by household, each of which begins with an event. */
  end(): Moment<E>[][] {
    return this.#households.values().map((household) => {
      if (this.#isSilent(household)) close(household.moments);
      return household.moments;
    });
  }

  #isSilent({ lastSeenMs }: Household<E>): boolean {
    return this.#streamMs - lastSeenMs >= this.#idleTimeoutMs;
  }
}

/** Two closings in a row say no more than one. */
function close<E extends InputEvent>(moments: Moment<E>[]): void {
  if (moments.at(-1) !== CLOSING) moments.push(CLOSING);
}
