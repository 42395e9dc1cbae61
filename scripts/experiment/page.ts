/**
 * The report as one page: no script and nothing to load, readable on a phone and on paper, light or
 * dark as the reader's system is.
 */
import { chartsOf } from "./chart_list.ts";
import { drawChart, drawPartitions } from "./charts.ts";
import { STYLE } from "./style.ts";
import type { ExperimentReport } from "./report.ts";
import type { Sample } from "./sampler.ts";
import { type Table, tablesOf } from "./tables.ts";
import { THESIS } from "./thesis.ts";

export async function renderPage(
  report: ExperimentReport,
  samples: readonly Sample[],
): Promise<string> {
  const timesS = samples.map(({ elapsedS }) => elapsedS);
  const figures: string[] = [];
  for (const chart of chartsOf(samples)) {
    figures.push(figure(chart.title, await drawChart(chart, timesS)));
  }
  figures.push(figure("Partitions", await drawPartitions(report.partitions)));
  const { households_peak: households, run, started_at } = report;
  const title = `Experiment: ${
    households.toLocaleString("en")
  } households, ${run.duration_s}\u00a0s`;
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta name="color-scheme" content="light dark"><title>${escaped(title)}</title>`,
    `<style>${STYLE}</style></head><body><main>`,
    `<h1>${escaped(title)}</h1><p class="muted">${escaped(started_at)}</p>`,
    verdict(report.problems),
    ...tablesOf(report).map(tableHtml),
    `<h2>Over time</h2><div class="charts">${figures.join("\n")}</div>`,
    `<p class="muted">The thesis's figures: ${escaped(THESIS.source)}. Its set-up: ${
      escaped(THESIS.setUp)
    }.</p>`,
    "</main></body></html>",
    "",
  ].join("\n");
}

function verdict(problems: readonly string[]): string {
  if (problems.length === 0) {
    return `<p class="right">Correct: nothing is lost or doubled, everything is as the oracle expects it.</p>`;
  }
  const items = problems.map((problem) => `<li>${escaped(problem)}</li>`).join("");
  return `<div class="wrong">Not correct:<ul>${items}</ul></div>`;
}

function figure(title: string, svg: string): string {
  return `<figure><figcaption>${escaped(title)}</figcaption>${svg}</figure>`;
}

function tableHtml({ title, note, head, rows }: Table): string {
  const cells = (tag: string, row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return [
    `<h2>${escaped(title)}</h2>`,
    ...(note === undefined ? [] : [`<p>${escaped(note)}</p>`]),
    `<div class="scroll"><table><thead>${cells("th", head)}</thead><tbody>`,
    ...rows.map((row) => cells("td", row)),
    "</tbody></table></div>",
  ].join("\n");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text for HTML: settings and problems may quote what others wrote. */
function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character]!);
}
