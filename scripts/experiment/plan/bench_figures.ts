/** What sizing needs of the files that `deno task bench --json` writes. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { messageOf, WattstreamError } from "../../../shared/errors.ts";

const positive = z.number().positive();
const jobSchema = z.object({
  median: z.object({ inputPerS: positive, inputPerCpuS: positive, peakMemoryMB: positive }),
});

const steadySchema = z.object({
  median: z.object({ inputPerS: z.number().min(0), cores: positive, peakMemoryMB: positive }),
});
const carriedSchema = z.object({ median: z.object({ carriedPerS: z.number().min(0) }) });
const scaleSchema = z.object({ median: z.object({ peakMemoryMB: positive }) });

const benchSchema = z.object({
  "kafka windows": jobSchema,
  "kafka training": jobSchema,
  "bridge QoS 1": z.object({
    median: z.object({
      limitPerS: positive,
      readingsPerS: positive,
      readingsPerCpuS: positive,
      peakMemoryMB: positive,
    }),
  }),
  "kafka-producer-perf-test": z.object({ median: z.object({ recordsPerS: positive }) }),
});

/** What one process takes of a machine. */
export interface CpuPoint {
  /** Inputs. */
  readonly perS: number;
  readonly cores: number;
}

export interface MemoryPoint {
  readonly households: number;
  readonly memoryMB: number;
}

/** What one process does. */
export interface ProcessFigures {
  /** At most, as are the next two. */
  readonly perS: number;
  readonly perCpuS: number;
  readonly memoryMB: number;
  /** At part of its load, by rate; at least one. */
  readonly cpu: readonly CpuPoint[];
  /** By households, as far as measured; at least one. */
  readonly memory: readonly MemoryPoint[];
}

/** What is carried between workers and Kafka while so many simulated households publish. */
export interface CarriedPoint {
  readonly households: number;
  readonly bytesPerS: number;
}

export interface BenchFigures {
  /** Of events, QoS 1. */
  readonly bridge: ProcessFigures;
  /** Of readings that each close a window. */
  readonly predictions: ProcessFigures;
  /** Of readings and states. */
  readonly training: ProcessFigures;
  /** By households, as far as measured; none where the system did not say. */
  readonly carried: readonly CarriedPoint[];
  /** QoS 1 messages that a subscriber of Mosquitto takes. */
  readonly mqttPerS: number;
  /** Records of 380 bytes into one Kafka broker, acknowledged. */
  readonly kafkaRecordsPerS: number;
}

/** Files are laid over each other. @throws WattstreamError `config` where one cannot be used. */
export async function readBenchFigures(paths: readonly string[]): Promise<BenchFigures> {
  const all: Record<string, unknown> = {};
  for (const path of paths) {
    try {
      Object.assign(all, JSON.parse(await readFile(path, "utf8")));
    } catch (cause) {
      const message = `Give --bench files of deno task bench --json: ${messageOf(cause)}`;
      throw new WattstreamError("config", message, { cause });
    }
  }
  return benchFiguresOf(all);
}

/** @throws WattstreamError `config` where a measurement is missing. */
export function benchFiguresOf(all: unknown): BenchFigures {
  const parsed = benchSchema.safeParse(all);
  const missing = new Set(parsed.error?.issues.map(({ path }) => String(path[0])));
  for (const worker of ["bridge", "predictions", "training"]) {
    const sizes = sizesOf(all as object, `steady ${worker}`);
    if (!sizes.some(([households]) => households > 0)) missing.add(`steady ${worker}`);
  }
  if (!parsed.success || missing.size > 0) {
    throw new WattstreamError(
      "config",
      `Measure first, with deno task bench --json FILE; not in --bench: ${[...missing].join(", ")}`,
    );
  }
  const bench = parsed.data;
  const job = (
    { median }: z.output<typeof jobSchema>,
    worker: string,
    name: string,
  ): ProcessFigures => ({
    perS: median.inputPerS,
    perCpuS: median.inputPerCpuS,
    memoryMB: median.peakMemoryMB,
    ...steadyFigures(all as object, worker, name),
  });
  const bridge = bench["bridge QoS 1"].median;
  return {
    bridge: {
      perS: bridge.readingsPerS,
      perCpuS: bridge.readingsPerCpuS,
      memoryMB: bridge.peakMemoryMB,
      ...steadyFigures(all as object, "bridge", "bridge"),
    },
    predictions: job(bench["kafka windows"], "predictions", "windows"),
    training: job(bench["kafka training"], "training", "training"),
    carried: sizesOf(all as object, "steady log").map(([households, result]) => ({
      households,
      bytesPerS: carriedSchema.parse(result).median.carriedPerS,
    })).filter(({ bytesPerS }) => bytesPerS > 0),
    mqttPerS: bridge.limitPerS,
    kafkaRecordsPerS: bench["kafka-producer-perf-test"].median.recordsPerS,
  };
}

/**
 * A worker at part of its load (`bench --steady`), and its memory with more households where that was
 * measured (`bench --scale`).
 */
function steadyFigures(
  all: object,
  worker: string,
  name: string,
): Pick<ProcessFigures, "cpu" | "memory"> {
  const cpu: CpuPoint[] = [];
  const memory: MemoryPoint[] = [];
  for (const [households, result] of sizesOf(all, `steady ${worker}`)) {
    const { inputPerS, cores, peakMemoryMB } = steadySchema.parse(result).median;
    cpu.push({ perS: inputPerS, cores });
    memory.push({ households, memoryMB: peakMemoryMB });
  }
  const measuredMax = memory.at(-1)!.households;
  for (const [households, result] of sizesOf(all, name)) {
    if (households <= measuredMax) continue;
    memory.push({ households, memoryMB: scaleSchema.parse(result).median.peakMemoryMB });
  }
  return { cpu: cpu.toSorted((a, b) => a.perS - b.perS), memory };
}

/** The results that are named so for a number of households, in their order. */
function sizesOf(all: object, name: string): [number, unknown][] {
  const head = `${name}, households: `;
  return Object.entries(all)
    .filter(([key]) => key.startsWith(head))
    .map(([key, result]): [number, unknown] => [Number(key.slice(head.length)), result])
    .toSorted(([a], [b]) => a - b);
}
