/** Total power, and below it the watts of each device that was found, one upon the other. */
import type uPlot from "uplot";
import type { HouseholdSecond } from "../household/household_state.ts";
import { SHOWN_S } from "./household_view.ts";
import { wattsText } from "./model_words.ts";
import { type PlotParts, type PlotStyle, usePlot } from "./use_plot.ts";

const HEIGHT = 320;
/** Custom properties of the style sheet, one device after the other. */
const COLORS = ["--s1", "--s2", "--s3", "--s4", "--s5", "--s6", "--s7", "--s8"];

interface Stack {
  readonly name: string;
  readonly color: string;
  /** Upper edge of each second, W. */
  readonly tops: readonly (number | null)[];
}

export function PowerChart(
  { seconds, names }: {
    readonly seconds: readonly HouseholdSecond[];
    readonly names: readonly string[];
  },
) {
  const measured = seconds.filter(({ consumption }) => consumption !== undefined);
  const stacks = stacksOf(measured, names);
  const unexplained = seconds.findLast((each) => each.unexplained !== undefined)?.unexplained;
  const box = usePlot({
    shape: stacks.map(({ name }) => name).join("\n"),
    isEmpty: measured.length < 2,
    height: HEIGHT,
    data: () => [
      measured.map(({ second }) => second),
      // The highest first, so that each lower one is painted over it.
      ...stacks.toReversed().map(({ tops }) => [...tops]),
      measured.map(({ consumption }) => consumption!),
    ],
    options: (style) => optionsOf(style, stacks),
  });
  return (
    <figure class="chart card">
      <figcaption>
        <h2 class="plain">Power over five minutes</h2>
        <ul class="legend">
          <li>
            <span class="swatch total"></span>total
          </li>
          {unexplained !== undefined && (
            <li>
              unexplained <b>{wattsText(unexplained)}</b>
            </li>
          )}
          {stacks.map(({ name, color }) => (
            <li key={name}>
              <span class="swatch" style={{ background: `var(${color})` }}></span>
              {name}
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={box} aria-hidden="true" style={{ minHeight: `${HEIGHT}px` }} />
    </figure>
  );
}

/** Devices that have watts in some second, each upon those before it. */
function stacksOf(seconds: readonly HouseholdSecond[], names: readonly string[]): Stack[] {
  const sums = seconds.map(() => 0);
  return names.flatMap((name, index): Stack[] => {
    if (!seconds.some(({ watts }) => (watts?.[index] ?? null) !== null)) return [];
    const tops = seconds.map(({ watts }, place) =>
      watts === undefined ? null : sums[place]! += watts[index] ?? 0
    );
    return [{ name, color: COLORS[index % COLORS.length]!, tops }];
  });
}

function optionsOf(
  { color, axis }: PlotStyle,
  stacks: readonly Stack[],
): ReturnType<PlotParts["options"]> {
  return {
    padding: [8, 28, 0, 0],
    scales: {
      // As the bands below have it.
      x: { range: (_, __, max) => [max - SHOWN_S, max] },
      y: { range: (_, min, max) => [Math.min(0, min), max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      { ...axis, size: 28, space: 80, values: "{HH}:{mm}:{ss}" },
      { ...axis, size: 68, space: 40, values: (_, values) => values.map(wattsText) },
    ],
    series: [
      {},
      ...stacks.toReversed().map((stack): uPlot.Series => ({
        fill: color(stack.color),
        width: 0,
        points: { show: false },
        spanGaps: false,
      })),
      { stroke: color("--ink"), width: 2, points: { show: false }, spanGaps: true },
    ],
  };
}
