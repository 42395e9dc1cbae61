/** The figures of a recording as text. */
import type { Figures } from "./figures.ts";
import type { BayesShares, Evaluated } from "./evaluated.ts";

const ROWS: readonly (readonly [string, (figures: Figures) => number | null])[] = [
  ["micro F1", ({ micro_f1 }) => micro_f1],
  ["macro F1", ({ macro_f1 }) => macro_f1],
  ["exact match", ({ exact_match }) => exact_match],
  ["energy accuracy", ({ energy_accuracy }) => energy_accuracy],
  ["MAE, W", ({ mae_w }) => mae_w],
  ["devices told", ({ told_devices }) => told_devices],
  ["  calibration error", ({ calibration_error }) => calibration_error],
  ["  if all were told", ({ calibration_error_all }) => calibration_error_all],
];

const SHARES: readonly (readonly [string, (shares: BayesShares) => number])[] = [
  ["micro F1 of the limit", ({ window }) => window.micro_f1],
  ["  of that of a minute", ({ minute }) => minute.micro_f1],
  ["exact match of the limit", ({ window }) => window.exact_match],
  ["  of that of a minute", ({ minute }) => minute.exact_match],
];

/** A row of names of methods, then those of figures. */
export function tableRows({ methods, of_bayes }: Evaluated): string[][] {
  const names = Object.keys(methods);
  const devices = methods[names[0]!]!.devices;
  return [
    ["", ...names],
    ...ROWS.map(([title, pick]) => [title, ...names.map((name) => text(pick(methods[name]!)))]),
    ...(of_bayes === undefined ? [] : SHARES).map(([title, pick]) => [
      title,
      ...names.map((name) => text(of_bayes![name] === undefined ? null : pick(of_bayes![name]))),
    ]),
    ["F1 of", ...names.map(() => "")],
    ...devices.map(({ name, support }, device) => [
      `  ${name} (on ${Math.round(support)})`,
      ...names.map((method) => text(methods[method]!.devices[device]!.f1)),
    ]),
  ];
}

export function tableOf(evaluated: Evaluated): string {
  const { household, labelled_s, test_s } = evaluated;
  const rows = tableRows(evaluated);
  const width = Math.max(...rows.map(([title]) => title!.length));
  return [
    `${household}: ${labelled_s} s labelled, ${test_s} s tested`,
    "",
    ...rows.map(([title, ...cells]) =>
      `  ${title!.padEnd(width)}${cells.map((cell) => cell.padStart(14)).join("")}`.trimEnd()
    ),
    "",
  ].join("\n");
}

function text(value: number | null): string {
  return value === null ? "–" : value.toFixed(value >= 10 ? 1 : 3);
}
