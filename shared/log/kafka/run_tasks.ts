/**
 * Runs the tasks that a group gives to this member, as they come and go.
 *
 *   given ─▶ run ─┬─▶ lost, or told to stop: signal aborts ─▶ last commit ─▶ ended
 *            ▲    └─▶ fenced: once the group confirms that the task is ours ─┐
 *            └───────────────────────────────────────────────────────────────┘
 */
import { hasCode, WattstreamError } from "../../errors.ts";
import { memoryTopic, type RunTask, type TaskGroup } from "../log.ts";
import { unequalCounts } from "../partition_counts.ts";
import { Membership } from "./group/membership.ts";
import type { ReadParts } from "./records/read_log.ts";
import { KafkaTaskLog } from "./transaction/task_log.ts";
import { committedOffsets } from "./cluster/offsets.ts";
import { createKafkaTopics } from "./cluster/topics.ts";
import type { Ownership } from "./transaction/transaction.ts";

/** `Log.runTasks` on Kafka. */
export async function runKafkaTasks(
  parts: ReadParts,
  group: TaskGroup,
  run: RunTask,
  signal: AbortSignal,
): Promise<void> {
  const taskCount = await countTasks(parts, group);
  await prepareMemory(parts, group, taskCount);
  if (signal.aborted) return;
  await new GroupRun(parts, group, run, taskCount).run(signal);
}

/** @throws WattstreamError `unavailable` when an input is missing, `topic` when they do not fit. */
async function countTasks({ cluster }: ReadParts, { inputs }: TaskGroup): Promise<number> {
  const counts: number[] = [];
  for (const topic of inputs) counts.push(await cluster.partitionCount(topic));
  if (new Set(counts).size === 1) return counts[0]!;
  throw unequalCounts(inputs.map((name, index) => ({ name, count: counts[index]! })));
}

/**
 * Creates the topic of the tasks' memories where there is none.
 * @throws WattstreamError `topic` when it has not a partition a task; `unavailable` when it is gone
 *   though the group has come somewhere: without it, what has come out already would come again.
 */
async function prepareMemory(
  { cluster, connections }: ReadParts,
  { group, inputs }: TaskGroup,
  partitions: number,
): Promise<void> {
  const name = memoryTopic(group);
  const [listed] = await cluster.listTopics([name]);
  if (listed === undefined && (await committedOffsets(cluster, connections, group)).size > 0) {
    throw new WattstreamError(
      "unavailable",
      `Restore topic ${name}: it is gone, though group ${group} has committed offsets; or create it ` +
        "(deno task topics create) and have windows and datasets twice that had come out before",
    );
  }
  const count = listed?.leaders.length ?? partitions;
  if (count !== partitions) {
    throw unequalCounts([...inputs.map((topic) => ({ name: topic, count: partitions })), {
      name,
      count,
    }]);
  }
  await createKafkaTopics(cluster, connections, [{ name, partitions, compacted: true }]);
}

/** A task that runs, or ran and is being waited for. */
interface RunningTask {
  /** Tells it to finish. */
  readonly stop: AbortController;
  /** The group has given it to someone else, or we are no longer of the group. */
  readonly lost: AbortController;
  readonly ended: Promise<void>;
}

class GroupRun {
  readonly #parts: ReadParts;
  readonly #group: TaskGroup;
  readonly #run: RunTask;
  /** The latest run of each task. */
  readonly #tasks = new Map<number, RunningTask>();
  readonly #membership: Membership;
  /** Ends the run: told from outside, or something has failed. */
  readonly #over = new AbortController();
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: ReadParts, group: TaskGroup, run: RunTask, taskCount: number) {
    this.#parts = parts;
    this.#group = group;
    this.#run = run;
    this.#membership = new Membership(parts.cluster, {
      group: group.group,
      topics: group.inputs,
      taskCount,
      onAssigned: (tasks) => this.#assign(tasks),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const end = () => this.#over.abort();
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    const belonging = this.#membership.run().catch((error) => {
      this.#fail(error);
      // Nobody will tell whose the tasks are: a commit that waits for it has to know.
      for (const { lost } of this.#tasks.values()) lost.abort();
    });
    await aborted(this.#over.signal);
    signal.removeEventListener("abort", end);
    // The group goes on with us until the last commit.
    for (const { stop } of this.#tasks.values()) stop.abort();
    await Promise.all([...this.#tasks.values()].map(({ ended }) => ended));
    await this.#membership.stop();
    await belonging;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#over.abort();
  }

  #assign(tasks: readonly number[]): void {
    for (const [partition, task] of this.#tasks) {
      if (tasks.includes(partition)) continue;
      task.lost.abort();
      task.stop.abort();
    }
    if (this.#over.signal.aborted) return;
    for (const partition of tasks) {
      const former = this.#tasks.get(partition);
      if (former === undefined || former.lost.signal.aborted) {
        this.#start(partition, former?.ended);
      }
    }
  }

  #start(partition: number, formerEnded: Promise<void> = Promise.resolve()): void {
    const [stop, lost] = [new AbortController(), new AbortController()];
    const ended = formerEnded.then(() => this.#live(partition, stop.signal, lost.signal))
      .catch((error) => this.#fail(error));
    this.#tasks.set(partition, { stop, lost, ended });
  }

  /** Runs a task, again and again where it was fenced and is still ours. */
  async #live(partition: number, stop: AbortSignal, lost: AbortSignal): Promise<void> {
    const membership = this.#membership;
    const ownership: Ownership = {
      get member() {
        return membership.member;
      },
      get isLost() {
        return lost.aborted;
      },
      confirmed: () => membership.confirmed(lost),
    };
    while (!stop.aborted) {
      const log = new KafkaTaskLog(this.#parts, { ...this.#group, partition }, ownership);
      try {
        return await this.#run(log, stop);
      } catch (error) {
        if (!hasCode(error, "fenced")) throw error;
      } finally {
        await log.close();
      }
      // Whoever has taken over may have done so rightly, and this not be known here yet.
      await membership.confirmed(stop);
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
