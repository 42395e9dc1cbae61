/** Adds what tasks tell to the metrics: once a transaction, or when somebody looks. */
import type { Metrics } from "../service/metrics.ts";
import type { LagWatch } from "./lag_watch.ts";
import { type OutcomeCounts, OUTCOMES } from "./outcomes.ts";
import type { StreamMetrics } from "./stream_metrics.ts";
import type {
  HotHousehold,
  TaskObserver,
  TaskProgress,
  TaskRecovery,
  TaskView,
} from "./task_observer.ts";
import { totalOf } from "./topic_counts.ts";

/** Households on the page `/hot`. */
const HOT_COUNT = 10;

export interface ObservedParts {
  readonly metrics: Metrics<StreamMetrics>;
  readonly lag: LagWatch;
  readonly nowMs: () => number;
}

/** A task of ours that goes on. */
interface Watched {
  readonly view: TaskView;
  /** See {@link TaskProgress.totals}: those of its memory at first. */
  totals: OutcomeCounts;
  mergeViolations: number;
  heldCount: number;
  householdCount: number;
}

/** Gauges of a task that go with it. */
const TASK_GAUGES = [
  "wattstream_task_lag_records",
  "wattstream_task_lag_seconds",
  "wattstream_task_newest_event_seconds",
  "wattstream_task_watermark_spread_seconds",
  "wattstream_task_households",
  "wattstream_task_held_records",
] as const;

export class TaskMetrics implements TaskObserver {
  readonly #parts: ObservedParts;
  readonly #tasks = new Map<number, Watched>();

  constructor(parts: ObservedParts) {
    this.#parts = parts;
    parts.metrics.beforeText(() => this.#show());
  }

  /** The households from which most comes, of all tasks. */
  hottest(): HotHousehold[] {
    return [...this.#tasks.values()].flatMap(({ view }) => view.hottest(HOT_COUNT))
      .sort((a, b) => b.recordsPerS - a.recordsPerS).slice(0, HOT_COUNT);
  }

  assigned(partition: number): void {
    const { metrics } = this.#parts;
    const task = String(partition);
    metrics.add("wattstream_tasks", 1);
    // There from now on, so that a rate over it is right.
    metrics.add("wattstream_task_read_records_total", 0, { task });
    metrics.add("wattstream_task_starts_total", 1, { task });
  }

  recovered(
    partition: number,
    { replayedCount, heldCount, householdCount, totals, tookMs }: TaskRecovery,
    view: TaskView,
  ): void {
    const { metrics } = this.#parts;
    this.#tasks.set(partition, { view, totals, mergeViolations: 0, heldCount, householdCount });
    metrics.add("wattstream_households", householdCount);
    metrics.add("wattstream_records_taken_over_total", heldCount);
    metrics.add("wattstream_records_held", heldCount);
    metrics.add("wattstream_replayed_records_total", replayedCount);
    metrics.observe("wattstream_recovery_records", replayedCount);
    metrics.observe("wattstream_recovery_seconds", tookMs / 1000);
  }

  fetched(_partition: number, recordCount: number, tookMs: number): void {
    const { metrics } = this.#parts;
    metrics.observe("wattstream_fetch_seconds", tookMs / 1000);
    if (recordCount > 0) metrics.observe("wattstream_fetch_records", recordCount);
  }

  committed(progress: TaskProgress, tookMs: number): void {
    const { metrics, nowMs } = this.#parts;
    const { outcomes, read, firstAppendMs, emitted } = progress;
    const readCount = totalOf(read);
    for (const outcome of OUTCOMES) {
      metrics.add("wattstream_records_total", outcomes[outcome], { outcome });
    }
    for (const [topic, count] of Object.entries(read)) {
      metrics.add("wattstream_records_read_total", count, { topic });
    }
    metrics.add("wattstream_task_read_records_total", readCount, {
      task: String(progress.partition),
    });
    metrics.add("wattstream_partly_late_total", outcomes.partly_late);
    const deadLetters = outcomes.late + outcomes.future + outcomes.invalid;
    metrics.add("wattstream_dead_letters_total", deadLetters);
    for (const [topic, count] of Object.entries(emitted)) {
      metrics.add("wattstream_outputs_total", count, { topic });
    }
    metrics.add("wattstream_households_silenced_total", progress.silencedCount);
    metrics.observe("wattstream_commit_seconds", tookMs / 1000);
    metrics.observe("wattstream_transaction_records", readCount);
    if (firstAppendMs !== undefined) {
      const ageS = Math.max(0, nowMs() - firstAppendMs) / 1000;
      metrics.observe("wattstream_append_to_commit_seconds", ageS);
    }
    this.#note(progress);
  }

  lost(_partition: number, ranges: Parameters<TaskObserver["lost"]>[1]): void {
    const records = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    this.#parts.metrics.add("wattstream_lost_records_total", records);
  }

  ended(partition: number): void {
    const { metrics } = this.#parts;
    metrics.add("wattstream_tasks", -1);
    const watched = this.#tasks.get(partition);
    if (watched === undefined) return;
    this.#tasks.delete(partition);
    metrics.add("wattstream_records_handed_over_total", watched.heldCount);
    metrics.add("wattstream_records_held", -watched.heldCount);
    metrics.add("wattstream_households", -watched.householdCount);
    const task = String(partition);
    for (const name of TASK_GAUGES) metrics.remove(name, { task });
    for (const outcome of OUTCOMES) {
      metrics.remove("wattstream_task_settled_records", { task, outcome });
    }
  }

  /** Another owner, or we anew, had taken a task over. */
  fenced(): void {
    this.#parts.metrics.add("wattstream_fencings_total", 1);
  }

  #note(progress: TaskProgress): void {
    const { metrics, nowMs } = this.#parts;
    const watched = this.#tasks.get(progress.partition);
    // One that begins anew, since records were lost, commits before it has recovered.
    if (watched === undefined) return;
    const { heldCount, householdCount, mergeViolations } = progress;
    const violations = mergeViolations - watched.mergeViolations;
    metrics.add("wattstream_merge_violations_total", Math.max(0, violations));
    metrics.add("wattstream_households", householdCount - watched.householdCount);
    metrics.add("wattstream_records_held", heldCount - watched.heldCount);
    if (progress.outcomes.lost > 0) {
      metrics.add("wattstream_records_handed_over_total", watched.heldCount);
    }
    watched.totals = progress.totals;
    watched.mergeViolations = mergeViolations;
    watched.heldCount = heldCount;
    watched.householdCount = householdCount;
    const { newestS } = watched.view;
    if (totalOf(progress.emitted) > 0 && newestS !== undefined) {
      const delayS = Math.max(0, nowMs() / 1000 - newestS);
      metrics.observe("wattstream_event_to_output_seconds", delayS);
    }
  }

  /** Sets what is looked at only now and then. */
  #show(): void {
    const { metrics, lag, nowMs } = this.#parts;
    metrics.set("wattstream_partitions", lag.partitionCount);
    for (const [partition, { view, totals, heldCount, householdCount }] of this.#tasks) {
      const task = String(partition);
      const { records, seconds } = lag.of(partition, view, nowMs());
      metrics.set("wattstream_task_lag_records", records, { task });
      metrics.set("wattstream_task_lag_seconds", seconds, { task });
      metrics.set("wattstream_task_watermark_spread_seconds", view.watermarkSpreadS(), { task });
      metrics.set("wattstream_task_held_records", heldCount, { task });
      if (view.newestS !== undefined) {
        metrics.set("wattstream_task_newest_event_seconds", view.newestS, { task });
      }
      metrics.set("wattstream_task_households", householdCount, { task });
      for (const outcome of OUTCOMES) {
        metrics.set("wattstream_task_settled_records", totals[outcome], { task, outcome });
      }
    }
  }
}
