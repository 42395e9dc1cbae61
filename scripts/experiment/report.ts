/** The report of an experiment: `report.json`, whose fields are a contract. */
import { z } from "zod";
import { type Report, reportSchema } from "../dev/report.ts";
import type { LatencyMs } from "./histogram.ts";
import type { LogFigures } from "./log_figures.ts";
import { type Predicted } from "./prediction.ts";
import { cpuOf, peak, rateAtFull, ratePeak } from "./rates.ts";
import { PROCESSES, recordOf, type Sample } from "./sampler.ts";
import { THESIS } from "./thesis.ts";

const count = z.int().min(0);
const amount = z.number().min(0);
const milliseconds = amount.nullable();
const latencySchema = z.strictObject({
  p50: milliseconds,
  p95: milliseconds,
  p99: milliseconds,
  /** Exact for reading_to_window; else the bound of a histogram that none is above, null above all. */
  max: milliseconds,
});

export const experimentReportSchema = z.strictObject({
  started_at: z.iso.datetime(),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  machine: z.strictObject({ cores: count, memory_bytes: count, system: z.string() }),
  /** Sentences on what is not right; none where everything is. */
  problems: z.array(z.string()),
  events_into_broker: z.strictObject({ total: count, per_s_peak: amount }),
  events_into_log: z.strictObject({ total: count, per_s_peak: amount }),
  windows: z.strictObject({ total: count, per_s_mean: amount, per_s_peak: amount }),
  datasets: z.strictObject({ total: count, per_s_mean: amount, per_s_peak: amount }),
  connections_peak: count,
  households_peak: count,
  lag: z.strictObject({ peak: count, last: count }),
  labelled: z.strictObject({
    /** Of the seconds with a reading and a state in the log, those that a session holds with the right values. */
    fused_pct: z.number().min(0).max(100),
    /** As the thesis counts: values in datasets ÷ device states in the log; null without states. */
    thesis_pct: z.number().min(0).nullable(),
    values_in_datasets: count,
    device_states: count,
  }),
  latency_ms: z.record(z.string(), latencySchema),
  partitions: z.array(z.strictObject({
    topic: z.string(),
    offsets: z.array(count),
    /** The fullest partition ÷ the mean; null where there is nothing. */
    skew: amount.nullable(),
  })),
  processes: z.record(
    z.string(),
    z.strictObject({
      cpu_s: amount,
      /** On average while all households publish. */
      cores_mean: amount,
      cores_peak: amount,
      memory_bytes_peak: count,
    }),
  ),
  users: z.array(z.strictObject({ username: z.string(), windows: count, datasets: count })),
  /** What the bench says that the run takes; null without --bench. */
  prediction: z.array(z.strictObject({
    what: z.string(),
    unit: z.string(),
    predicted: amount,
    /** While all households publish; null where it could not be measured. */
    measured: amount.nullable(),
  })).nullable(),
  /** The closing report of the run. */
  run: reportSchema,
  thesis: z.unknown(),
});

export type ExperimentReport = z.output<typeof experimentReportSchema>;

export interface ReportParts {
  readonly startedAtMs: number;
  readonly settings: ExperimentReport["settings"];
  readonly machine: ExperimentReport["machine"];
  readonly samples: readonly Sample[];
  readonly run: Report;
  readonly problems: readonly string[];
  readonly logFigures: LogFigures;
  readonly latencies: Readonly<Record<string, LatencyMs>>;
  readonly prediction: readonly Predicted[] | undefined;
  /** The last sample before the run was cut, of which `run` is what came after. */
  readonly from: Sample | undefined;
}

export function reportOf(parts: ReportParts): ExperimentReport {
  const { samples, run, logFigures, from } = parts;
  const durationS = (from?.elapsedS ?? 0) + run.duration_s;
  const { valuesInDatasets, deviceStates } = logFigures.labelled;
  // What closes at the end comes in a burst that says nothing of the load.
  const loaded = samples.filter(({ elapsedS }) => elapsedS <= durationS);
  const perS = (total: number) => durationS === 0 ? 0 : rounded(total / durationS);
  return {
    started_at: new Date(parts.startedAtMs).toISOString(),
    settings: parts.settings,
    machine: parts.machine,
    problems: [...parts.problems],
    events_into_broker: {
      total: (from?.events_into_broker ?? 0) + run.mqtt.received,
      per_s_peak: rounded(ratePeak(loaded, (sample) => sample.events_into_broker)),
    },
    events_into_log: {
      total: logFigures.readings + deviceStates,
      per_s_peak: rounded(ratePeak(loaded, (sample) => sample.events_into_log)),
    },
    windows: {
      total: logFigures.windows,
      per_s_mean: perS(logFigures.windows),
      per_s_peak: rounded(ratePeak(loaded, ({ windows }) => windows)),
    },
    datasets: {
      total: logFigures.datasets,
      per_s_mean: perS(logFigures.datasets),
      per_s_peak: rounded(ratePeak(loaded, ({ datasets }) => datasets)),
    },
    connections_peak: peak(samples, ({ connections }) => connections),
    households_peak: peak(samples, ({ households }) => households),
    lag: { peak: peak(samples, ({ lag }) => lag), last: samples.at(-1)?.lag ?? 0 },
    labelled: {
      fused_pct: run.correctness.fused_pct,
      thesis_pct: deviceStates === 0 ? null : rounded(100 * valuesInDatasets / deviceStates),
      values_in_datasets: valuesInDatasets,
      device_states: deviceStates,
    },
    latency_ms: parts.latencies,
    partitions: logFigures.partitions.map(({ topic, offsets }) => ({
      topic,
      offsets: [...offsets],
      skew: skewOf(offsets),
    })),
    processes: recordOf(PROCESSES, (name) => ({
      cpu_s: rounded(peak(samples, cpuOf(name))),
      cores_mean: rounded(rateAtFull(loaded, cpuOf(name)) ?? 0),
      cores_peak: rounded(ratePeak(samples, cpuOf(name))),
      memory_bytes_peak: peak(samples, ({ usage }) => usage[name]?.memoryBytes ?? null),
    })),
    users: logFigures.users.map((user) => ({ ...user })),
    prediction: parts.prediction?.map((row) => ({ ...row })) ?? null,
    run,
    thesis: THESIS,
  };
}

/** The fullest partition ÷ the mean. */
export function skewOf(offsets: readonly number[]): number | null {
  const sum = offsets.reduce((total, value) => total + value, 0);
  return sum === 0 ? null : rounded(Math.max(...offsets) * offsets.length / sum);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
