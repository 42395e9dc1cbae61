/**
 * The metrics that both stream workers share. Nothing vanishes, and every scrape can show it:
 *
 *   read + taken over = Σ outcomes (but lost) + held + handed over
 *
 * All of these change together, with a transaction, and those of one process begin together, so that
 * the sum is right in each scrape, whatever was killed when. What counts over the lives of processes
 * is in the memories of the tasks: `wattstream_task_settled_records`.
 */
import { LATENCY_BUCKETS, type MetricTable, TASK_NUMBERS } from "../service/metrics.ts";
import { logMetrics } from "../log/log_metrics.ts";
import { OUTCOMES } from "./outcomes.ts";

/** Those of a worker: see {@link streamMetricsOf}. */
const TOPICS: readonly string[] = [];
const TASK = { task: TASK_NUMBERS } as const;
const COUNT_BUCKETS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000];

const streamMetrics = {
  wattstream_records_read_total: {
    kind: "counter",
    help: "Input records read and committed, without those read again by a recovery",
    labels: { topic: TOPICS },
  },
  wattstream_records_total: {
    kind: "counter",
    help: "Input records by what became of them; those still held are not counted yet",
    labels: { outcome: OUTCOMES },
  },
  wattstream_records_taken_over_total: {
    kind: "counter",
    help: "Records that were held, by whichever process, when a task became ours",
  },
  wattstream_records_handed_over_total: {
    kind: "counter",
    help: "Records that were held when a task ended here: its next owner holds them; or were lost",
  },
  wattstream_partly_late_total: {
    kind: "counter",
    help: "Readings used of which some windows had closed already",
  },
  wattstream_outputs_total: {
    kind: "counter",
    help: "Records put out and committed, without dead letters",
    labels: { topic: TOPICS },
  },
  wattstream_dead_letters_total: { kind: "counter", help: "Records refused to the dead letters" },
  wattstream_partitions: {
    kind: "gauge",
    help: "Partitions of the inputs, and so tasks of all replicas together",
  },
  wattstream_tasks: { kind: "gauge", help: "Tasks that this worker owns" },
  wattstream_households: { kind: "gauge", help: "Households alive" },
  wattstream_households_silenced_total: {
    kind: "counter",
    help: "Times that a household was closed since nothing had come from it for --idle-timeout",
  },
  wattstream_records_held: { kind: "gauge", help: "Records held, not settled yet" },
  wattstream_task_lag_records: {
    kind: "gauge",
    help: "Offsets of its inputs that a task has not read, as of some seconds ago",
    labels: TASK,
  },
  wattstream_task_lag_seconds: {
    kind: "gauge",
    help: "Age of the last record that a task has read, where there are more; else 0",
    labels: TASK,
  },
  wattstream_task_read_records_total: {
    kind: "counter",
    help: "Input records read and committed by a task",
    labels: TASK,
  },
  wattstream_task_newest_event_seconds: {
    kind: "gauge",
    help: "Largest event time that a task has taken in, Unix seconds",
    labels: TASK,
  },
  wattstream_task_watermark_spread_seconds: {
    kind: "gauge",
    help: "From the watermark of the last live household of a task to that of its first",
    labels: TASK,
  },
  wattstream_task_households: {
    kind: "gauge",
    help: "Households alive of a task",
    labels: TASK,
  },
  wattstream_task_settled_records: {
    kind: "gauge",
    help: "Records of a task by what became of them, whichever processes did it: out of its memory",
    labels: { ...TASK, outcome: OUTCOMES },
  },
  wattstream_task_held_records: {
    kind: "gauge",
    help: "Records that a task holds, not settled yet",
    labels: TASK,
  },
  wattstream_task_starts_total: {
    kind: "counter",
    help: "Times that a task became ours; it recovers each time",
    labels: TASK,
  },
  wattstream_fencings_total: {
    kind: "counter",
    help: "Times that a task ended since another owner, or we anew, had taken it over",
  },
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
    buckets: LATENCY_BUCKETS,
  },
  wattstream_recovery_records: {
    kind: "histogram",
    help: "Records read again by one recovery",
    buckets: COUNT_BUCKETS,
  },
  wattstream_fetch_seconds: {
    kind: "histogram",
    help: "Duration of a fetch, the wait for news included",
    buckets: LATENCY_BUCKETS,
  },
  wattstream_fetch_records: {
    kind: "histogram",
    help: "Records that one fetch gave",
    buckets: COUNT_BUCKETS,
  },
  wattstream_commit_seconds: {
    kind: "histogram",
    help: "Duration of a commit",
    buckets: LATENCY_BUCKETS,
  },
  wattstream_transaction_records: {
    kind: "histogram",
    help: "Records read in one transaction; its count is that of transactions",
    buckets: COUNT_BUCKETS,
  },
  wattstream_append_to_commit_seconds: {
    kind: "histogram",
    help: "From the append time of the first record of a transaction to its commit",
    buckets: LATENCY_BUCKETS,
  },
  wattstream_event_to_output_seconds: {
    kind: "histogram",
    help:
      "From the newest event time taken in to the commit of windows or datasets; they end --lateness before it",
    buckets: LATENCY_BUCKETS,
  },
  wattstream_merge_violations_total: {
    kind: "counter",
    help: "Records that came after a younger one of the other input: clocks differ too much",
  },
  ...logMetrics,
} as const satisfies MetricTable;

export type StreamMetrics = typeof streamMetrics;

/** The table of a worker that reads and writes these topics. */
export function streamMetricsOf(
  { inputs, outputs }: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
): StreamMetrics {
  const { wattstream_records_read_total: read, wattstream_outputs_total: written } = streamMetrics;
  return {
    ...streamMetrics,
    wattstream_records_read_total: { ...read, labels: { topic: inputs } },
    wattstream_outputs_total: { ...written, labels: { topic: outputs } },
  };
}
