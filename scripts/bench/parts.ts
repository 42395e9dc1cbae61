/** The parts of the benchmark, one after the other. */
import type { Kafka } from "../../shared/services/kafka.ts";
import { print } from "../../shared/service/terminal.ts";
import { benchBridge, withWarmKafka } from "./bridge_bench.ts";
import { withKafka, withLogFile } from "./broker.ts";
import { bundleWorkers } from "./bundles.ts";
import type { BenchConfig, Part } from "./config.ts";
import { benchCore } from "./core_bench.ts";
import { benchDisaggregation } from "./disaggregation_bench.ts";
import { JOB_NAMES } from "./jobs.ts";
import { benchJob, benchLimit, profileJob } from "./kafka_bench.ts";
import { benchLiveMemory } from "./live_memory.ts";
import { measureLoop, measureMetrics, measureRecovery } from "./log_parts.ts";
import { buildPeers } from "./peers/build.ts";
import { benchFaults } from "./peers/faults_bench.ts";
import { benchPeers } from "./peers/peers_bench.ts";
import { repeat, type ReportResults } from "./repeat.ts";
import { type Figures, LIMIT_NAME, type Result, resultName, resultOf } from "./results.ts";
import {
  HOUSEHOLDS,
  measureHouseholds,
  measureReplicas,
  measureSteady,
  PLAN_HOUSEHOLDS,
} from "./size_parts.ts";

type Peers = Awaited<ReturnType<typeof buildPeers>>;
type Load = Pick<BenchConfig, "readings" | "households" | "runs" | "traceSample">;

/** Of the households that the disaggregation worker is measured with. */
const DEVICE_COUNTS = [8, 10, 12] as const;
/** Readings that the core benchmark keeps in memory. */
const CORE_READINGS_MAX = 200_000;
/** Of which live memory is measured. */
const LIVE_HOUSEHOLDS = 20_000;
/** Readings that the bridge is measured with, as in PEERS. */
const BRIDGE_READINGS_MAX = 200_000;

/** Parts in which workers run as they are shipped. */
const SHIPPED: readonly Part[] = [
  ...[
    "embedded",
    "workers",
    "recovery",
    "scale",
    "households",
    "metrics",
    "loop",
    "peers",
    "faults",
  ] as const,
];

/** Measures the parts asked for, and reports each result as it is there. */
export async function measure(
  parts: ReadonlySet<Part>,
  load: Load,
  report: ReportResults,
): Promise<void> {
  if (parts.has("bridge")) await measureBridge(load, report);
  if (SHIPPED.some((part) => parts.has(part))) await bundleWorkers();
  if (parts.has("cores")) {
    await measureCores(load, report);
    measureLiveMemory(report);
    await measureDisaggregation(load, report);
  }
  if (parts.has("embedded")) await measureEmbedded(load, report);
  if (parts.has("workers")) await withKafka((kafka) => measureWorkers(kafka, load, report));
  if (parts.has("scale")) {
    await withKafka(async (kafka) => {
      await measureReplicas(kafka, load, report);
      await measureHouseholds(kafka, load, { sizes: HOUSEHOLDS, report });
    });
  }
  if (parts.has("households")) {
    await withKafka((kafka) => measureHouseholds(kafka, load, { sizes: PLAN_HOUSEHOLDS, report }));
  }
  if (parts.has("steady")) await withKafka((kafka) => measureSteady(kafka, load, report));
  if (parts.has("metrics")) await measureMetrics(load, report);
  if (parts.has("recovery")) await measureRecovery(load, report);
  if (parts.has("loop")) await measureLoop(load, report);
  if (parts.has("profile")) await withKafka((kafka) => measureProfile(kafka, load, report));
  if (parts.has("peers")) {
    const peers = await buildPeers(print);
    await withKafka((kafka) => measurePeers({ kafka, peers, load }, report));
  }
  if (parts.has("faults")) {
    const peers = await buildPeers(print);
    await withKafka((kafka) => measureFaults({ kafka, peers }, report));
  }
}

async function measureBridge({ readings, households, runs }: Load, report: ReportResults) {
  await withWarmKafka(async (kafka) => {
    for (const qos of [0, 1] as const) {
      const load = { qos, households, readings: Math.min(readings, BRIDGE_READINGS_MAX) };
      const bench = async () => ({ ...await benchBridge(kafka, load) });
      report({ [`bridge QoS ${qos}`]: await repeat(runs, bench) });
    }
  });
}

async function measureCores({ readings, households, runs }: Load, report: ReportResults) {
  for (const job of JOB_NAMES) {
    const load = { count: Math.min(readings, CORE_READINGS_MAX), households };
    report({ [`core ${job}`]: await repeat(runs, () => ({ ...benchCore(job, load) })) });
  }
}

/** Once: it moves by less than a hundredth from run to run. */
function measureLiveMemory(report: ReportResults) {
  for (const job of JOB_NAMES) {
    const figures = benchLiveMemory(job, LIVE_HOUSEHOLDS);
    report({ [`live memory, ${job}`]: resultOf([{ ...figures }]) });
  }
}

async function measureDisaggregation({ runs }: Load, report: ReportResults) {
  for (const devices of DEVICE_COUNTS) {
    const bench = () => ({ ...benchDisaggregation(devices) });
    report({ [`core disaggregation, ${devices} devices`]: await repeat(runs, bench) });
  }
}

/**
 * What the broker takes at most: on the same broker, since ratios of one run can be compared; and
 * first, since what it leaves to be written to the disk would slow down the run behind it.
 */
async function measureLimit(kafka: Kafka, { readings, runs }: Load, report: ReportResults) {
  const limit = await repeat(runs, async () => ({
    recordsPerS: await benchLimit(kafka, readings),
  }));
  report({ [LIMIT_NAME]: limit });
}

async function measureWorkers(kafka: Kafka, load: Load, report: ReportResults) {
  await measureLimit(kafka, load, report);
  const { readings: count, households, runs, traceSample } = load;
  for (const job of JOB_NAMES) {
    const name = resultName("Wattstream", job);
    const bench = (share: number) =>
      repeat(runs, async () => {
        return { ...await benchJob(kafka, job, { count, households, traceSample: share }) };
      });
    report({ [name]: await bench(0) });
    if (traceSample > 0) {
      report({ [`${name}, ${traceSample} of them traced`]: await bench(traceSample) });
    }
  }
}

async function measurePeers(
  { kafka, peers, load }: {
    readonly kafka: Kafka;
    readonly peers: Peers;
    readonly load: Load;
  },
  report: ReportResults,
) {
  await measureLimit(kafka, load, report);
  const { readings: count, households, runs } = load;
  const byName = new Map<string, Figures[]>();
  for await (
    const { job, engine, figures } of benchPeers(kafka, peers, { count, households, runs })
  ) {
    const name = resultName(engine, job);
    byName.set(name, [...byName.get(name) ?? [], { ...figures }]);
    const { inputPerS, inputPerCpuS, peakMemoryMB } = figures;
    print(
      `${engine}, ${job}: ${Math.round(inputPerS)} inputs/s, ${
        Math.round(inputPerCpuS)
      } per CPU-second, ${Math.round(peakMemoryMB)} MB, outputs as expected: ${figures.outputs}`,
    );
  }
  report(Object.fromEntries(Array.from(byName, ([name, all]) => [name, resultOf(all)])));
}

async function measureFaults(
  { kafka, peers }: { readonly kafka: Kafka; readonly peers: Peers },
  report: ReportResults,
) {
  const results: Record<string, Result> = {};
  for await (const { fault, job, engine, tally, hasEnded } of benchFaults(kafka, peers)) {
    print(`${fault}: ${engine}, ${job}`);
    const ended = Number(hasEnded);
    results[`${resultName(engine, job)}, ${fault}`] = resultOf([{ ...tally, ended }]);
  }
  report(results);
}

/** Whole workers on the log in one file, a new one for each run. */
async function measureEmbedded({ readings: count, households, runs }: Load, report: ReportResults) {
  for (const job of JOB_NAMES) {
    const bench = () => withLogFile((place) => benchJob(place, job, { count, households }));
    report({ [`sqlite ${job}`]: await repeat(runs, async () => ({ ...await bench() })) });
  }
}

async function measureProfile(kafka: Kafka, load: Load, report: ReportResults) {
  const { readings: count, households, runs } = load;
  const results: Record<string, Result> = {};
  for (const job of JOB_NAMES) {
    const profile = () => profileJob(kafka, job, { count, households });
    results[`profile of ${job}, µs`] = await repeat(runs, profile);
  }
  report(results);
}
