/** Prints each worker's flags and metrics, as the code has them, into its README. */
import { readFile, writeFile } from "node:fs/promises";
import { flagTable, metricTable } from "../shared/service/readme_tables.ts";
import { bridgeConfig } from "../workers/bridge/config.ts";
import { bridgeMetrics } from "../workers/bridge/metrics.ts";
import { consoleConfig } from "../workers/console/config.ts";
import { consoleMetrics } from "../workers/console/metrics.ts";
import { disaggregationConfig } from "../workers/disaggregation/config.ts";
import { disaggregationMetrics } from "../workers/disaggregation/metrics.ts";
import { gatewayConfig } from "../workers/gateway/config.ts";
import { gatewayMetrics } from "../workers/gateway/metrics.ts";
import { predictionsConfig } from "../workers/predictions/config.ts";
import { predictionsMetrics } from "../workers/predictions/metrics.ts";
import { publisherConfig } from "../workers/publisher/config.ts";
import { publisherMetrics } from "../workers/publisher/metrics.ts";
import { simulatorConfig } from "../workers/simulator/config.ts";
import { simulatorMetrics } from "../workers/simulator/metrics.ts";
import { trainingConfig } from "../workers/training/config.ts";
import { trainingMetrics } from "../workers/training/metrics.ts";

const WORKERS = [
  ["bridge", bridgeConfig, bridgeMetrics],
  ["console", consoleConfig, consoleMetrics],
  ["disaggregation", disaggregationConfig, disaggregationMetrics],
  ["gateway", gatewayConfig, gatewayMetrics],
  ["predictions", predictionsConfig, predictionsMetrics],
  ["publisher", publisherConfig, publisherMetrics],
  ["simulator", simulatorConfig, simulatorMetrics],
  ["training", trainingConfig, trainingMetrics],
] as const;

/** Puts a table at the end of what stands below a heading, in place of the one there. */
function withTable(text: string, heading: string, table: string): string {
  const section = new RegExp(`(\\n${heading}\\n(?:(?![|#]).*\\n)*)(?:\\|.*\\n)*\\n?`);
  return text.replace(section, (_all, head) => `${head.trimEnd()}\n\n${table}\n\n`).trimEnd() +
    "\n";
}

for (const [name, config, metrics] of WORKERS) {
  const readme = new URL(`../workers/${name}/README.md`, import.meta.url);
  const text = await readFile(readme, "utf8");
  const withFlags = withTable(text, "## Flags", flagTable(config));
  await writeFile(readme, withTable(withFlags, "## Metrics", metricTable(metrics)));
}
