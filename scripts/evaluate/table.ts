/** The figures of a recording as text. */
import type { Figures } from "./figures.ts";

const ROWS: readonly (readonly [string, (figures: Figures) => number | null])[] = [
  ["micro F1", ({ micro_f1 }) => micro_f1],
  ["macro F1", ({ macro_f1 }) => macro_f1],
  ["exact match", ({ exact_match }) => exact_match],
  ["energy accuracy", ({ energy_accuracy }) => energy_accuracy],
  ["MAE, W", ({ mae_w }) => mae_w],
  ["calibration error", ({ calibration_error }) => calibration_error],
];

export function tableOf(
  { household, labelled_s, test_s, methods }: {
    readonly household: string;
    readonly labelled_s: number;
    readonly test_s: number;
    readonly methods: Readonly<Record<string, Figures>>;
  },
): string {
  const names = Object.keys(methods);
  const devices = methods[names[0]!]!.devices;
  const rows = [
    ["", ...names],
    ...ROWS.map(([title, pick]) => [title, ...names.map((name) => text(pick(methods[name]!)))]),
    ["F1 of", ...names.map(() => "")],
    ...devices.map(({ name, support }, device) => [
      `  ${name} (on ${Math.round(support)})`,
      ...names.map((method) => text(methods[method]!.devices[device]!.f1)),
    ]),
  ];
  const width = Math.max(...rows.map(([title]) => title!.length));
  return [
    `${household}: ${labelled_s} s labelled, ${test_s} s tested`,
    "",
    ...rows.map(([title, ...cells]) =>
      `  ${title!.padEnd(width)}${cells.map((cell) => cell.padStart(10)).join("")}`.trimEnd()
    ),
    "",
  ].join("\n");
}

function text(value: number | null): string {
  return value === null ? "–" : value.toFixed(value >= 10 ? 1 : 3);
}
