/** Which entries each task's memory gets when households stand by another number of partitions. Pure. */
import { partitionOf } from "../../../shared/log/partition.ts";
import { clientIdOf } from "../../../shared/stream/household_memories.ts";
import { noOutcomes } from "../../../shared/stream/outcomes.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeMemory,
  encodePartitionCount,
} from "../../../shared/stream/task_memory.ts";
import type { GroupMemory } from "./grow.ts";

/**
 * The entries to set, by partition from 0 to `partitions` - 1: that it is of so many partitions, and
 * what is remembered of the households that belong to it now. Entries of those that belong to it no
 * longer stay: nothing of theirs comes to it, and after a kill they are what the moving starts from.
 */
export function movedEntries(
  memory: GroupMemory,
  { former, partitions, inputCount }: {
    readonly former: number;
    readonly partitions: number;
    readonly inputCount: number;
  },
): Map<number, Map<string, string>> {
  const moved = new Map<number, Map<string, string>>();
  const lostUpToS = newestLoss(memory);
  for (let partition = 0; partition < partitions; partition++) {
    const entries = new Map([encodePartitionCount(partitions)]);
    // Who was lost may have gone to any task.
    if (lostUpToS !== undefined) {
      const checkpoint = decodeCheckpoint(memory.get(partition) ?? new Map()) ??
        beginningOf(inputCount);
      for (const entry of encodeMemory({ ...checkpoint, lostUpToS }, new Map())) {
        entries.set(...entry);
      }
    }
    moved.set(partition, entries);
  }
  for (const [partition, entries] of memory) {
    for (const [name, text] of entries) {
      const clientId = clientIdOf(name);
      if (clientId === undefined || partitionOf(clientId, former) !== partition) continue;
      const home = partitionOf(clientId, partitions);
      if (memory.get(home)?.get(name) !== text) moved.get(home)!.set(name, text);
    }
  }
  return moved;
}

/** Of a task that has processed nothing: new partitions begin with offset 0. */
function beginningOf(inputCount: number): Checkpoint {
  const offsets = new Array<number>(inputCount).fill(0);
  return { offsets, rewind: offsets, outcomes: noOutcomes(), held: 0 };
}

function newestLoss(memory: GroupMemory): number | undefined {
  const losses = [...memory.values()].map((entries) => decodeCheckpoint(entries)?.lostUpToS)
    .filter((each) => each !== undefined);
  return losses.length === 0 ? undefined : Math.max(...losses);
}
