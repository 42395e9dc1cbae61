/** The console's metrics. */
import { logMetrics } from "../../shared/log/log_metrics.ts";
import type { MetricTable } from "../../shared/service/metrics.ts";

export const consoleMetrics = {
  wattstream_console_viewers: {
    kind: "gauge",
    help: "Pages that are open and listen",
  },
  wattstream_console_viewers_cut_total: {
    kind: "counter",
    help: "Pages that were cut off since they did not read what they were sent",
  },
  wattstream_console_labellers: {
    kind: "gauge",
    help: "Pages on which somebody labels",
  },
  wattstream_console_sessions: {
    kind: "gauge",
    help: "Logged in, each with its own connection to the broker",
  },
  wattstream_console_log_ins_total: {
    kind: "counter",
    help: "Attempts to log in",
    labels: { outcome: ["accepted", "refused", "limited", "unavailable"] },
  },
  wattstream_console_refused_total: {
    kind: "counter",
    help: "Requests refused: another host's, or not allowed to who asks",
  },
  ...logMetrics,
} as const satisfies MetricTable;

export type ConsoleMetrics = typeof consoleMetrics;
