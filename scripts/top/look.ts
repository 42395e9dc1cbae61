/** One look at a running system, by what the log knows of it: topics, offsets, memories of the tasks. */
import { GROUP_INPUTS } from "../../shared/log/lag.ts";
import type { Log, TopicDescription } from "../../shared/log/log.ts";
import { recordCount } from "../../shared/stream/outcomes.ts";
import { type Checkpoint, decodeCheckpoint } from "../../shared/stream/task_memory.ts";

/** A task as the log knows it. Counts are over the lives of all its owners. */
export interface TaskLook {
  readonly task: number;
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

export interface SystemLook {
  readonly atMs: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly end: number;
    readonly bytes: number;
  }[];
  readonly workers: readonly { readonly worker: string; readonly tasks: readonly TaskLook[] }[];
}

/** Looks once. @throws WattstreamError `unavailable` while the log is away. */
export async function look(
  log: Pick<Log, "describe" | "groupOffsets" | "groupMemory">,
  nowMs: () => number,
): Promise<SystemLook> {
  const workers = [];
  for (const [worker, inputs] of Object.entries(GROUP_INPUTS)) {
    const offsets = await log.groupOffsets(worker);
    const memories = await log.groupMemory(worker);
    // The ends last: a lag that is shown is one that was there.
    const topics = await log.describe(inputs);
    const tasks = topics[0]?.partitions.map(({ partition }) => {
      const memory = memories.get(partition) ?? new Map<string, string>();
      const lag = topics.reduce((sum, topic) => {
        const next = offsets.get(topic.name)?.[partition];
        return sum + lagIn(topic, partition, next);
      }, 0);
      return taskLook(partition, lag, memory);
    });
    workers.push({ worker, tasks: tasks ?? [] });
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

function taskLook(task: number, lag: number, memory: ReadonlyMap<string, string>): TaskLook {
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
