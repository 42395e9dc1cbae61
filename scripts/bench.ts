/** `deno task bench`: how fast the cores and the workers are, as medians of several runs. */
import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { flag } from "../shared/service/config.ts";
import { parseOrExplain } from "../shared/service/program.ts";
import { print } from "../shared/service/terminal.ts";
import { startKafka } from "../shared/services/kafka.ts";
import { benchBridge } from "./bench/bridge_bench.ts";
import { benchCore } from "./bench/core_bench.ts";
import { benchRecovery } from "./bench/recovery_bench.ts";
import { benchJob, benchLimit, type Job, type Load } from "./bench/kafka_bench.ts";

const config = z.strictObject({
  log: flag.choice(["none", "kafka"]).default("none").describe(
    "none: the pure cores alone; kafka: whole workers too, on a broker that is started for it",
  ),
  readings: flag.integer(1000).prefault("1000000").describe("Readings of the load"),
  households: flag.integer(1).prefault("400").describe("Households of the load"),
  bridge: flag.boolean().describe(
    "The bridge alone, from Mosquitto to Kafka, on brokers that are started for it",
  ),
  runs: flag.integer(1, 100).prefault("3").describe("Runs of each job; the median is reported"),
  recovery: flag.boolean().describe(
    "How long a worker takes to be back instead: with --households of them, and with ten times as many",
  ),
  traceSample: flag.number(0, 1).prefault("0").describe(
    "With --log kafka: the same beside it with this share of the records traced",
  ),
  json: flag.text().optional().describe("File that takes all figures as JSON"),
});

type Settings = z.output<typeof config>;

const JOBS: readonly Job[] = ["windows", "training"];
/** Readings that the core benchmark keeps in memory. */
const CORE_READINGS_MAX = 200_000;

/** Readings that the bridge is measured with, as in PEERS. */
const BRIDGE_READINGS_MAX = 200_000;

type Figures = Record<string, number>;

/** Runs `bench` several times: the median of each figure, and all runs. */
async function repeat(runs: number, bench: () => Figures | Promise<Figures>) {
  const all: Figures[] = [];
  for (let run = 0; run < runs; run++) all.push(await bench());
  const median = Object.fromEntries(
    Object.keys(all[0]!).map((name) => {
      const values = all.map((figures) => figures[name]!).sort((a, b) => a - b);
      return [name, values[Math.floor((values.length - 1) / 2)]!];
    }),
  );
  return { median, runs: all };
}

type ReportFigures = (name: string, result: Awaited<ReturnType<typeof repeat>>) => void;

/** Both workers, told to stop and killed. */
async function reportRecovery(
  report: ReportFigures,
  { households, runs }: { readonly households: number; readonly runs: number },
): Promise<void> {
  for (const count of [households, 10 * households]) {
    for (const group of ["predictions", "training"] as const) {
      for (const ending of ["stop", "kill"] as const) {
        const bench = async () => ({
          ...await benchRecovery(group, { households: count, ending }),
        });
        report(`recovery of ${group}, ${count} households, ${ending}`, await repeat(runs, bench));
      }
    }
  }
}

/** Whole workers on a broker. */
async function reportWorkers(
  report: ReportFigures,
  { readings, households, runs, traceSample }: Pick<
    Settings,
    "readings" | "households" | "runs" | "traceSample"
  >,
): Promise<void> {
  const kafka = await startKafka({ optimized: true });
  try {
    // On the same broker, since ratios of one run can be compared; and first, since what it leaves
    // to be written to the disk would slow down the run behind it.
    const limit = await repeat(runs, async () => ({
      recordsPerS: await benchLimit(kafka, readings),
    }));
    report("kafka-producer-perf-test", limit);
    for (const job of JOBS) {
      const bench = async (load: Load) => {
        const figures = await benchJob(kafka, job, load);
        return { ...figures, inputToLimit: figures.inputPerS / limit.median.recordsPerS! };
      };
      const load = { count: readings, households };
      report(`kafka ${job}`, await repeat(runs, () => bench(load)));
      if (traceSample === 0) continue;
      const traced = await repeat(runs, () => bench({ ...load, traceSample }));
      report(`kafka ${job}, ${traceSample} of them traced`, traced);
    }
  } finally {
    await kafka.stop();
  }
}

async function main(): Promise<number> {
  const source = { args: Deno.args, env: () => undefined };
  const parsed = parseOrExplain({ name: "bench", summary: "measures Wattstream", config }, source);
  if (typeof parsed === "number") return parsed;
  const settings = parsed.config as Settings;
  const { log, readings: count, households, bridge, recovery, runs, json } = settings;
  const isAlone = bridge || recovery;
  const results: Record<string, unknown> = { readings: count, households };
  const report: ReportFigures = (name, result) => {
    results[name] = result;
    print(name);
    // deno-lint-ignore no-console -- a table of our own figures.
    console.table(
      Object.fromEntries(
        Object.entries(result.median).map(([figure, median]) => {
          const values = result.runs.map((run) => run[figure]!);
          const row = { median, min: Math.min(...values), max: Math.max(...values) };
          return [figure, Object.fromEntries(Object.entries(row).map(([k, v]) => [k, rounded(v)]))];
        }),
      ),
    );
  };
  for (const qos of bridge ? [0, 1] as const : []) {
    const load = { qos, households, readings: Math.min(count, BRIDGE_READINGS_MAX) };
    report(`bridge QoS ${qos}`, await repeat(runs, async () => ({ ...await benchBridge(load) })));
  }
  if (recovery) await reportRecovery(report, settings);
  for (const job of isAlone ? [] : JOBS) {
    const load = { count: Math.min(count, CORE_READINGS_MAX), households };
    report(`core ${job}`, await repeat(runs, () => ({ ...benchCore(job, load) })));
  }
  if (log === "kafka" && !isAlone) await reportWorkers(report, settings);
  if (json !== undefined) await writeFile(json, JSON.stringify(results, undefined, 2) + "\n");
  return 0;
}

/** Three digits that matter. */
function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

if (import.meta.main) Deno.exit(await main());
