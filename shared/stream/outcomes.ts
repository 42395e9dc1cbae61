/**
 * What became of the input records. Each record is exactly one of these, so that the counts add up to
 * the inputs, with `partly_late` counted on top of `used`, and those still held not counted yet.
 */

export const OUTCOMES = [
  /** It is in a window, or in an emitted dataset. */
  "used",
  /** A record for this household and second came before it. */
  "duplicate",
  /** All it could have joined is closed. */
  "late",
  /** Further ahead of its append time than `max-ahead`. */
  "future",
  /** It cannot be read, or stands in a partition that is not its key's. */
  "invalid",
  /** Its second became final without a record of the other input; no model was there for a window. */
  "unfused",
  /** Its session was not longer than `min-duration`. */
  "short",
  /** It was a tick. */
  "tick",
  /** The log no longer held it when it was its turn, or when it was held and needed again. */
  "lost",
] as const;

export type Outcome = typeof OUTCOMES[number];

/** Counts by outcome. */
export type OutcomeCounts = Record<Outcome | "partly_late", number>;

export function noOutcomes(): OutcomeCounts {
  return {
    used: 0,
    duplicate: 0,
    late: 0,
    partly_late: 0,
    future: 0,
    invalid: 0,
    unfused: 0,
    short: 0,
    tick: 0,
    lost: 0,
  };
}

/** Adds `more` to `counts`. */
export function addOutcomes(counts: OutcomeCounts, more: OutcomeCounts): void {
  for (const key of Object.keys(counts) as (keyof OutcomeCounts)[]) counts[key] += more[key];
}

/** The number of records that these outcomes account for. */
export function recordCount(counts: OutcomeCounts): number {
  return OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
}
