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

/** The input records of one partition number, each list ascending by offset. */
export interface PlacedRecords {
  readonly power: readonly LogRecord[];
  readonly deviceState: readonly LogRecord[];
}

/** What one partition holds of the time in which there were so many. */
export interface Era extends PlacedRecords {
  readonly partitionCount: number;
}

/** Whether a record is the tick after which there are more partitions. */
export function isGrowTick(record: LogRecord): boolean {
  return record.headers[PARTITIONS_HEADER] !== undefined;
}

/** The eras of one partition, in order; the last has `partitionCount`, the number there is now. */
export function erasOf(
  { power, deviceState }: PlacedRecords,
  partitionCount: number,
): Era[] {
  const eras: Era[] = [];
  let [powerFrom, stateFrom] = [0, 0];
  power.forEach((record, index) => {
    if (!isGrowTick(record)) return;
    // In the order of the task, a state with the tick's append time stands before it.
    let stateTo = stateFrom;
    while (stateTo < deviceState.length && deviceState[stateTo]!.appendMs <= record.appendMs) {
      stateTo++;
    }
    eras.push({
      partitionCount: Number(record.headers[PARTITIONS_HEADER]),
      power: power.slice(powerFrom, index + 1),
      deviceState: deviceState.slice(stateFrom, stateTo),
    });
    [powerFrom, stateFrom] = [index + 1, stateTo];
  });
  eras.push({
    partitionCount,
    power: power.slice(powerFrom),
    deviceState: deviceState.slice(stateFrom),
  });
  return eras;
}

/** Sorts eras of several partitions by time: partitions only ever become more. */
export function inOrder(eras: readonly Era[]): Era[] {
  return [...eras].sort((a, b) => a.partitionCount - b.partitionCount);
}
