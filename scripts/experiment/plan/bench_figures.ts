/** What sizing needs of the files that `deno task bench --json` writes. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { messageOf, WattstreamError } from "../../../shared/errors.ts";

const positive = z.number().positive();
const jobSchema = z.object({
  median: z.object({ inputPerS: positive, inputPerCpuS: positive, peakMemoryMB: positive }),
});

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

/** What one process does. */
export interface ProcessFigures {
  readonly perS: number;
  readonly perCpuS: number;
  readonly memoryMB: number;
}

export interface BenchFigures {
  /** Of events, QoS 1. */
  readonly bridge: ProcessFigures;
  /** Of readings that each close a window. */
  readonly predictions: ProcessFigures;
  /** Of readings and states. */
  readonly training: ProcessFigures;
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
  if (!parsed.success) {
    const missing = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
    throw new WattstreamError(
      "config",
      `Measure first, with deno task bench --json FILE; not in --bench: ${[...missing].join(", ")}`,
    );
  }
  const bench = parsed.data;
  const job = ({ median }: z.output<typeof jobSchema>): ProcessFigures => ({
    perS: median.inputPerS,
    perCpuS: median.inputPerCpuS,
    memoryMB: median.peakMemoryMB,
  });
  const bridge = bench["bridge QoS 1"].median;
  return {
    bridge: {
      perS: bridge.readingsPerS,
      perCpuS: bridge.readingsPerCpuS,
      memoryMB: bridge.peakMemoryMB,
    },
    predictions: job(bench["kafka windows"]),
    training: job(bench["kafka training"]),
    mqttPerS: bridge.limitPerS,
    kafkaRecordsPerS: bench["kafka-producer-perf-test"].median.recordsPerS,
  };
}
