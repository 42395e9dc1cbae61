/** What a task tells those who watch it: metrics, logs, tests. */
import type { LostRange } from "./lost_records.ts";
import type { OutcomeCounts } from "./outcomes.ts";

/** What a task tells about itself, after each transaction. */
export interface TaskProgress {
  readonly partition: number;
  readonly outcomes: OutcomeCounts;
  /** Windows or datasets committed. */
  readonly emitted: number;
  readonly householdCount: number;
  readonly heldCount: number;
  readonly mergeViolations: number;
}

/** What the runner tells those who watch. */
export interface TaskObserver {
  /** The task is ours and about to be rebuilt. */
  assigned(partition: number): void;
  /** The task is rebuilt and goes on; `records` were replayed. */
  recovered(partition: number, records: number, tookMs: number): void;
  committed(progress: TaskProgress, tookMs: number): void;
  /** The log no longer holds records that the task needs, which goes on without them. */
  lost(partition: number, ranges: readonly LostRange[]): void;
  /** The task is no longer ours. */
  ended(partition: number): void;
}
