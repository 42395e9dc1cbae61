/** The figures and the traces of an evaluation as one page. */
import { drawChart } from "../experiment/charts.ts";
import { escaped, figureHtml, pageHtml, tableHtml } from "../experiment/html.ts";
import type { Evaluated, Trace } from "./evaluated.ts";
import { tableRows } from "./table.ts";

/** What is shown of one recording. */
export interface Shown {
  readonly evaluated: Evaluated;
  readonly trace: Trace;
}

export async function renderPage(all: readonly Shown[]): Promise<string> {
  const body: string[] = [];
  for (const { evaluated, trace } of all) {
    const { household, labelled_s, test_s } = evaluated;
    const [head, ...rows] = tableRows(evaluated);
    body.push(
      tableHtml({
        title: household,
        note: `${labelled_s} s labelled, ${test_s} s tested.`,
        ...{ head: head!, rows },
      }),
      `<h2>${escaped(household)} over time</h2><div class="charts">`,
      ...await chartsOf(trace),
      "</div>",
    );
  }
  return pageHtml("How well devices are found", body);
}

/** The total, and each device as it was and as the worker's model has it. */
async function chartsOf({ timesS, powerW, devices }: Trace): Promise<string[]> {
  const total = { title: "Power", unit: "W", merge: "mean" } as const;
  const series = [{ name: "power", values: powerW }];
  const charts = [figureHtml(total.title, await drawChart({ ...total, series }, timesS))];
  for (const { name, on, probability } of devices) {
    const chart = { title: name, unit: "share of the time", merge: "mean" } as const;
    const series = [{ name: "on", values: on }, { name: "ours", values: probability }];
    charts.push(figureHtml(name, await drawChart({ ...chart, series }, timesS)));
  }
  return charts;
}
