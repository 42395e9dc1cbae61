/** The closing report of `deno task dev`: its fields, which are a contract, and its text. */
import { z } from "zod";

const count = z.int().min(0);
const percent = z.number().min(0).max(100);
const milliseconds = z.number().min(0).nullable();

/** What became of records, both workers together: the readings count twice. */
const outcomesSchema = z.strictObject({
  used: count,
  duplicate: count,
  late: count,
  /** On top of `used`. */
  partly_late: count,
  future: count,
  invalid: count,
  unfused: count,
  short: count,
});

/** The same for one worker, by its own durable account. */
const workerOutcomesSchema = outcomesSchema.extend({
  /** Records in its input topics, ticks included. */
  inputs: count,
  tick: count,
  /** Inputs of which the outcome is not known yet. */
  held: count,
});

const percentiles = z.strictObject({ p50: milliseconds, p95: milliseconds, p99: milliseconds });

export const reportSchema = z.strictObject({
  households: count,
  /** For how long was published. */
  duration_s: z.number().min(0),
  /** Publications of this run that the broker acknowledged. */
  simulated: z.strictObject({ readings: count, states: count }),
  /** Messages of this run that came in, from whomever, repeated ones included. */
  mqtt: z.strictObject({
    received: count,
    /** Acknowledged publications that the broker still had for the bridge at the end: not lost. */
    left_in_broker: count,
    /** For sessions that did not take them, by the embedded broker. */
    dropped: count,
  }),
  /** Records in each topic, of all runs; ticks are left out. */
  log: z.strictObject({
    power: count,
    device_state: count,
    predictions: count,
    dataset2train: count,
    dead_letter: count,
  }),
  outcomes: outcomesSchema,
  /** By the batch oracle over the whole log. */
  correctness: z.strictObject({
    windows_expected: count,
    windows_matching: count,
    datasets_expected: count,
    datasets_matching: count,
    ascending_pct: percent,
    fused_pct: percent,
    lost: count,
    duplicated: count,
  }),
  latency_ms: z.strictObject({ reading_to_window: percentiles }),
  workers: z.strictObject({ predictions: workerOutcomesSchema, training: workerOutcomesSchema }),
  /** Models and disaggregated seconds, computed again; left out with `--no-disaggregation`. */
  disaggregation: z.strictObject({
    models_expected: count,
    states_expected: count,
    matching: count,
    lost: count,
    unexpected: count,
    /** Of the declared seconds of all devices that were judged, the share of which was told. */
    told_pct: percent.nullable(),
    /** Of those that were told, by what was declared. */
    micro_f1: z.number().min(0).max(1).nullable(),
    /** From the append of a window, and of the reading that closed it, to that of its middle second. */
    latency_ms: z.strictObject({ window_to_state: percentiles, reading_to_state: percentiles }),
  }).optional(),
});

export type Report = z.output<typeof reportSchema>;
export type WorkerOutcomes = z.output<typeof workerOutcomesSchema>;

/** The report as text, and at its end whether all is right, or what is not. */
export function renderReport(report: Report, problems: readonly string[]): string {
  const { simulated, mqtt, log, outcomes, correctness, latency_ms } = report;
  const c = correctness;
  const rows = [
    ["published", `${number(simulated.readings)} readings, ${number(simulated.states)} states`],
    ["broker", brokerText(mqtt)],
    ["log", `${number(log.power)} readings, ${number(log.device_state)} states`],
    ["windows", matching(c.windows_matching, c.windows_expected, log.predictions)],
    ["datasets", matching(c.datasets_matching, c.datasets_expected, log.dataset2train)],
    ...devicesRow(report.disaggregation),
    ["dead letters", number(log.dead_letter)],
    ["in order", `${percentText(c.ascending_pct)} of the windows and datasets`],
    ["labelled", `${percentText(c.fused_pct)} of the seconds with a reading and a state`],
    ["lost", number(c.lost)],
    ["duplicated", number(c.duplicated)],
    ["latency", `reading to window ${latencyText(latency_ms.reading_to_window)}`],
    ...stateLatencyRow(report.disaggregation),
    ["outcomes", outcomesText(outcomes)],
  ];
  const width = Math.max(...rows.map(([name]) => name!.length));
  return [
    `Closing report: ${households(report.households)}, ${report.duration_s} s`,
    "",
    ...rows.map(([name, text]) => `  ${name!.padEnd(width)}  ${text}`),
    "",
    ...(problems.length === 0
      ? ["Correct: nothing is lost or doubled, everything is as the oracle expects it."]
      : problems.map((problem) => `NOT CORRECT: ${problem}`)),
  ].join("\n");
}

function latencyText({ p50, p95, p99 }: z.output<typeof percentiles>): string {
  return `${ms(p50)} (median), ${ms(p95)} (p95), ${ms(p99)} (p99)`;
}

function brokerText({ received, left_in_broker: left, dropped }: Report["mqtt"]): string {
  return [
    `${number(received)} messages`,
    ...(left === 0 ? [] : [`${number(left)} still in it`]),
    ...(dropped === 0 ? [] : [`${number(dropped)} dropped for clients that did not take them`]),
  ].join(", ");
}

function stateLatencyRow(found: Report["disaggregation"]): string[][] {
  const latency = found?.latency_ms.reading_to_state;
  if (latency === undefined || latency.p50 === null) return [];
  return [["", `reading to devices ${latencyText(latency)}`]];
}

function devicesRow(found: Report["disaggregation"]): string[][] {
  if (found === undefined) return [];
  const { models_expected: models, states_expected: states, told_pct, micro_f1 } = found;
  const told = told_pct === null || micro_f1 === null
    ? "none was declared meanwhile"
    : `F1 ${micro_f1.toFixed(2)} of the ${percentText(told_pct)} that was told`;
  return [["devices", `${number(models)} models, ${number(states)} seconds: ${told}`]];
}

function matching(right: number, expected: number, found: number): string {
  return `${number(found)}, ${number(right)} of ${number(expected)} as expected`;
}

/** The counts that are not 0, and what they add up to. */
function outcomesText({ partly_late, ...others }: Report["outcomes"]): string {
  const counts = Object.entries(others).filter(([, value]) => value > 0);
  const total = counts.reduce((sum, [, value]) => sum + value, 0);
  const partly = partly_late > 0 ? ` (${number(partly_late)} partly late)` : "";
  return `${number(total)} inputs: ${
    counts.map(([name, value]) => `${number(value)} ${name}${name === "used" ? partly : ""}`)
      .join(", ") || "none"
  }`;
}

function percentText(value: number): string {
  // Rounded down: 100 % means all of them.
  return `${Math.floor(value * 100) / 100} %`;
}

function ms(value: number | null): string {
  return value === null ? "–" : `${number(value)} ms`;
}

function households(value: number): string {
  return value === 1 ? "1 household" : `${number(value)} households`;
}

function number(value: number): string {
  return value.toLocaleString("en");
}
