/** The dashboards of the stream workers by task, and of how long everything takes. */
import { type Dashboard, lines, quantiles, rate, RATE_TIME } from "./panel.ts";

const TASK = "{{worker}} {{task}}";
const byTask = (metric: string) => `max by (worker, task) (${metric})`;

const stream: Dashboard = {
  name: "stream",
  title: "stream workers by task",
  isOfOthers: false,
  panels: [
    lines("Behind", "s", { [TASK]: byTask("wattstream_task_lag_seconds") }, "Age of what is read."),
    lines(
      ...["Behind, records", "short", { [TASK]: byTask("wattstream_task_lag_records") }] as const,
      "Offsets not read.",
    ),
    lines(
      ...["Read", "ops", {
        [TASK]: rate("wattstream_task_read_records_total", ["worker", "task"]),
      }] as const,
      "Even where keys are; /hot of a worker names the hottest households.",
    ),
    lines(
      ...["Skew", "short", { "{{worker}}": "wattstream:skew:ratio" }] as const,
      "The busiest task against the average. Well: below 2.",
    ),
    lines("Owned", "short", {
      "{{worker}} {{instance}}": "wattstream_tasks",
      "{{worker}} there are": "max by (worker) (wattstream_partitions)",
    }, "Tasks of each replica, and all there are."),
    lines("Starts", "short", {
      [TASK]: `sum by (worker, task) (increase(wattstream_task_starts_total[${RATE_TIME}]))`,
      "{{worker}} fenced": `sum by (worker) (increase(wattstream_fencings_total[${RATE_TIME}]))`,
    }, "Times that tasks began, and that they were taken over."),
    lines(
      ...["Alive", "short", { [TASK]: byTask("wattstream_task_households") }] as const,
      "Households.",
    ),
    lines(
      ...["Held", "short", { [TASK]: byTask("wattstream_task_held_records") }] as const,
      "Records that open seconds and sessions of training hold.",
    ),
    lines(
      ...["Event time", "s", {
        [TASK]: `time() - ${byTask("wattstream_task_newest_event_seconds")}`,
      }] as const,
      "Since the newest event time taken in.",
    ),
    lines(
      ...["Watermarks", "s", {
        [TASK]: byTask("wattstream_task_watermark_spread_seconds"),
      }] as const,
      "From the last household's watermark to the first one's.",
    ),
    lines("Transactions", "ops", {
      "{{worker}}": rate("wattstream_transaction_records_count", ["worker"]),
    }, "Commits of all tasks."),
    lines("Records a transaction", "short", {
      "{{worker}}": `${rate("wattstream_transaction_records_sum", ["worker"])} / ` +
        rate("wattstream_transaction_records_count", ["worker"]),
    }, "Grows while a worker catches up."),
    lines("Recoveries", "short", {
      "{{worker}} records read again": "sum by (worker) (wattstream_recovery_records_sum)",
      "{{worker}} seconds": "sum by (worker) (wattstream_recovery_seconds_sum)",
    }, "Since each process began."),
    lines("Silent", "short", {
      "{{worker}}":
        `sum by (worker) (increase(wattstream_households_silenced_total[${RATE_TIME}]))`,
    }, "Households that were closed since nothing came."),
  ],
};

const latency: Dashboard = {
  name: "latency",
  title: "latency",
  isOfOthers: false,
  panels: [
    quantiles(
      ...["From its second into the log", "wattstream_bridge_event_to_append_seconds", []] as const,
      "Of the first event of each append, which carries whole seconds.",
    ),
    quantiles(
      ...["Through the bridge", "wattstream_bridge_arrival_to_append_seconds", []] as const,
      "Of the oldest message of each append.",
    ),
    quantiles(
      ...["Append", "wattstream_bridge_append_seconds", []] as const,
      "One append of the bridge to the log.",
    ),
    quantiles(
      ...["From the log to a commit", "wattstream_append_to_commit_seconds", ["worker"]] as const,
      "Of the first record of each transaction.",
    ),
    quantiles(
      ...["From a reading to its windows", "wattstream_event_to_output_seconds", [
        "worker",
      ]] as const,
      "From the newest event time to the commit of output.",
    ),
    quantiles(
      ...["Commit", "wattstream_commit_seconds", ["worker"]] as const,
      "One transaction's end.",
    ),
    quantiles(
      ...["Fetch", "wattstream_fetch_seconds", ["worker"]] as const,
      "The wait for news is part of it.",
    ),
    lines("Requests to Kafka", "s", {
      "{{request}} p95": `histogram_quantile(0.95, ${
        rate("wattstream_kafka_request_seconds_bucket", ["le", "request"])
      })`,
    }, "By kind; fetch and join_group wait for news."),
  ],
};

export const OF_STREAM: readonly Dashboard[] = [stream, latency];
