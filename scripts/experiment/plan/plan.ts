/** `deno task experiment --plan`: what each size takes, and what each number rests on. */
import { type BenchFigures, readBenchFigures } from "./bench_figures.ts";
import type { PlanConfig } from "./config.ts";
import { type Codec, measureEvents } from "./event_bytes.ts";
import { ASSUMPTIONS, type Size, sizeFor, type WorkerSize } from "./sizing.ts";

/** The plan as text. @throws WattstreamError `config` where the bench's files cannot be used. */
export async function planText(config: PlanConfig, random: () => number): Promise<string> {
  const bench = await readBenchFigures(config.bench.split(","));
  const { bytes, codecs } = measureEvents(random);
  const sizes = config.households.map((households) =>
    sizeFor(households, { intervalS: config.intervalMs / 1000, bench, bytes })
  );
  const rows = [["households", ...sizes.map(({ households }) => number(households))]];
  for (const [name, textOf] of ROWS) rows.push([name, ...sizes.map(textOf)]);
  for (const codec of codecs) {
    const kept = (size: Size) => `${amount(size.diskBytesKept / codec.ratio)}B`;
    rows.push([`the same with ${codec.name} (÷ ${codec.ratio.toFixed(1)})`, ...sizes.map(kept)]);
  }
  rows.push(["kept for 1 day instead", ...sizes.map((size) => `${amount(size.diskBytesPerDay)}B`)]);
  rows.push(["binds first", ...sizes.map(({ bindsFirst }) => bindsFirst)]);
  return [table(rows), "", ...basis({ codecs, bench, intervalS: config.intervalMs / 1000 })].join(
    "\n",
  );
}

const ROWS: readonly (readonly [string, (size: Size) => string])[] = [
  ["readings and states a second", (size) => number(size.readingsPerS + size.statesPerS)],
  ["windows a second", (size) => number(size.windowsPerS)],
  ["partitions", (size) => number(size.partitions)],
  ["bridge: shares, cores, memory", ({ bridge }) => workerText(bridge)],
  ["predictions: replicas, cores, memory", ({ predictions }) => workerText(predictions)],
  ["training: replicas, cores, memory", ({ training }) => workerText(training)],
  ["MQTT brokers", (size) => number(size.mqttBrokers)],
  ["Kafka brokers", (size) => number(size.kafkaBrokers)],
  ["network of Kafka", (size) => `${amount(size.networkBitsPerS)}bit/s`],
  ["disk a day, all copies", (size) => `${amount(size.diskBytesPerDay)}B`],
  [
    `disk after ${ASSUMPTIONS.retentionDays} days`,
    (size) => `${amount(size.diskBytesKept)}B`,
  ],
];

function workerText({ replicas, cores, memoryMB }: WorkerSize): string {
  return `${number(replicas)}, ${cores.toFixed(cores < 10 ? 2 : 0)}, ${amount(memoryMB * 1e6)}B`;
}

function basis({ codecs, bench, intervalS }: {
  readonly codecs: readonly Codec[];
  readonly bench: BenchFigures;
  readonly intervalS: number;
}): string[] {
  const { load, labelledShare, replication, connections, networkBitsPerS } = ASSUMPTIONS;
  return [
    "What this rests on:",
    `- a reading every ${intervalS} s; states in ${100 * labelledShare} % of them (assumed)`,
    `- replicas, shares and brokers: ${
      100 * load
    } % (assumed) of readingsPerS of “bridge QoS 1”, inputPerS of “kafka windows” and “kafka training”`,
    "- cores: between cores of “steady …” and the same at full load",
    `- memory: peakMemoryMB of “steady …”; above ${
      number(bench.training.memory.at(-1)!.households)
    } households a replica as it grew up to there (--scale measures up to 100,000)`,
    `- who is behind may take as much as at full load: bridge ${
      amount(bench.bridge.memoryMB * 1e6)
    }B, predictions ${amount(bench.predictions.memoryMB * 1e6)}B, training ${
      amount(bench.training.memoryMB * 1e6)
    }B a process`,
    `- MQTT brokers: limitPerS of “bridge QoS 1”; ${
      number(connections)
    } connections each (assumed)`,
    `- network: bytes of events, their copies, and carriedPerS of “steady log” for requests and commits`,
    `- Kafka brokers: recordsPerS of “kafka-producer-perf-test”, ${replication} copies, ${
      amount(networkBitsPerS)
    }bit/s each, at least ${ASSUMPTIONS.kafkaBrokersMin} (assumed)`,
    `- bytes and ${
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

function number(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 0 });
}

/** Three digits and the letter of their thousands. */
function amount(value: number): string {
  const letters = ["", "k", "M", "G", "T", "P"];
  const thousands = Math.min(letters.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${Number((value / 1000 ** thousands).toPrecision(3))} ${letters[thousands]}`;
}
