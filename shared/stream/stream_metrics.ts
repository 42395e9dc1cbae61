/** The metrics that both stream workers share, and how a task's progress is added to them. */
import type { Metrics, MetricTable } from "../service/metrics.ts";
import { OUTCOMES } from "./outcomes.ts";
import type { TaskObserver, TaskProgress } from "./task_observer.ts";

const SECONDS_BUCKETS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

export const streamMetrics = {
  wattstream_records_total: {
    kind: "counter",
    help: "Input records by what became of them; those still held are not counted yet",
    labels: { outcome: OUTCOMES },
  },
  wattstream_partly_late_total: {
    kind: "counter",
    help: "Readings used of which some windows had closed already",
  },
  wattstream_outputs_total: { kind: "counter", help: "Windows or datasets committed" },
  wattstream_dead_letters_total: { kind: "counter", help: "Records refused to the dead letters" },
  wattstream_tasks: { kind: "gauge", help: "Tasks that this worker owns" },
  wattstream_households: { kind: "gauge", help: "Households alive" },
  wattstream_records_held: { kind: "gauge", help: "Records held, not settled yet" },
  wattstream_replayed_records_total: {
    kind: "counter",
    help: "Records read again to rebuild tasks",
  },
  wattstream_lost_records_total: {
    kind: "counter",
    help: "Records that were needed, for the first time or again, and that the log no longer held",
  },
  wattstream_recovery_seconds: {
    kind: "histogram",
    help: "From assignment of a task until it goes on",
    buckets: SECONDS_BUCKETS,
  },
  wattstream_commit_seconds: {
    kind: "histogram",
    help: "Duration of a commit",
    buckets: SECONDS_BUCKETS,
  },
  wattstream_merge_violations_total: {
    kind: "counter",
    help: "Records that came after a younger one of the other input: clocks differ too much",
  },
} as const satisfies MetricTable;

/** Adds what tasks report to the metrics. */
export function observeTasks(metrics: Metrics<typeof streamMetrics>): TaskObserver {
  const last = new Map<number, TaskProgress>();
  const change = (partition: number, now: TaskProgress | undefined): void => {
    const before = last.get(partition);
    const by = (read: (progress: TaskProgress) => number) =>
      (now === undefined ? 0 : read(now)) - (before === undefined ? 0 : read(before));
    metrics.add("wattstream_households", by((progress) => progress.householdCount));
    metrics.add("wattstream_records_held", by((progress) => progress.heldCount));
    if (now === undefined) last.delete(partition);
    else {
      metrics.add("wattstream_merge_violations_total", by((progress) => progress.mergeViolations));
      last.set(partition, now);
    }
  };
  return {
    assigned() {
      metrics.add("wattstream_tasks", 1);
    },
    recovered(_partition, records, tookMs) {
      metrics.add("wattstream_replayed_records_total", records);
      metrics.observe("wattstream_recovery_seconds", tookMs / 1000);
    },
    lost(_partition, ranges) {
      const records = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
      metrics.add("wattstream_lost_records_total", records);
    },
    committed(progress, tookMs) {
      const { outcomes, emitted } = progress;
      for (const outcome of OUTCOMES) {
        metrics.add("wattstream_records_total", outcomes[outcome], { outcome });
      }
      metrics.add("wattstream_partly_late_total", outcomes.partly_late);
      const deadLetters = outcomes.late + outcomes.future + outcomes.invalid;
      metrics.add("wattstream_dead_letters_total", deadLetters);
      metrics.add("wattstream_outputs_total", emitted);
      metrics.observe("wattstream_commit_seconds", tookMs / 1000);
      change(progress.partition, progress);
    },
    ended(partition) {
      metrics.add("wattstream_tasks", -1);
      change(partition, undefined);
    },
  };
}
