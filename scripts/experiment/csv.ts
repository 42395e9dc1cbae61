/** The CSV files of an experiment: numbers and names of ours, so that nothing needs quoting. */
import type { ExperimentReport } from "./report.ts";
import { PROCESSES, recordOf, type Sample, STAGE_NAMES } from "./sampler.ts";

type Cell = string | number | null;

/** The heads of the columns of `samples.csv`, a line. */
export function sampleHead(): string {
  return line([
    ...["elapsed_s", "households", "connections", "events_into_broker", "events_into_log"],
    ...["windows", "datasets", "late", "dead_letters", "lag", "log_bytes", "kafka_bytes"],
    ...STAGE_NAMES.flatMap((stage) => [`${stage}_ms_p50`, `${stage}_ms_p99`]),
    ...PROCESSES.flatMap((name) => [`${name}_cpu_s`, `${name}_memory_bytes`]),
  ]);
}

/** A line of `samples.csv`: counts are from the start of the run, latencies since the line before; what is not known is empty. */
export function sampleLine(sample: Sample): string {
  return line([
    ...[sample.elapsedS, sample.households, sample.connections, sample.events_into_broker],
    ...[sample.events_into_log, sample.windows, sample.datasets, sample.late],
    ...[sample.dead_letters, sample.lag, sample.log_bytes, sample.kafka_bytes],
    ...STAGE_NAMES.flatMap((stage) => [sample.latencyMsP50[stage], sample.latencyMsP99[stage]]),
    ...PROCESSES.flatMap((name) => {
      const used = sample.usage[name];
      return used === null ? [null, null] : [used.cpuS, used.memoryBytes];
    }),
  ]);
}

/** The samples of a file, without a line that was not written to its end. @throws where it is another file. */
export function parseSamples(text: string): Sample[] {
  const [head, ...lines] = text.split("\n").slice(0, -1);
  if (`${head}\n` !== sampleHead()) throw new Error("samples.csv has other columns");
  return lines.map((row) => {
    const cells = row.split(",").map((cell) => cell === "" ? null : Number(cell));
    const next = () => cells.shift() ?? null;
    const sample = {
      ...{ elapsedS: next() ?? 0, households: next(), connections: next() },
      ...{ events_into_broker: next(), events_into_log: next(), windows: next() },
      ...{ datasets: next(), late: next(), dead_letters: next(), lag: next() ?? 0 },
      ...{ log_bytes: next() ?? 0, kafka_bytes: next() },
    };
    const latencies = STAGE_NAMES.map((stage) => [stage, next(), next()] as const);
    return {
      ...sample,
      latencyMsP50: recordOf(STAGE_NAMES, (name) => latencies.find(([s]) => s === name)![1]),
      latencyMsP99: recordOf(STAGE_NAMES, (name) => latencies.find(([s]) => s === name)![2]),
      usage: recordOf(PROCESSES, () => {
        const [cpuS, memoryBytes] = [next(), next()];
        return cpuS === null || memoryBytes === null ? null : { cpuS, memoryBytes };
      }),
    };
  });
}

/** The tables of a report, by the name of their file. */
export function reportTables(report: ExperimentReport): Record<string, string> {
  const latencies = Object.entries(report.latency_ms);
  return {
    "latencies.csv": table(
      ["stage", "p50_ms", "p95_ms", "p99_ms", "max_ms"],
      latencies.map(([stage, { p50, p95, p99, max }]) => [stage, p50, p95, p99, max]),
    ),
    "partitions.csv": table(
      ["topic", "partition", "offsets"],
      report.partitions.flatMap(({ topic, offsets }) =>
        offsets.map((count, partition) => [topic, partition, count])
      ),
    ),
    "processes.csv": table(
      ["process", "cpu_s", "cores_mean", "cores_peak", "memory_bytes_peak"],
      Object.entries(report.processes).map(([name, used]) => [
        ...[name, used.cpu_s, used.cores_mean, used.cores_peak, used.memory_bytes_peak],
      ]),
    ),
  };
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map(line).join("");
}

function line(cells: readonly Cell[]): string {
  return `${
    cells.map((cell) => typeof cell === "number" ? rounded(cell) : cell ?? "").join(",")
  }\n`;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
