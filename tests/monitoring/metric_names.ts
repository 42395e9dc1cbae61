/** Which series there are, by the tables of the workers and the rules: for those who name them. */
import type { MetricTable } from "../../shared/service/metrics.ts";
import { processMetrics } from "../../shared/service/process_metrics.ts";
import type { Rule } from "../../shared/services/prometheus_rules.ts";
import { bridgeMetrics } from "../../workers/bridge/metrics.ts";
import { consoleMetrics } from "../../workers/console/metrics.ts";
import { disaggregationMetrics } from "../../workers/disaggregation/metrics.ts";
import { gatewayMetrics } from "../../workers/gateway/metrics.ts";
import { predictionsMetrics } from "../../workers/predictions/metrics.ts";
import { publisherMetrics } from "../../workers/publisher/metrics.ts";
import { simulatorMetrics } from "../../workers/simulator/metrics.ts";
import { trainingMetrics } from "../../workers/training/metrics.ts";

export const METRICS: MetricTable = {
  ...bridgeMetrics,
  ...predictionsMetrics,
  ...trainingMetrics,
  ...disaggregationMetrics,
  ...publisherMetrics,
  ...simulatorMetrics,
  ...gatewayMetrics,
  ...consoleMetrics,
  ...processMetrics,
};

/** Names of all series of the workers, and of those that rules record. */
export function metricNames(rules: readonly Rule[]): ReadonlySet<string> {
  const names = Object.entries(METRICS).flatMap(([name, { kind }]) =>
    kind === "histogram" ? ["bucket", "sum", "count"].map((part) => `${name}_${part}`) : [name]
  );
  return new Set([...names, ...rules.flatMap(({ record }) => record ?? [])]);
}

/** The names of our series in a query, or in prose that quotes queries. */
export function seriesNamesIn(text: string): string[] {
  return [...text.matchAll(/\b(?:wattstream[_:][a-z0-9_:]+|process_[a-z_]+)/g)].map(([name]) =>
    name
  );
}
