/** The lines of a dashboard as one picture. */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Panel, Unit } from "./panel.ts";
import type { Point } from "./range.ts";

const COLUMNS = 2;
const SIZE = { width: 420, height: 150 };
/** Lines of a panel that are drawn: the legend has to fit. */
const LINES_MAX = 12;

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
  const names = [...new Set(values.map(({ line }) => line))].slice(0, LINES_MAX);
  const axis = AXES[unit];
  return {
    ...SIZE,
    title: { text: title, anchor: "start" },
    data: { values: values.filter(({ line }) => names.includes(line)) },
    mark: { type: "line", interpolate: "step-after", strokeWidth: 1.5 },
    encoding: {
      x: { field: "atMs", type: "temporal", axis: { title: null, format: "%H:%M:%S" } },
      y: { field: "value", type: "quantitative", axis: { ...axis, title: axis.title || null } },
      color: { field: "line", type: "nominal", sort: names, legend: { title: null } },
    },
  };
}
