/** One look at a running system, by what the log knows of it: topics, offsets, memories of the tasks. */
import { GROUP_INPUTS } from "../log/lag.ts";
import type { Log, TaskOwner, TopicDescription } from "../log/log.ts";
import { recordCount } from "../stream/outcomes.ts";
import { type Checkpoint, decodeCheckpoint } from "../stream/task_memory.ts";

/** A task as the log knows it. Counts are over the lives of all its owners. */
export interface TaskLook {
  readonly task: number;
  /** Who runs it; undefined where nobody does, or the log does not know. */
  readonly owner: TaskOwner | undefined;
  /** Records of its inputs that it has not read. */
  readonly lag: number;
  readonly settled: number;
  readonly held: number;
  readonly late: number;
  readonly lost: number;
  /** Largest event time taken in, Unix seconds; undefined before the first. */
  readonly newestS: number | undefined;
  /** Of its memory's names and texts. */
  readonly memoryBytes: number;
}

export interface WorkerLook {
  readonly worker: string;
  /** Members that run tasks; undefined where the log does not know. */
  readonly members: number | undefined;
  readonly tasks: readonly TaskLook[];
}

export interface SystemLook {
  readonly atMs: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly end: number;
    readonly bytes: number;
  }[];
  readonly workers: readonly WorkerLook[];
}

/** Looks once. @throws WattstreamError `unavailable` while the log is away. */
export async function look(
  log: Pick<Log, "describe" | "groupOffsets" | "groupMemory" | "groupOwners">,
  nowMs: () => number,
): Promise<SystemLook> {
  const workers: WorkerLook[] = [];
  for (const [worker, inputs] of Object.entries(GROUP_INPUTS)) {
    const offsets = await log.groupOffsets(worker);
    const memories = await log.groupMemory(worker);
    const owners = await log.groupOwners(worker);
    // The ends last: a lag that is shown is one that was there.
    const topics = await log.describe(inputs);
    const tasks = topics[0]?.partitions.map(({ partition }) => {
      const memory = memories.get(partition) ?? new Map<string, string>();
      const lag = topics.reduce((sum, topic) => {
        const next = offsets.get(topic.name)?.[partition];
        return sum + lagIn(topic, partition, next);
      }, 0);
      return { ...taskLook(partition, lag, memory), owner: owners?.get(partition) };
    });
    const members = owners && new Set([...owners.values()].map(({ member }) => member)).size;
    workers.push({ worker, members, tasks: tasks ?? [] });
  }
  const topics = (await log.describe()).map(({ name, partitions }) => ({
    topic: name,
    end: partitions.reduce((sum, { endOffset }) => sum + endOffset, 0),
    bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
  }));
  return { atMs: nowMs(), topics, workers };
}

function lagIn(topic: TopicDescription, partition: number, next: number | undefined): number {
  const described = topic.partitions[partition];
  if (described === undefined) return 0;
  return Math.max(0, described.endOffset - (next ?? described.startOffset));
}

function taskLook(
  task: number,
  lag: number,
  memory: ReadonlyMap<string, string>,
): Omit<TaskLook, "owner"> {
  const checkpoint: Checkpoint | undefined = decodeCheckpoint(memory);
  let memoryBytes = 0;
  for (const [name, text] of memory) memoryBytes += name.length + text.length;
  return {
    ...{ task, lag, memoryBytes },
    settled: checkpoint === undefined ? 0 : recordCount(checkpoint.outcomes),
    held: checkpoint?.held ?? 0,
    late: checkpoint?.outcomes.late ?? 0,
    lost: checkpoint?.outcomes.lost ?? 0,
    newestS: checkpoint?.newestS,
  };
}
