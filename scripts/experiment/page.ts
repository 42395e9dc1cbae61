/** The report as one page. */
import { chartsOf } from "./chart_list.ts";
import { drawChart, drawPartitions } from "./charts.ts";
import { escaped, figureHtml, pageHtml, tableHtml } from "./html.ts";
import type { ExperimentReport } from "./report.ts";
import type { Sample } from "./sampler.ts";
import { tablesOf } from "./tables.ts";
import { THESIS } from "./thesis.ts";

export async function renderPage(
  report: ExperimentReport,
  samples: readonly Sample[],
): Promise<string> {
  const timesS = samples.map(({ elapsedS }) => elapsedS);
  const figures: string[] = [];
  for (const chart of chartsOf(samples)) {
    figures.push(figureHtml(chart.title, await drawChart(chart, timesS)));
  }
  figures.push(figureHtml("Partitions", await drawPartitions(report.partitions)));
  const { households_peak: households, run, started_at } = report;
  const title = `Experiment: ${
    households.toLocaleString("en")
  } households, ${run.duration_s}\u00a0s`;
  return pageHtml(title, [
    `<p class="muted">${escaped(started_at)}</p>`,
    verdict(report.problems),
    ...tablesOf(report).map(tableHtml),
    `<h2>Over time</h2><div class="charts">${figures.join("\n")}</div>`,
    `<p class="muted">The thesis's figures: ${escaped(THESIS.source)}. Its set-up: ${
      escaped(THESIS.setUp)
    }.</p>`,
  ]);
}

function verdict(problems: readonly string[]): string {
  if (problems.length === 0) {
    return `<p class="right">Correct: nothing is lost or doubled, everything is as the oracle expects it.</p>`;
  }
  const items = problems.map((problem) => `<li>${escaped(problem)}</li>`).join("");
  return `<div class="wrong">Not correct:<ul>${items}</ul></div>`;
}
