/** The lines of a dashboard as one picture. */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Panel, Unit } from "./panel.ts";
import type { Point } from "./range.ts";

const COLUMNS = 2;
const SIZE = { width: 420, height: 150 };
/** Lines of a panel that are drawn: the legend has to fit. */
const LINES_MAX = 10;
const LABEL_WIDTH = 220;

const AXES: Readonly<Record<Unit, { readonly title: string; readonly format: string }>> = {
  short: { title: "", format: "~s" },
  s: { title: "s", format: "~s" },
  bytes: { title: "bytes", format: "~s" },
  percentunit: { title: "", format: "~%" },
  ops: { title: "1/s", format: "~s" },
};

/** An SVG of these panels, two in a row. */
export async function drawn(
  title: string,
  panels: readonly { readonly panel: Panel; readonly values: readonly Point[] }[],
): Promise<string> {
  const spec = {
    title: { text: `Wattstream: ${title}`, fontSize: 16, anchor: "start" },
    background: "white",
    columns: COLUMNS,
    concat: panels.map(({ panel, values }) => panelSpec(panel, values)),
    resolve: { scale: { color: "independent", x: "shared" } },
  } as unknown as TopLevelSpec;
  return `${await new View(parse(compile(spec).spec), { renderer: "none" }).toSVG()}\n`;
}

function panelSpec({ title, unit }: Panel, values: readonly Point[]): object {
  const names = highest(values);
  const axis = AXES[unit];
  const shown = values.filter(({ line }) => names.includes(line));
  const top = shown.reduce((most, { value }) => Math.max(most, value), 0);
  return {
    ...SIZE,
    title: { text: title, anchor: "start" },
    data: { values: turns(shown) },
    mark: { type: "line", interpolate: "step-after", strokeWidth: 1.5 },
    encoding: {
      x: { field: "atMs", type: "temporal", axis: { title: null, format: "%H:%M:%S" } },
      y: {
        ...{ field: "value", type: "quantitative", scale: { domain: [0, top > 0 ? top : 1] } },
        axis: { ...axis, title: axis.title === "" ? null : axis.title },
      },
      color: {
        ...{ field: "line", type: "nominal", sort: names },
        legend: { title: null, labelLimit: LABEL_WIDTH },
      },
    },
  };
}

/** Names of the lines that go highest. */
function highest(values: readonly Point[]): string[] {
  const tops = new Map<string, number>();
  for (const { line, value } of values) tops.set(line, Math.max(tops.get(line) ?? 0, value));
  return [...tops].sort(([, a], [, b]) => b - a).slice(0, LINES_MAX).map(([line]) => line);
}

/** The first and last point of each line, and those at which it changes: steps need no others. */
function turns(values: readonly Point[]): Point[] {
  return values.filter(({ line, value }, index) => {
    const [before, after] = [values[index - 1], values[index + 1]];
    return before?.line !== line || after?.line !== line || before.value !== value;
  });
}
