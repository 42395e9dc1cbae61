/** Whether a log's topics were given more partitions, and which of them belong together then. */
import type { Log, TopicDescription } from "../log/log.ts";
import { POWER_TOPIC } from "../topics.ts";
import { formerCountOf, isGrowTick } from "./placement.ts";

/** Partitions that are checked at a time. */
export interface Together {
  readonly partitions: readonly number[];
  /** How many partitions there were, of each of them in each of its eras but the last. */
  readonly formerCounts: readonly (readonly number[])[];
}

/**
 * Each partition by itself, or all at once where the topics were given more partitions, since
 * households went from one to another then.
 */
export async function partitionsTogether(
  log: Pick<Log, "read">,
  power: TopicDescription,
): Promise<Together[]> {
  const all = power.partitions.map(({ partition }) => partition);
  // Every partition that there was has the tick.
  if ((await formerCountsOf(log, 0)).length === 0) {
    return all.map((partition) => ({ partitions: [partition], formerCounts: [[]] }));
  }
  const formerCounts: number[][] = [];
  for (const partition of all) formerCounts.push(await formerCountsOf(log, partition));
  return [{ partitions: all, formerCounts }];
}

async function formerCountsOf(log: Pick<Log, "read">, partition: number): Promise<number[]> {
  const counts: number[] = [];
  for await (const record of log.read({ topic: POWER_TOPIC, partitions: [partition] })) {
    if (isGrowTick(record)) counts.push(formerCountOf(record));
  }
  return counts;
}
