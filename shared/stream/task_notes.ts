/** What a task notes in the transaction of its output. */
import { noOutcomes, type OutcomeCounts } from "./outcomes.ts";
import type { TopicCounts } from "./topic_counts.ts";

/** What records led to beside output, to be noted in the transaction of their output. */
export interface TaskNotes {
  /** What households remember, by the name of their entry in the memory. */
  readonly memories: Map<string, string>;
  readonly outcomes: OutcomeCounts;
  /** Records of the output, without dead letters, by topic. */
  readonly emitted: TopicCounts;
  /** Households that were closed since they were silent. */
  silencedCount: number;
}

/** Nothing so far. */
export function noNotes(): TaskNotes {
  return { memories: new Map(), outcomes: noOutcomes(), emitted: {}, silencedCount: 0 };
}
