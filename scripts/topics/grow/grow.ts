/**
 * `deno task topics grow`: gives every topic more partitions, while nobody writes to the log. A
 * household may then belong to another partition; its windows and sessions are closed before, and
 * what the workers remember of it goes along. Killed at any moment and run again, it goes on.
 *
 *   inputs, memories raised ─▶ all closed, as of `former` ─▶ memories moved ─▶ outputs raised
 *                                                                               dead letters last
 *
 * In between the topics have not all the same number of partitions, so that neither a bridge nor a
 * worker starts. In a task's memory stands of how many partitions it is, so that it is known how far
 * the moving had come.
 */
import { WattstreamError } from "../../../shared/errors.ts";
import { type Log, memoryTopic } from "../../../shared/log/log.ts";
import type { HouseholdEvent, WorkerCore } from "../../../shared/stream/household.ts";
import { decodePartitionCount, encodePartitionCount } from "../../../shared/stream/task_memory.ts";
import {
  DATASET_TOPIC,
  DEAD_LETTER_TOPIC,
  DEVICE_STATE_TOPIC,
  DISAGGREGATED_TOPIC,
  HOUSEHOLD_TOPIC,
  MODELS_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_TOPIC,
  wattstreamTopics,
} from "../../../shared/topics.ts";
import { REPLAY_GROUP } from "../../../shared/dead_letters/replay.ts";
import { closeAll, type ClosingSettings } from "./close.ts";
import { movedEntries } from "./move.ts";
import { moveNewest } from "./move_newest.ts";

export interface GrowParts {
  readonly log: Log;
  /** How many partitions each topic is to have. */
  readonly partitions: number;
  /** The workers of which tasks are closed and memories moved. */
  readonly cores: readonly WorkerCore<HouseholdEvent>[];
  /** As the workers have them. */
  readonly settings: ClosingSettings;
  readonly nowMs: () => number;
  readonly report: (line: string) => void;
}

/** The memories of a group's tasks, by partition. */
export type GroupMemory = ReadonlyMap<number, ReadonlyMap<string, string>>;

const INPUTS = [DEVICE_STATE_TOPIC, POWER_TOPIC];

/**
 * Grows every topic. @throws WattstreamError `topic` where it cannot be done, `unavailable` where
 * something does not come about.
 */
export async function grow(parts: GrowParts): Promise<void> {
  const { log, partitions, cores, report } = parts;
  const counts = await countPartitions(log);
  const most = Math.max(...counts.values());
  if (most > partitions) {
    throw new WattstreamError(
      "topic",
      `Give --partitions ${most} or more: a topic has ${most} already, and never gets fewer`,
    );
  }
  const memories = await memoriesOf(log, cores);
  const former = formerCount(memories, counts, partitions);
  if (former < partitions) await moveHouseholds(parts, former);
  else if ([...counts.values()].every((count) => count === partitions)) {
    report(`every topic has ${partitions} partitions already`);
    return;
  }
  await raise(parts, await outputsOf(log));
  const compacted = await existing(log, [HOUSEHOLD_TOPIC, MODELS_TOPIC]);
  await raise(parts, compacted);
  for (const topic of compacted) await moveNewest(log, topic, partitions);
  await raise(parts, [DEAD_LETTER_TOPIC]);
  report(`done: start the workers, then the bridges`);
}

/** Closes all that is open in `former` partitions, and moves what is remembered of each household. */
async function moveHouseholds(parts: GrowParts, former: number): Promise<void> {
  const { log, partitions, cores, report } = parts;
  const groups = cores.map(({ name }) => name);
  await log.createTopics(
    wattstreamTopics(partitions).filter(({ name }) => groups.map(memoryTopic).includes(name)),
  );
  await raise(parts, [...INPUTS, ...groups.map(memoryTopic)]);
  await markAs(parts, former);
  report(`closing all windows and sessions of ${former} partitions`);
  await closeAll({ ...parts, former, inputs: INPUTS });
  for (const { name, inputs } of cores) {
    report(`moving the memory of ${name}`);
    const counts = { former, partitions, inputCount: inputs.length };
    const moved = movedEntries(await log.groupMemory(name), counts);
    for (const [partition, entries] of moved) await log.setMemory(name, partition, entries);
  }
}

/** Takes back what an attempt before this one had moved, as far as it runs as a task now. */
async function markAs({ log, cores }: GrowParts, former: number): Promise<void> {
  for (const [group, memory] of await memoriesOf(log, cores)) {
    for (const [partition, entries] of memory) {
      const count = decodePartitionCount(entries);
      if (partition >= former || count === undefined || count === former) continue;
      await log.setMemory(group, partition, new Map([encodePartitionCount(former)]));
    }
  }
}

async function raise(
  { log, partitions, report }: GrowParts,
  names: readonly string[],
): Promise<void> {
  await log.raisePartitions(names.map((name) => ({ name, partitions })));
  report(`${names.join(", ")}: ${partitions} partitions`);
}

/** How many partitions each topic has. @throws WattstreamError `topic` when one is missing. */
async function countPartitions(log: Log): Promise<Map<string, number>> {
  const wanted = wattstreamTopics().map(({ name }) => name);
  const described = await log.describe(wanted);
  const counts = new Map(described.map(({ name, partitions }) => [name, partitions.length]));
  const missing = [...INPUTS, PREDICTIONS_TOPIC, DATASET_TOPIC, HOUSEHOLD_TOPIC, DEAD_LETTER_TOPIC]
    .filter((name) => !counts.has(name));
  if (missing.length === 0) return counts;
  throw new WattstreamError("topic", `Create the topics first, missing: ${missing.join(", ")}`);
}

async function memoriesOf(
  log: Log,
  cores: GrowParts["cores"],
): Promise<Map<string, GroupMemory>> {
  const memories = new Map<string, GroupMemory>();
  for (const { name } of cores) memories.set(name, await log.groupMemory(name));
  return memories;
}

/**
 * By how many partitions households stand now. Memories that are not moved yet say so; where all that
 * say anything are, though not all are moved, it is what the topics of outputs have: they are raised
 * after the memories.
 */
function formerCount(
  memories: ReadonlyMap<string, GroupMemory>,
  counts: ReadonlyMap<string, number>,
  partitions: number,
): number {
  const said: number[] = [];
  let isMoved = true;
  for (const memory of memories.values()) {
    for (let partition = 0; partition < partitions; partition++) {
      const count = decodePartitionCount(memory.get(partition) ?? new Map());
      if (count !== partitions) isMoved = false;
      if (count !== undefined && count < partitions) said.push(count);
    }
  }
  if (isMoved) return partitions;
  const outputs = [counts.get(PREDICTIONS_TOPIC)!, counts.get(DATASET_TOPIC)!];
  return Math.min(...(said.length > 0 ? said : outputs));
}

/** Every other topic, but for those that are compacted and that of dead letters. */
async function outputsOf(log: Log): Promise<string[]> {
  const others = await existing(log, [DISAGGREGATED_TOPIC, memoryTopic(REPLAY_GROUP)]);
  return [PREDICTIONS_TOPIC, DATASET_TOPIC, ...others];
}

async function existing(log: Log, names: readonly string[]): Promise<string[]> {
  return (await log.describe(names)).map(({ name }) => name);
}
