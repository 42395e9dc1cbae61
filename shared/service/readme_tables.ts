/** The flag and metric tables of a worker's README, printed from its code. */
import type { z } from "zod";
import { describeOptions } from "./config.ts";
import type { MetricSpec, MetricTable } from "./metrics.ts";
import { processMetrics } from "./process_metrics.ts";

/** The flags of a schema as a Markdown table. */
export function flagTable(schema: z.ZodObject<Record<string, z.ZodType>>): string {
  const rows = describeOptions(schema).map(({ flag, description, defaultText, isSwitch }) => [
    `\`${flag}\``,
    description,
    isSwitch || defaultText === undefined ? "" : `\`${defaultText}\``,
  ]);
  return table(["flag", "meaning", "default"], rows);
}

/** The metrics of a worker, and those of its process, as a Markdown table. */
export function metricTable(metrics: MetricTable): string {
  const rows = Object.entries({ ...metrics, ...processMetrics }).map(([name, spec]) => {
    const { kind, help, labels }: MetricSpec = spec;
    const values = Object.entries(labels ?? {}).map(([label, all]) =>
      `\`${label}\`: ${typeof all === "string" ? all : all.join(", ") || "none"}`
    );
    return [`\`${name}\``, kind, [help, ...values].join("; ")];
  });
  return table(["metric", "kind", "meaning"], rows);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}
