/**
 * What stands in place of the metrics in the bundle of a worker that has none, which the cost of ours
 * is held against: the same exports, and nothing behind them.
 */
import type { requestObserver as observerOfRequests } from "../../../shared/log/log_metrics.ts";
import type { Metrics as OwnMetrics, MetricTable } from "../../../shared/service/metrics.ts";
import type { ProcessMetrics as OwnProcessMetrics } from "../../../shared/service/process_metrics.ts";
import type { TaskMetrics as OwnTaskMetrics } from "../../../shared/stream/observe_tasks.ts";
import { type HotHousehold, UNWATCHED } from "../../../shared/stream/task_observer.ts";

type Like<T> = Pick<T, keyof T>;

/** The modules that this one stands for, from the root. */
export const REPLACED = [
  "shared/log/log_metrics.ts",
  "shared/service/metrics.ts",
  "shared/service/process_metrics.ts",
  "shared/stream/observe_tasks.ts",
] as const;

export const TASK_NUMBERS = "task numbers";
export const LATENCY_BUCKETS: readonly number[] = [];
export const logMetrics = {};

export class Metrics implements Like<OwnMetrics<MetricTable>> {
  add(): void {}
  set(): void {}
  remove(): void {}
  beforeText(): void {}
  observe(): void {}
  text(): Promise<string> {
    return Promise.resolve("");
  }
}

export class ProcessMetrics implements Like<OwnProcessMetrics> {
  close(): void {}
  text(): Promise<string> {
    return Promise.resolve("");
  }
}

export class TaskMetrics implements Like<OwnTaskMetrics> {
  readonly assigned = UNWATCHED.assigned;
  readonly recovered = UNWATCHED.recovered;
  readonly fetched = UNWATCHED.fetched;
  readonly committed = UNWATCHED.committed;
  readonly lost = UNWATCHED.lost;
  readonly ended = UNWATCHED.ended;
  fenced(): void {}
  hottest(): HotHousehold[] {
    return [];
  }
}

/** Nobody hears of requests. */
export function requestObserver(): ReturnType<typeof observerOfRequests> | undefined {
  return undefined;
}
