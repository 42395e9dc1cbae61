/** Whether the panels of the dashboards have something to show. */
import { DASHBOARDS } from "../../scripts/dashboards/all.ts";
import { type Query, RATE_TIME } from "../../scripts/dashboards/panel.ts";
import type { Prometheus } from "../../shared/services/prometheus.ts";

/**
 * Asks what every panel asks; gives those that show nothing though all workers run, or whose legend
 * names a label that a series does not have. Of what others export only that it can be asked.
 */
export async function emptyPanels(prometheus: Prometheus, rateTime: string): Promise<string[]> {
  const problems: string[] = [];
  for (const { name, isOfOthers, panels } of DASHBOARDS) {
    for (const { title, queries } of panels) {
      for (const query of queries) {
        const problem = await problemOf(prometheus, query, rateTime);
        if (problem === undefined || (isOfOthers && problem === NOTHING)) continue;
        problems.push(`${name}, ${title}: ${problem}: ${query.expr}`);
      }
    }
  }
  return problems;
}

const NOTHING = "shows nothing";

async function problemOf(
  prometheus: Prometheus,
  { expr, legend }: Query,
  rateTime: string,
): Promise<string | undefined> {
  const samples = await prometheus.query(expr.replaceAll(RATE_TIME, rateTime));
  if (samples.length === 0) return NOTHING;
  const labels = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([_all, label]) => label!);
  const missing = labels.filter((label) => samples.some((sample) => !(label in sample.labels)));
  return missing.length === 0 ? undefined : `has no ${missing.join(", ")}`;
}
