/**
 * The memory of a task as entries of text: what a new owner needs beside the log itself. Written in
 * the same transaction as the output it belongs to.
 */
import { z } from "zod";
import { invariant, WattstreamError } from "../errors.ts";
import { growAdvice } from "../log/partition_counts.ts";
import { CHECKPOINT_KEY } from "../log/rewind.ts";
import { HouseholdMemories } from "./household_memories.ts";
import { noOutcomes, type OutcomeCounts } from "./outcomes.ts";

/** The entry that changes with every transaction. */
export interface Checkpoint {
  /** Next offset to process of each input: those that are committed with it. */
  readonly offsets: readonly number[];
  /** Where a recovery starts to read: an offset of each input. */
  readonly rewind: readonly number[];
  /** Outcomes of all records of the task so far, those held excepted. */
  readonly outcomes: OutcomeCounts;
  /** Records held; undefined where an older version wrote it. */
  readonly held?: number | undefined;
  /** Largest event time that its households have taken in, but for some that are closed, s. */
  readonly newestS?: number | undefined;
  /**
   * Set once records were lost: the newest second that may have come out before, s. No household
   * takes in anything up to it.
   */
  readonly lostUpToS?: number | undefined;
}

const count = z.int().min(0);
const checkpointSchema = z.object({
  offsets: z.array(count),
  rewind: z.array(count),
  outcomes: z.object(
    Object.fromEntries(
      Object.keys(noOutcomes()).map((key) => [key, key === "lost" ? count.default(0) : count]),
    ) as Record<keyof OutcomeCounts, typeof count>,
  ),
  held: count.optional(),
  newestS: z.int().optional(),
  lostUpToS: z.int().optional(),
});

/** Holds how many partitions the inputs had when the memory was begun: households stand by it. */
const PARTITIONS_KEY = "partitions";

/** The memory of a task. */
export interface TaskMemory {
  /** Undefined for a task that has never committed. */
  readonly checkpoint: Checkpoint | undefined;
  /** How many partitions the inputs have that it is of; undefined where it does not say. */
  readonly partitionCount: number | undefined;
  readonly households: HouseholdMemories;
}

/**
 * Reads memory entries.
 * @param isMemory whether a text is what the task's core remembers of a household.
 * @throws WattstreamError `invariant` when an entry is not ours.
 */
export function decodeMemory(
  entries: ReadonlyMap<string, string>,
  isMemory: (text: string) => boolean,
): TaskMemory {
  const households = new HouseholdMemories();
  for (const [key, value] of entries) {
    if (key === CHECKPOINT_KEY || key === PARTITIONS_KEY) continue;
    invariant(
      isMemory(value) && households.load(key, value),
      `the task's memory holds an entry that is not of this program: ${key}`,
    );
  }
  return {
    checkpoint: decodeCheckpoint(entries),
    partitionCount: decodePartitionCount(entries),
    households,
  };
}

/** The checkpoint among memory entries; undefined for a task that has never committed. */
export function decodeCheckpoint(entries: ReadonlyMap<string, string>): Checkpoint | undefined {
  const text = entries.get(CHECKPOINT_KEY);
  return text === undefined ? undefined : checkpointSchema.parse(JSON.parse(text));
}

/** How many partitions the inputs have that a memory is of; undefined where it does not say. */
export function decodePartitionCount(entries: ReadonlyMap<string, string>): number | undefined {
  const text = entries.get(PARTITIONS_KEY);
  return text === undefined ? undefined : count.parse(Number(text));
}

/** @throws WattstreamError `topic` when a memory is of another number of partitions than there are. */
export function checkPartitionCount(
  memory: TaskMemory,
  { name, inputs }: { readonly name: string; readonly inputs: readonly string[] },
  partitionCount: number,
): void {
  if (memory.partitionCount === undefined || memory.partitionCount === partitionCount) return;
  throw new WattstreamError(
    "topic",
    `${inputs.join(", ")}: ${partitionCount} partitions, but the memory of ${name} is of ` +
      `${memory.partitionCount}: ${growAdvice(partitionCount)}`,
  );
}

/** The entry that says how many partitions the inputs have. */
export function encodePartitionCount(partitionCount: number): [name: string, text: string] {
  return [PARTITIONS_KEY, String(partitionCount)];
}

/** The entries to write for a checkpoint, and for what households remember since the last one. */
export function encodeMemory(
  checkpoint: Checkpoint,
  households: ReadonlyMap<string, string>,
): Map<string, string> {
  return new Map([[CHECKPOINT_KEY, JSON.stringify(checkpoint)], ...households]);
}
