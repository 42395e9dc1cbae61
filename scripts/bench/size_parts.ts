/** The parts that say what more takes: more replicas, more households, more of them at their own pace. */
import type { Kafka } from "../../shared/services/kafka.ts";
import { print } from "../../shared/service/terminal.ts";
import type { BenchConfig } from "./config.ts";
import { JOB_NAMES } from "./jobs.ts";
import { benchJob } from "./kafka_bench.ts";
import { repeat, type ReportResults } from "./repeat.ts";
import { type Figures, type Result, resultOf } from "./results.ts";
import {
  benchSteady,
  isAtPace,
  type Steady,
  STEADY_HOUSEHOLDS,
  STEADY_WORKERS,
  type SteadyWorker,
} from "./steady_bench.ts";

type Load = Pick<BenchConfig, "readings" | "households" | "runs">;

const REPLICAS = [1, 2, 4] as const;
export const HOUSEHOLDS: readonly number[] = [400, 4_000, 20_000, 100_000];
/** That a plan needs: with fewer, what `measureSteady` has says what memory they take. */
export const PLAN_HOUSEHOLDS: readonly number[] = [20_000];
/** With fewer, windows are few and most of the work is the start of households. */
const READINGS_EACH_MIN = 60;
/** How many times `--readings` that may take: all of them with the default. */
const LONGER_MAX = 6;

/**
 * Replicas with as many times the load, partitions and households, in turn: `perCpuSToOne` is the work
 * of all of them per CPU-second to that of the one of the same round.
 */
export async function measureReplicas(kafka: Kafka, load: Load, report: ReportResults) {
  const { readings: count, households, runs } = load;
  for (const job of JOB_NAMES) {
    const rounds: Figures[][] = [];
    while (rounds.length < runs) {
      const round: Figures[] = [];
      for (const replicas of REPLICAS) {
        const size = { count: count * replicas, households: households * replicas, replicas };
        const figures = { ...await benchJob(kafka, job, size) };
        const one = round[0] ?? figures;
        round.push({ ...figures, perCpuSToOne: figures.inputPerCpuS / one.inputPerCpuS! });
      }
      rounds.push(round);
    }
    report(Object.fromEntries(REPLICAS.map((replicas, index) => [
      `${job}, replicas: ${replicas}`,
      resultOf(rounds.map((round) => round[index]!)),
    ])));
  }
}

/** More households in one replica; a load that takes several times as long is run less often. */
export async function measureHouseholds(
  kafka: Kafka,
  load: Load,
  { sizes, report }: { readonly sizes: readonly number[]; readonly report: ReportResults },
) {
  const { readings: count, runs } = load;
  for (const job of JOB_NAMES) {
    let fewest: Result | undefined;
    for (const each of sizes) {
      const size = { count: Math.max(count, each * READINGS_EACH_MIN), households: each };
      if (size.count > count * LONGER_MAX) continue;
      const times = Math.ceil(runs * count / size.count);
      const result = await repeat(times, async () => ({ ...await benchJob(kafka, job, size) }));
      fewest ??= result;
      // At once: what was measured is kept, whatever becomes of the larger ones.
      const bytes = { more: each - sizes[0]!, base: fewest.median.peakMemoryMB! };
      report({ [`${job}, households: ${each}`]: withBytesPerHousehold(result, bytes) });
    }
  }
}

/** By how much the peak of memory grew from the fewest households on, for each of those that came. */
function withBytesPerHousehold(
  result: Result,
  { more, base }: { readonly more: number; readonly base: number },
): Result {
  if (more === 0) return result;
  return resultOf(result.runs.map((run) => ({
    ...run,
    bytesPerHousehold: 1e6 * (run.peakMemoryMB! - base) / more,
  })));
}

/** Each size so many times before the next one; without those that this machine does not carry. */
export async function measureSteady(kafka: Kafka, { runs }: Load, report: ReportResults) {
  for (const households of STEADY_HOUSEHOLDS) {
    const all: Steady[] = [];
    while (all.length < runs) all.push(await benchSteady(kafka, households));
    const other = all.find((figures) => !isAtPace(households, figures));
    if (other !== undefined) {
      const perS = Math.round(other.bridge.inputPerS);
      print(`steady, ${households} households: left out, ${perS} events/s are not their pace`);
      continue;
    }
    const part = (name: SteadyWorker | "log"): [string, Result] => [
      `steady ${name}, households: ${households}`,
      resultOf(all.map((figures) => ({ ...figures[name] }))),
    ];
    report(Object.fromEntries(STEADY_WORKERS.map(part)));
    report(Object.fromEntries([part("log")]));
  }
}
