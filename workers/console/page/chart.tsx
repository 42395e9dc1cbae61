/** A moving line chart: uPlot below, its title and newest values as text above. */
import type uPlot from "uplot";
import { type PlotParts, type PlotStyle, usePlot } from "./use_plot.ts";

export interface ChartLine {
  readonly label: string;
  /** A custom property of the style sheet, such as `--blue`. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  readonly title: string;
  /** Unix seconds. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly text: (value: number) => string;
  readonly height?: number;
}

const HEIGHT = 150;

export function Chart({ title, times, lines, text, height = HEIGHT }: ChartProps) {
  const isEmpty = times.length < 2;
  const box = usePlot({
    shape: lines.map(({ label, color }) => `${label} ${color}`).join(),
    ...{ isEmpty, height },
    data: () => [[...times], ...lines.map(({ values }) => [...values])],
    options: (style) => optionsOf(style, { lines, text }),
  });
  return (
    <figure class="chart card">
      <figcaption>
        <h3>{title}</h3>
        <ul class="legend">
          {lines.map(({ label, color, values }) => (
            <li key={label}>
              <span class="swatch" style={{ background: `var(${color})` }}></span>
              {label} <b>{newestText(values, text)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={box} aria-hidden="true" style={{ minHeight: `${height}px` }}>
        {isEmpty && <p class="quiet">The first values come within seconds.</p>}
      </div>
    </figure>
  );
}

function newestText(
  values: readonly (number | null)[],
  text: (value: number) => string,
): string {
  const newest = values.at(-1);
  return newest === undefined || newest === null ? "–" : text(newest);
}

function optionsOf(
  { color, axis }: PlotStyle,
  { lines, text }: Pick<ChartProps, "lines" | "text">,
): ReturnType<PlotParts["options"]> {
  return {
    padding: [8, 28, 0, 0],
    scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, size: 28, space: 80, values: "{HH}:{mm}:{ss}" },
      { ...axis, size: 56, space: 40, values: (_, values) => values.map(text) },
    ],
    series: [
      {},
      ...lines.map((line): uPlot.Series => ({
        label: line.label,
        stroke: color(line.color),
        width: 2,
        points: { show: false },
        spanGaps: true,
      })),
    ],
  };
}
