/**
 * The charts of the report, as SVG that follows the page from light to dark: its colours are the
 * page's CSS variables. Vega draws them, without a browser.
 */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

export interface Series {
  readonly name: string;
  /** A value for each time; null where there is none. */
  readonly values: readonly (number | null)[];
}

export interface Chart {
  readonly title: string;
  /** What the values are counted in. */
  readonly unit: string;
  readonly series: readonly Series[];
  /** How points that are too close to be told apart become one. */
  readonly merge: "mean" | "max";
}

const WIDTH_PX = 460;
const HEIGHT_PX = 170;
/** More could not be told apart at that width. */
const POINTS_MAX = 400;
const THOUSANDS_FROM = 1_000;
const COLORS = [1, 2, 3, 4, 5].map((number) => `var(--series-${number})`);

const CONFIG = {
  background: "transparent",
  font: "system-ui, sans-serif",
  view: { stroke: "transparent" },
  axis: {
    ...{ labelColor: "var(--muted)", titleColor: "var(--muted)", titleFontWeight: "normal" },
    ...{ gridColor: "var(--line)", domainColor: "var(--line)", tickColor: "var(--line)" },
    ...{ labelFontSize: 12, titleFontSize: 12 },
  },
  legend: {
    ...{ labelColor: "var(--ink)", labelFontSize: 12, orient: "top", title: null },
    ...{ columns: 3, symbolType: "stroke", symbolStrokeWidth: 3, labelLimit: 200 },
  },
  range: { category: COLORS },
};

/** Draws lines over time. @param timesS of the values of every series. */
export async function drawChart(chart: Chart, timesS: readonly number[]): Promise<string> {
  const values = chart.series.flatMap(({ name, values }) =>
    thin(timesS, values, chart.merge).map(({ timeS, value }) => ({ name, timeS, value }))
  );
  // Where all values are 0 an axis would have no end.
  const isFlat = values.every(({ value }) => value === 0 || value === null);
  const isLong = (timesS.at(-1) ?? 0) > 300;
  return await draw({
    ...{ width: WIDTH_PX, height: HEIGHT_PX, config: CONFIG } as object,
    data: { values: values.map((point) => ({ ...point, time: point.timeS / (isLong ? 60 : 1) })) },
    // A line ends where there is no value; round ends make a dot of one that stands alone.
    mark: {
      type: "line",
      strokeWidth: 1.5,
      strokeCap: "round",
      invalid: "break-paths-show-domains",
    },
    encoding: {
      x: {
        ...{ field: "time", type: "quantitative" },
        axis: { title: isLong ? "min" : "s", grid: false, tickCount: 6 },
        scale: { domain: [0, (timesS.at(-1) || 1) / (isLong ? 60 : 1)], nice: false },
      },
      y: {
        ...{ field: "value", type: "quantitative" },
        axis: { title: chart.unit, tickCount: 5, format: formatFor(values) },
        ...(isFlat ? { scale: { domain: [0, 1] } } : {}),
      },
      color: {
        ...{ field: "name", type: "nominal", sort: null },
        scale: { domain: chart.series.map(({ name }) => name), range: COLORS },
        ...(chart.series.length === 1 ? { legend: null } : {}),
      },
    },
  });
}

/** Thousands as such where there are many; no thousandths. */
function formatFor(points: readonly Point[]): string {
  return points.some(({ value }) => value !== null && value >= THOUSANDS_FROM) ? "~s" : "~r";
}

/** Draws a bar for each partition, a row of bars a topic. */
export async function drawPartitions(
  topics: readonly { readonly topic: string; readonly offsets: readonly number[] }[],
): Promise<string> {
  const values = topics.flatMap(({ topic, offsets }) =>
    offsets.map((records, partition) => ({ topic, partition, records }))
  );
  return await draw({
    ...{ width: WIDTH_PX, height: HEIGHT_PX, config: CONFIG } as object,
    data: { values },
    mark: { type: "bar" },
    encoding: {
      x: { field: "partition", type: "ordinal", axis: { title: "partition", labelAngle: 0 } },
      xOffset: { field: "topic", sort: null },
      y: {
        ...{ field: "records", type: "quantitative" },
        axis: { title: "records", tickCount: 5, format: "~s" },
      },
      color: {
        ...{ field: "topic", type: "nominal", sort: null },
        scale: { domain: topics.map(({ topic }) => topic), range: COLORS },
        legend: { symbolType: "square" },
      },
    },
  });
}

async function draw(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

interface Point {
  readonly timeS: number;
  /** Null where there is none. */
  readonly value: number | null;
}

/** At most `POINTS_MAX` points, each of as many values; those that are null do not count. */
export function thin(
  timesS: readonly number[],
  values: readonly (number | null)[],
  merge: Chart["merge"],
): Point[] {
  const size = Math.max(1, Math.ceil(timesS.length / POINTS_MAX));
  const points: Point[] = [];
  for (let start = 0; start < timesS.length; start += size) {
    const some = values.slice(start, start + size).filter((value) => value !== null);
    points.push({ timeS: timesS[start]!, value: some.length === 0 ? null : merged(some, merge) });
  }
  return points;
}

function merged(values: readonly number[], merge: Chart["merge"]): number {
  if (merge === "max") return Math.max(...values);
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}
