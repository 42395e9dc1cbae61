/** A moving line chart: uPlot below, its title and newest values as text above. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

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
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const shape = lines.map(({ label, color }) => `${label} ${color}`).join();
  const isEmpty = times.length < 2;
  useEffect(() => {
    if (isEmpty) return;
    const build = () => {
      plot.current?.destroy();
      plot.current = new uPlot(
        optionsOf(box.current!, { lines, text, height }),
        dataOf(times, lines),
        box.current!,
      );
    };
    build();
    const resized = new ResizeObserver(() =>
      plot.current?.setSize({ width: box.current!.clientWidth, height })
    );
    resized.observe(box.current!);
    const theme = matchMedia("(prefers-color-scheme: dark)");
    theme.addEventListener("change", build);
    return () => {
      resized.disconnect();
      theme.removeEventListener("change", build);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape, isEmpty]);
  useEffect(() => plot.current?.setData(dataOf(times, lines)));
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

function dataOf(times: readonly number[], lines: readonly ChartLine[]): uPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])];
}

function optionsOf(
  box: HTMLElement,
  { lines, text, height }: Required<Pick<ChartProps, "lines" | "text" | "height">>,
): uPlot.Options {
  const style = getComputedStyle(box);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: color("--ink-2"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  };
  return {
    width: box.clientWidth,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 4, 0, 0],
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
