/** The parts of the benchmark that are measured on SQLite and on Kafka. */
import { type LogPlace, withKafka, withLogFile } from "./broker.ts";
import { bundleWorkers } from "./bundles.ts";
import type { BenchConfig } from "./config.ts";
import { JOB_NAMES } from "./jobs.ts";
import { benchLoop } from "./loop_bench.ts";
import { benchMetrics, benchScrape } from "./metrics/metrics_bench.ts";
import { benchRecovery } from "./recovery_bench.ts";
import { repeat, type ReportResults } from "./repeat.ts";

type Load = Pick<BenchConfig, "readings" | "households" | "runs">;

/** That are alive at a scrape. */
const SCRAPED_HOUSEHOLDS = 10_000;

/** Where to measure. */
interface LogSort {
  readonly log: "sqlite" | "kafka";
  /** Runs on a file or a broker that has none of our topics. */
  readonly withPlace: <T>(run: (place: LogPlace) => Promise<T>) => Promise<T>;
}

async function onEachLog(measureOn: (log: LogSort) => Promise<void>): Promise<void> {
  await measureOn({ log: "sqlite", withPlace: withLogFile });
  await withKafka((kafka) => measureOn({ log: "kafka", withPlace: (run) => run(kafka) }));
}

/** Both workers, told to stop and killed: a broker of its own each time, since members outlive them. */
export async function measureRecovery(load: Load, report: ReportResults): Promise<void> {
  await measureRecoveryOn({ log: "sqlite", withPlace: withLogFile }, load, report);
  await measureRecoveryOn({ log: "kafka", withPlace: withKafka }, load, report);
}

async function measureRecoveryOn(
  { log, withPlace }: LogSort,
  { households, runs }: Load,
  report: ReportResults,
): Promise<void> {
  for (const count of [households, 10 * households]) {
    for (const group of ["predictions", "training"] as const) {
      for (const ending of ["stop", "kill"] as const) {
        const bench = (place: LogPlace) =>
          benchRecovery(place, group, { households: count, ending });
        const name = `${log}, recovery of ${group}, ${count} households, ${ending}`;
        report({ [name]: await repeat(runs, async () => ({ ...await withPlace(bench) })) });
      }
    }
  }
}

/** Both jobs with metrics and without, and scrapes. */
export async function measureMetrics(load: Load, report: ReportResults): Promise<void> {
  await bundleWorkers("unmeasured");
  const scraped = repeat(load.runs, async () => ({
    ...await withLogFile((place) => benchScrape(place, SCRAPED_HOUSEHOLDS)),
  }));
  report({ [`a scrape at ${SCRAPED_HOUSEHOLDS} households`]: await scraped });
  await onEachLog((log) => measureCost(log, load, report));
}

/** Pairs of runs, with metrics and without, of which each is first in turn. */
async function measureCost(
  { log, withPlace }: LogSort,
  { readings: count, households, runs }: Load,
  report: ReportResults,
): Promise<void> {
  for (const job of JOB_NAMES) {
    let pairs = 0;
    const bench = async () => {
      const isFirst = pairs++ % 2 === 0;
      return { ...await benchMetrics(withPlace, { job, load: { count, households }, isFirst }) };
    };
    report({ [`${log} ${job}, with metrics to without`]: await repeat(runs, bench) });
  }
}

/** Both jobs, with few households and with many. */
export async function measureLoop(load: Load, report: ReportResults): Promise<void> {
  await onEachLog((log) => measureLoopOn(log, load, report));
}

async function measureLoopOn(
  { log, withPlace }: LogSort,
  { readings: count, households, runs }: Load,
  report: ReportResults,
): Promise<void> {
  for (const job of JOB_NAMES) {
    for (const each of [households, 10 * households]) {
      const bench = () => withPlace((place) => benchLoop(place, job, { count, households: each }));
      const name = `event loop, ${log} ${job}, ${each} households`;
      report({ [name]: await repeat(runs, async () => ({ ...await bench() })) });
    }
  }
}
