/** What sizing needs of the files that `deno task bench --json` writes. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { messageOf, WattstreamError } from "../../../shared/errors.ts";

const positive = z.number().positive();
const jobSchema = z.object({
  median: z.object({
    inputPerS: positive,
    outputPerS: positive,
    inputPerCpuS: positive,
    peakMemoryMB: positive,
  }),
});

const steadySchema = z.object({
  median: z.object({ inputPerS: z.number().min(0), cores: positive, peakMemoryMB: positive }),
});
const carriedSchema = z.object({ median: z.object({ carriedPerS: z.number().min(0) }) });
const scaleSchema = z.object({ median: z.object({ peakMemoryMB: positive }) });

/** What a worker takes at full load, and brokers; a prediction of one process of each does without. */
const fullLoadSchema = z.object({
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
  "core disaggregation, 8 devices": z.object({
    median: z.object({ householdSecondsPerCpuS: positive }),
  }),
});
type FullLoadName = keyof typeof fullLoadSchema.shape;
const FULL_LOAD_NAMES = Object.keys(fullLoadSchema.shape) as FullLoadName[];

/** What one process takes of a machine. */
export interface CpuPoint {
  /** In the unit of its process. */
  readonly perS: number;
  readonly cores: number;
}

export interface MemoryPoint {
  readonly households: number;
  readonly memoryMB: number;
}

/** What one process does at most. */
export interface FullLoad {
  readonly perS: number;
  readonly perCpuS: number;
  readonly memoryMB: number;
}

/** What one process does, in one unit of work at part of its load and at full load. */
export interface ProcessFigures {
  /** Undefined where it was not measured. */
  readonly full: FullLoad | undefined;
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
  /** Of readings and states, QoS 1. */
  readonly bridge: ProcessFigures;
  /** Of readings and windows, one as much as the other: in, and out. */
  readonly predictions: ProcessFigures;
  /** Of readings and states. */
  readonly training: ProcessFigures;
  /** By households, as far as measured; none where the system did not say. */
  readonly carried: readonly CarriedPoint[];
  /** Windows that are judged in a CPU-second, by its core alone; undefined where not measured, as the next two. */
  readonly judgedPerCpuS: number | undefined;
  /** QoS 1 messages that a subscriber of Mosquitto takes. */
  readonly mqttPerS: number | undefined;
  /** Records of 380 bytes into one Kafka broker, acknowledged. */
  readonly kafkaRecordsPerS: number | undefined;
  /** Names of measurements of full load that are not there. */
  readonly missing: readonly string[];
}

/** Figures, and where they come from. */
export interface Bench {
  readonly figures: BenchFigures;
  /** Of each file: when it was measured, and on what. */
  readonly origins: readonly string[];
}

/** Files are laid over each other. @throws WattstreamError `config` where one cannot be used. */
export async function readBench(paths: readonly string[]): Promise<Bench> {
  const all: Record<string, unknown> = {};
  const origins: string[] = [];
  for (const path of paths) {
    try {
      const file = JSON.parse(await readFile(path, "utf8"));
      origins.push(originOf(file));
      Object.assign(all, file);
    } catch (cause) {
      const message = `Give --bench files of deno task bench --json: ${path}: ${messageOf(cause)}`;
      throw new WattstreamError("config", message, { cause });
    }
  }
  return { figures: benchFiguresOf(all), origins: [...new Set(origins)] };
}

const originSchema = z.object({
  at: z.iso.datetime().optional(),
  // Files of before these were taken down have neither.
  runs: positive.optional(),
  machine: z.object({ cores: positive, load: z.number().min(0) }).optional(),
});

function originOf(file: unknown): string {
  const { at, runs, machine } = originSchema.parse(file);
  return [
    at === undefined ? "on a day that is not known" : at.slice(0, "2000-01-01".length),
    runs === undefined ? "of how many runs is not known" : `medians of ${runs}`,
    machine === undefined
      ? "on a machine of which the file says nothing"
      : `${machine.cores} cores, load ${machine.load.toFixed(1)} before it began`,
  ].join(", ");
}

/** @throws WattstreamError `config` where no load that workers keep up with was measured, or it is no figure. */
export function benchFiguresOf(all: unknown): BenchFigures {
  const results = all as object;
  assertSteady(results);
  const parsed = fullLoadSchema.partial().safeParse(results);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
    throw new WattstreamError("config", `No figures in --bench: ${[...names].join(", ")}`);
  }
  const { "kafka windows": windows, "kafka training": training, ...others } = parsed.data;
  const bridge = others["bridge QoS 1"]?.median;
  const bridgeFigures = steadyFigures(results, { worker: "bridge", job: "bridge" });
  return {
    bridge: {
      full: bridge && {
        perS: bridge.readingsPerS,
        perCpuS: bridge.readingsPerCpuS,
        memoryMB: bridge.peakMemoryMB,
      },
      ...bridgeFigures,
      // It hangs on what is in hand, and hardly on households.
      memory: [{
        households: 0,
        memoryMB: Math.max(
          bridge?.peakMemoryMB ?? 0,
          ...bridgeFigures.memory.map(({ memoryMB }) => memoryMB),
        ),
      }],
    },
    predictions: {
      full: fullLoadOf(windows, ({ inputPerS, outputPerS }) => inputPerS + outputPerS),
      ...steadyFigures(results, { worker: "predictions", job: "windows", outputs: windowsPerS }),
    },
    training: {
      full: fullLoadOf(training, ({ inputPerS }) => inputPerS),
      ...steadyFigures(results, { worker: "training", job: "training" }),
    },
    carried: sizesOf(results, "steady log").map(([households, result]) => ({
      households,
      bytesPerS: carriedSchema.parse(result).median.carriedPerS,
    })).filter(({ bytesPerS }) => bytesPerS > 0),
    judgedPerCpuS: others["core disaggregation, 8 devices"]?.median.householdSecondsPerCpuS,
    mqttPerS: bridge?.limitPerS,
    kafkaRecordsPerS: others["kafka-producer-perf-test"]?.median.recordsPerS,
    missing: FULL_LOAD_NAMES.filter((name) => parsed.data[name] === undefined),
  };
}

/** Of a household whatever its interval: each second one of its windows closes. */
export function windowsPerS(households: number): number {
  return households;
}

/** @throws WattstreamError `config` which workers were not measured with households. */
function assertSteady(results: object): void {
  const missing = ["bridge", "predictions", "training"].filter((worker) =>
    !sizesOf(results, `steady ${worker}`).some(([households]) => households > 0)
  ).map((worker) => `steady ${worker}`);
  if (missing.length === 0) return;
  throw new WattstreamError(
    "config",
    `Measure first, with deno task bench --plan --json FILE; not in --bench: ${missing.join(", ")}`,
  );
}

/** @param perSOf its work in a second, in the unit of the worker. */
function fullLoadOf(
  result: z.output<typeof jobSchema> | undefined,
  perSOf: (median: z.output<typeof jobSchema>["median"]) => number,
): FullLoad | undefined {
  if (result === undefined) return undefined;
  const { inputPerS, inputPerCpuS, peakMemoryMB } = result.median;
  const perS = perSOf(result.median);
  return { perS, perCpuS: perS * inputPerCpuS / inputPerS, memoryMB: peakMemoryMB };
}

/**
 * A worker at part of its load (`bench --steady`), and its memory with more households where that was
 * measured (`bench --scale`).
 * @param outputs of so many households a second, where these are work as inputs are.
 */
function steadyFigures(
  all: object,
  { worker, job, outputs = () => 0 }: {
    readonly worker: string;
    readonly job: string;
    readonly outputs?: (households: number) => number;
  },
): Pick<ProcessFigures, "cpu" | "memory"> {
  const cpu: CpuPoint[] = [];
  const memory: MemoryPoint[] = [];
  for (const [households, result] of sizesOf(all, `steady ${worker}`)) {
    const { inputPerS, cores, peakMemoryMB } = steadySchema.parse(result).median;
    cpu.push({ perS: inputPerS + outputs(households), cores });
    memory.push({ households, memoryMB: peakMemoryMB });
  }
  const measuredMax = memory.at(-1)!.households;
  for (const [households, result] of sizesOf(all, job)) {
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
