/** What a task tells those who watch it: metrics, logs, tests. */
import type { HouseholdIdentity } from "../events.ts";
import type { LostRange } from "./lost_records.ts";
import type { OutcomeCounts } from "./outcomes.ts";
import type { TopicCounts } from "./topic_counts.ts";

/** What a task tells about itself, after each transaction. */
export interface TaskProgress {
  readonly partition: number;
  readonly outcomes: OutcomeCounts;
  /** Of all records of the task since its inputs began, whoever owned it. */
  readonly totals: OutcomeCounts;
  /** Records read in the transaction, by topic. */
  readonly read: Readonly<TopicCounts>;
  /** Append time of the first of them, ms; undefined where there are none. */
  readonly firstAppendMs: number | undefined;
  /** Records put out and committed, without dead letters, by topic. */
  readonly emitted: Readonly<TopicCounts>;
  /** Households closed since nothing has come from them for `idle-timeout`. */
  readonly silencedCount: number;
  readonly householdCount: number;
  readonly heldCount: number;
  readonly mergeViolations: number;
  /** What households remember since the transaction before, by the name of their entry. */
  readonly memories: ReadonlyMap<string, string>;
}

/** A household and how much comes from it. */
export interface HotHousehold extends HouseholdIdentity {
  /** Since it came alive, by stream time. */
  readonly recordsPerS: number;
}

/** A running task as it is now, for those who look at it now and then. */
export interface TaskView {
  /** Offset of the next record of each input. */
  positions(): readonly number[];
  /** Append time of the last record processed, ms; undefined before the first. */
  readonly lastAppendMs: number | undefined;
  /** Largest event time taken in, s; undefined before the first. */
  readonly newestS: number | undefined;
  /** From the watermark of its last household to that of its first, s. */
  watermarkSpreadS(): number;
  /** All that is remembered of households, by the name of their entry. */
  memories(): Iterable<[name: string, text: string]>;
  /** The households from which most comes, at most `count`. */
  hottest(count: number): HotHousehold[];
}

/** A recovery that has come to its end. */
export interface TaskRecovery {
  readonly replayedCount: number;
  /** Records that were held when it began, and are so again. */
  readonly heldCount: number;
  /** Households alive. */
  readonly householdCount: number;
  /** See {@link TaskProgress.totals}. */
  readonly totals: OutcomeCounts;
  readonly tookMs: number;
}

/** What the runner tells those who watch. */
export interface TaskObserver {
  /** The task is ours and about to be rebuilt. */
  assigned(partition: number): void;
  /** The task is rebuilt and goes on. */
  recovered(partition: number, recovery: TaskRecovery, view: TaskView): void;
  /** Something was fetched, or nothing came in time. */
  fetched(partition: number, recordCount: number, tookMs: number): void;
  committed(progress: TaskProgress, tookMs: number): void;
  /** The log no longer holds records that the task needs, which goes on without them. */
  lost(partition: number, ranges: readonly LostRange[]): void;
  /** The task is no longer ours. */
  ended(partition: number): void;
}

/** For those who do not watch. */
export const UNWATCHED: TaskObserver = {
  assigned() {},
  recovered() {},
  fetched() {},
  committed() {},
  lost() {},
  ended() {},
};
