/** Which charts the report has, and of what. */
import type { Chart, Series } from "./charts.ts";
import { cpuOf, ratesOf } from "./rates.ts";
import { type Figure, PROCESSES, type Sample, STAGE_NAMES } from "./sampler.ts";
import { STAGE_TITLES } from "./titles.ts";

const BYTES_PER_MB = 1_000_000;

export function chartsOf(samples: readonly Sample[]): Chart[] {
  const rates = (name: string, countOf: (sample: Sample) => Figure): Series => ({
    name,
    values: ratesOf(samples, countOf),
  });
  const values = (name: string, valueOf: (sample: Sample) => Figure): Series => ({
    name,
    values: samples.map(valueOf),
  });
  return [
    {
      ...{ title: "Events", unit: "per second", merge: "mean" },
      series: [
        rates("into the broker", (sample) => sample.events_into_broker),
        rates("into the log", (sample) => sample.events_into_log),
      ],
    },
    {
      ...{ title: "Households and connections", unit: "count", merge: "max" },
      series: [
        values("households", ({ households }) => households),
        values("connections", ({ connections }) => connections),
      ],
    },
    {
      ...{ title: "Prediction windows", unit: "per second", merge: "mean" },
      series: [rates("windows", ({ windows }) => windows)],
    },
    {
      ...{ title: "Training datasets", unit: "per second", merge: "mean" },
      series: [rates("datasets", ({ datasets }) => datasets)],
    },
    {
      ...{ title: "Lag of both stream workers", unit: "records", merge: "max" },
      series: [values("lag", ({ lag }) => lag)],
    },
    {
      ...{
        title: "Written to the log, carried to and from Kafka",
        unit: "MB per second",
        merge: "mean",
      },
      series: [
        rates("written", ({ log_bytes }) => log_bytes / BYTES_PER_MB),
        rates("carried", ({ kafka_bytes }) => kafka_bytes && kafka_bytes / BYTES_PER_MB),
      ],
    },
    {
      ...{ title: "Late and dead letters", unit: "in all", merge: "max" },
      series: [
        values("late", ({ late }) => late),
        values("dead letters", (sample) => sample.dead_letters),
      ],
    },
    ...STAGE_NAMES.map((stage): Chart => ({
      ...{ title: STAGE_TITLES[stage]!, unit: "ms", merge: "max" },
      series: [
        values("p50", (sample) => sample.latencyMsP50[stage]),
        values("p99", (sample) => sample.latencyMsP99[stage]),
      ],
    })),
    {
      ...{ title: "CPU", unit: "cores", merge: "mean" },
      series: PROCESSES.map((name) => rates(name, cpuOf(name))),
    },
    {
      ...{ title: "Memory", unit: "MB", merge: "max" },
      series: PROCESSES.map((name) =>
        values(name, ({ usage: { [name]: used } }) => used && used.memoryBytes / BYTES_PER_MB)
      ),
    },
  ];
}
