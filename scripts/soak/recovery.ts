/** When the system is whole again after a fault. */
import { hasCode, messageOf } from "../../shared/errors.ts";
import { groupLags } from "../../shared/log/lag.ts";
import { pause } from "../../shared/pause.ts";
import { StallWatch } from "../../shared/service/stall_watch.ts";
import { type Group, GROUPS, type Replica } from "./replica.ts";
import type { SoakSystem } from "./system.ts";

const POLL_MS = 200;
const STABLE_MS = 1_500;
/**
 * Offsets a second of one household in what a group reads: readings and states, as the simulator
 * publishes on average; windows, one a second, each of which may come with the marker of a transaction.
 */
const OFFSETS_PER_S: Record<Group, number> = {
  predictions: 0.75,
  training: 0.75,
  disaggregation: 2,
};
/** What a group may lag behind: whoever has two inputs waits 1 s for clocks that differ. */
const LAG_S_MAX = 3;
/** Stall times that it may take in all: one task that stands still does not show among others that go on. */
const STALLS_MAX = 10;

export interface WholeOptions {
  readonly households: number;
  readonly partitions: number;
  /** Longest time in which nothing moves: a slow machine takes its time. */
  readonly stallMs: number;
}

/** How it went. */
export interface Recovery {
  /** When it was whole, as `performance.now()`; undefined where it did not come to that. */
  readonly wholeAtMs: number | undefined;
  /** What was missing last; undefined where nothing was. */
  readonly missing: string | undefined;
}

/**
 * Resolves once every worker is ready, every task has one owner and no group lags behind, and it has
 * been so for a while: a fault may take its time to show.
 */
export async function untilWhole(system: SoakSystem, options: WholeOptions): Promise<Recovery> {
  const startMs = performance.now();
  const watch = new StallWatch(Infinity, () => {});
  let processed: number | undefined;
  let wholeAtMs: number | undefined;
  let missing: string | undefined;
  try {
    for (;;) {
      const missingNow = await missingOf(system, options);
      const nowMs = performance.now();
      if (missingNow === undefined) {
        wholeAtMs ??= nowMs;
        if (nowMs - wholeAtMs >= STABLE_MS) return { wholeAtMs, missing };
      } else {
        const processedNow = await processedBy(system);
        if (missingNow !== missing || processedNow !== processed) watch.moved();
        wholeAtMs = undefined;
        [missing, processed] = [missingNow, processedNow];
        const isTooLong = nowMs - startMs > STALLS_MAX * options.stallMs;
        if (watch.stillMs > options.stallMs || isTooLong) return { wholeAtMs, missing };
      }
      await pause(POLL_MS);
    }
  } finally {
    watch.close();
  }
}

/** Records that the groups have processed; undefined where the log does not say. */
async function processedBy({ log }: SoakSystem): Promise<number | undefined> {
  try {
    const offsets = await Promise.all(GROUPS.map((group) => log.groupOffsets(group)));
    return offsets.flatMap((each) => [...each.values()].flat())
      .reduce<number>((sum, offset) => sum + (offset ?? 0), 0);
  } catch (error) {
    if (!hasCode(error, "unavailable")) throw error;
    return undefined;
  }
}

/** Looks at these replicas and returns the number of tasks that they have. */
export async function tasksOf(replicas: readonly Replica[]): Promise<number> {
  await Promise.all(replicas.map(({ worker }) => worker.look()));
  return replicas.reduce((sum, { taskCount }) => sum + taskCount, 0);
}

async function missingOf(
  system: SoakSystem,
  { households, partitions }: WholeOptions,
): Promise<string | undefined> {
  for (const { name, worker } of [system.bridgeReplica, ...system.allReplicas]) {
    const problem = await worker.problem();
    if (problem !== undefined) return `${name} is not ready: ${problem}`;
  }
  for (const group of GROUPS) {
    const count = await tasksOf(system.replicas[group]);
    if (count !== partitions) return `${group} has ${count} of ${partitions} tasks`;
  }
  return await laggingOf(system, households);
}

async function laggingOf(system: SoakSystem, households: number): Promise<string | undefined> {
  try {
    const lags = await groupLags(system.log);
    for (const group of GROUPS) {
      const lag = sumOf(group, lags);
      const lagMax = LAG_S_MAX * OFFSETS_PER_S[group] * households;
      if (lag > lagMax) return `${group} lags ${lag} records behind`;
    }
    return undefined;
  } catch (error) {
    if (!hasCode(error, "unavailable")) throw error;
    return messageOf(error);
  }
}

function sumOf(group: Group, lags: Awaited<ReturnType<typeof groupLags>>): number {
  return lags.reduce((sum, lag) => lag.group === group ? sum + lag.records : sum, 0);
}
