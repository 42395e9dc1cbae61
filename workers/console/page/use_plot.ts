/** uPlot in an element of a page: as wide as that is, in the colours of the theme. */
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

/** What a chart is drawn with. */
export interface PlotStyle {
  /** Of a custom property of the style sheet, such as `--blue`. */
  readonly color: (name: string) => string;
  readonly axis: uPlot.Axis;
}

export interface PlotParts {
  /** Drawn anew when it changes; what only brings other values keeps it. */
  readonly shape: string;
  /** Nothing is drawn. */
  readonly isEmpty: boolean;
  /** Pixels. */
  readonly height: number;
  readonly data: () => uPlot.AlignedData;
  readonly options: (
    style: PlotStyle,
  ) => Pick<uPlot.Options, "padding" | "scales" | "axes" | "series">;
}

/** @returns the element's. */
export function usePlot(parts: PlotParts): RefObject<HTMLDivElement | null> {
  const { shape, isEmpty, height } = parts;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const newest = useRef(parts);
  newest.current = parts;
  useEffect(() => {
    if (isEmpty) return;
    const build = () => {
      const { data, options } = newest.current;
      plot.current?.destroy();
      plot.current = new uPlot(
        {
          ...{ width: box.current!.clientWidth, height },
          ...{ legend: { show: false }, cursor: { show: false } },
          ...options(styleOf(box.current!)),
        },
        data(),
        box.current!,
      );
    };
    build();
    const resized = new ResizeObserver(() =>
      box.current && plot.current?.setSize({ width: box.current.clientWidth, height })
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
  }, [shape, isEmpty, height]);
  useEffect(() => plot.current?.setData(parts.data()));
  return box;
}

function styleOf(box: HTMLElement): PlotStyle {
  const style = getComputedStyle(box);
  const color = (name: string) => style.getPropertyValue(name).trim();
  return {
    color,
    axis: {
      stroke: color("--ink-2"),
      grid: { stroke: color("--line"), width: 1 },
      ticks: { show: false },
      font: `12px ${style.fontFamily}`,
    },
  };
}
