/** What a task's runner works with beside the log. */
import type { HouseholdEvent, WorkerCore } from "./household.ts";
import type { TaskObserver } from "./task_observer.ts";

/** Settings of a worker's tasks. */
export interface RunnerSettings {
  readonly idleTimeoutS: number;
  readonly maxAheadS: number;
  readonly quietTimeoutMs: number;
  readonly partitionCount: number;
  /** See `TaskSettings`. */
  readonly outputBytesMax?: number | undefined;
  /** What to do where the log no longer holds what the task needs. */
  readonly lostRecords: "stop" | "skip";
}

export interface RunnerParts<E extends HouseholdEvent> {
  readonly core: WorkerCore<E>;
  readonly settings: RunnerSettings;
  readonly observer: TaskObserver;
  readonly nowMs: () => number;
}
