/** `deno task experiment --plan`: what each size takes, and what each number rests on. */
import { type Bench, readBench } from "./bench_figures.ts";
import type { PlanConfig } from "./config.ts";
import { type Codec, measureEvents } from "./event_bytes.ts";
import { ASSUMPTIONS, type CoreSize, type Size, sizeFor, type WorkerSize } from "./sizing.ts";

/** What a plan consists of. */
export interface Plan {
  /** A column for each size. */
  readonly table: string;
  /** A sentence each. */
  readonly basis: readonly string[];
}

/** @throws WattstreamError `config` where the bench's files cannot be used. */
export async function planFor(config: PlanConfig, random: () => number): Promise<Plan> {
  const bench = await readBench(config.bench.split(","));
  const { bytes, codecs } = measureEvents(random);
  const intervalS = config.intervalMs / 1000;
  const isDisaggregating = !config.noDisaggregation;
  const sizes = config.households.map((households) =>
    sizeFor(households, { intervalS, isDisaggregating, bench: bench.figures, bytes })
  );
  const rows = [["households", ...sizes.map(({ households }) => number(households))]];
  for (const [name, textOf] of rowsOf(config)) rows.push([name, ...sizes.map(textOf)]);
  for (const codec of codecs) {
    const kept = (size: Size) => `${amount(size.diskBytesKept / codec.ratio)}B`;
    rows.push([`the same with ${codec.name} (÷ ${codec.ratio.toFixed(1)})`, ...sizes.map(kept)]);
  }
  rows.push(["kept for 1 day instead", ...sizes.map((size) => `${amount(size.diskBytesPerDay)}B`)]);
  rows.push(["binds first", ...sizes.map(({ bindsFirst }) => bindsFirst ?? UNKNOWN)]);
  return { table: table(rows), basis: basisOf({ codecs, bench, intervalS, isDisaggregating }) };
}

/** As it is printed. */
export function planText(plan: Plan): string {
  return [plan.table, "", ...basisLines(plan)].join("\n");
}

export function basisLines({ basis }: Plan): string[] {
  return ["What this rests on:", "", ...basis.map((line) => `- ${line}`)];
}

const UNKNOWN = "–";

function rowsOf(
  { noDisaggregation }: PlanConfig,
): readonly (readonly [string, (size: Size) => string])[] {
  const disaggregation = ["disaggregation at least: replicas, cores", coreText] as const;
  return [
    ["readings and states a second", (size) => number(size.readingsPerS + size.statesPerS)],
    ["windows a second", (size) => number(size.windowsPerS)],
    ["partitions", (size) => number(size.partitions)],
    ["bridge: shares, cores, memory", ({ bridge }) => workerText(bridge)],
    ["predictions: replicas, cores, memory", ({ predictions }) => workerText(predictions)],
    ["training: replicas, cores, memory", ({ training }) => workerText(training)],
    ...noDisaggregation ? [] : [disaggregation],
    ["MQTT brokers", (size) => number(size.mqttBrokers)],
    ["Kafka brokers", (size) => number(size.kafkaBrokers)],
    ["network of Kafka", (size) => `${amount(size.networkBitsPerS)}bit/s`],
    ["disk a day, all copies", (size) => `${amount(size.diskBytesPerDay)}B`],
    [
      `disk after ${ASSUMPTIONS.retentionDays} days`,
      (size) => `${amount(size.diskBytesKept)}B`,
    ],
  ];
}

function workerText({ replicas, cores, memoryMB }: WorkerSize): string {
  return `${number(replicas)}, ${coresText(cores)}, ${amount(memoryMB * 1e6)}B`;
}

function coreText({ disaggregation: { replicas, cores } }: { disaggregation: CoreSize }): string {
  return `${number(replicas)}, ${cores === null ? UNKNOWN : coresText(cores)}`;
}

function coresText(cores: number): string {
  return number(cores, cores < 10 ? 2 : 0);
}

function basisOf({ codecs, bench: { figures, origins }, intervalS, isDisaggregating }: {
  readonly codecs: readonly Codec[];
  readonly bench: Bench;
  readonly intervalS: number;
  readonly isDisaggregating: boolean;
}): string[] {
  const { load, labelledShare, replication, connections, networkBitsPerS } = ASSUMPTIONS;
  const { missing } = figures;
  const one =
    "“–” and whatever hangs on it is not known, cores and memory are those of one process";
  const behind = Object.entries({
    bridge: figures.bridge,
    predictions: figures.predictions,
    training: figures.training,
  }).flatMap(([name, { full }]) => full ? [`${name} ${amount(full.memoryMB * 1e6)}B`] : []);
  return [
    ...origins.map((origin) => `measured: ${origin}`),
    ...missing.length === 0 ? [] : [`not in --bench: “${missing.join("”, “")}”; ${one}`],
    `a reading every ${intervalS} s; states in ${100 * labelledShare} % of them (assumed)`,
    `replicas, shares and brokers: ${
      100 * load
    } % (assumed) of readingsPerS of “bridge QoS 1”, inputPerS of “kafka training”, inputPerS and outputPerS of “kafka windows”`,
    "cores: between cores of “steady …” and the same at full load; for predictions by readings and windows, one as much as the other",
    `memory: peakMemoryMB of “steady …”, with more households of “windows, households: …” and “training, …”, of a bridge the most of all; above ${
      number(figures.training.memory.at(-1)!.households)
    } a replica as it grew up to there`,
    ...behind.length === 0
      ? []
      : [`who is behind may take as much as at full load: ${behind.join(", ")} a process`],
    ...!isDisaggregating ? [] : [
      "disaggregation: householdSecondsPerCpuS of “core disaggregation, 8 devices”, without what it takes to read and write; of its memory, and of the publisher, nothing is measured",
    ],
    `MQTT brokers: limitPerS of “bridge QoS 1”; ${number(connections)} connections each (assumed)`,
    "network: bytes of events, their copies, and carriedPerS of “steady log” for requests and commits",
    `Kafka brokers: recordsPerS of “kafka-producer-perf-test”, ${replication} copies, ${
      amount(networkBitsPerS)
    }bit/s each, at least ${ASSUMPTIONS.kafkaBrokersMin} (assumed)`,
    `bytes and ${
      codecs.map(({ name }) => name).join(", ")
    }: 200 events of each kind, 8 devices, random power, without the overhead of batches; measured now`,
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)
    )
      .join("  ")
  ).join("\n");
}

function number(value: number | null, digits = 0): string {
  return value === null ? UNKNOWN : value.toLocaleString("en", { maximumFractionDigits: digits });
}

/** Three digits and the letter of their thousands. */
function amount(value: number): string {
  const letters = ["", "k", "M", "G", "T", "P"];
  const thousands = Math.min(letters.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${Number((value / 1000 ** thousands).toPrecision(3))} ${letters[thousands]}`;
}
