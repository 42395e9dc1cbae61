/**
 * Where records had to stand, in a log whose topics were given more partitions. Before that, a tick in
 * each partition closed everything; it says by how many partitions the records before it stand. So a
 * partition falls into eras, and a household into stretches of one partition each, one after the
 * other, with everything closed in between.
 *
 * ```
 * power/0         r r r r (tick: 2)   r r   (tick: 4)   r r r
 * partitions      ──── 2 ────────── ─ 4 ─────────────  ── 8 ──
 * device-state/0  s s s             s s                 s s       by append time
 * ```
 */
import type { LogRecord } from "../log/log.ts";
import { PARTITIONS_HEADER } from "../topics.ts";

/** Whether a record is the tick after which there are more partitions. */
export function isGrowTick(record: LogRecord): boolean {
  return record.headers[PARTITIONS_HEADER] !== undefined;
}

/**
 * How many partitions there were in each era of one of them, by its `power`, the last being
 * `partitionCount`, the number there is now.
 */
export function partitionCountsOf(
  power: readonly LogRecord[],
  partitionCount: number,
): number[] {
  return [...power.filter(isGrowTick).map(formerCountOf), partitionCount];
}

/** How many partitions there were before a tick after which there are more. */
export function formerCountOf(growTick: LogRecord): number {
  return Number(growTick.headers[PARTITIONS_HEADER]);
}
