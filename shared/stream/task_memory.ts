/**
 * The memory of a task as entries of text: what a new owner needs beside the log itself. Written in
 * the same transaction as the output it belongs to.
 */
import { z } from "zod";
import { invariant } from "../errors.ts";
import { ClosedHouseholds } from "./closed_households.ts";
import { noOutcomes, type OutcomeCounts } from "./outcomes.ts";

/** The entry that changes with every transaction. */
export interface Checkpoint {
  /** Next offset to process of each input: those that are committed with it. */
  readonly offsets: readonly number[];
  /** Where a recovery starts to read: an offset of each input. */
  readonly rewind: readonly number[];
  /** Outcomes of all records of the task so far, those held excepted. */
  readonly outcomes: OutcomeCounts;
}

const count = z.int().min(0);
const checkpointSchema = z.object({
  offsets: z.array(count),
  rewind: z.array(count),
  outcomes: z.object(
    Object.fromEntries(Object.keys(noOutcomes()).map((key) => [key, count])) as Record<
      keyof OutcomeCounts,
      typeof count
    >,
  ),
});

const CHECKPOINT_KEY = "task";

/** The memory of a task. */
export interface TaskMemory {
  /** Undefined for a task that has never committed. */
  readonly checkpoint: Checkpoint | undefined;
  /** How far households are closed. */
  readonly closed: ClosedHouseholds;
}

/** Reads memory entries. @throws WattstreamError `invariant` when one is not ours. */
export function decodeMemory(entries: ReadonlyMap<string, string>): TaskMemory {
  let checkpoint: Checkpoint | undefined;
  const closed = new ClosedHouseholds();
  for (const [key, value] of entries) {
    if (key === CHECKPOINT_KEY) {
      checkpoint = checkpointSchema.parse(JSON.parse(value));
      continue;
    }
    const closedS = Number(value);
    invariant(
      Number.isSafeInteger(closedS) && closed.load(key, closedS),
      `the task's memory holds an entry that is not of this program: ${key}`,
    );
  }
  return { checkpoint, closed };
}

/** The entries to write for a checkpoint and for what was closed since the last one, by its entry. */
export function encodeMemory(
  checkpoint: Checkpoint,
  closed: ReadonlyMap<string, number>,
): Map<string, string> {
  const entries = new Map([[CHECKPOINT_KEY, JSON.stringify(checkpoint)]]);
  for (const [name, closedS] of closed) entries.set(name, String(closedS));
  return entries;
}
