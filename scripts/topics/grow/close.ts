/**
 * Closes all that is open in a log that nobody writes to: a tick in each partition, and the workers'
 * own cores until they have processed it and what came of it. The tick says by how many partitions the records before it
 * stand, for whoever reads the log later.
 */
import { WattstreamError } from "../../../shared/errors.ts";
import type { Log, TopicDescription } from "../../../shared/log/log.ts";
import { untilNone } from "../../../shared/service/until_none.ts";
import type { HouseholdEvent, WorkerCore } from "../../../shared/stream/household.ts";
import { decodeCheckpoint } from "../../../shared/stream/task_memory.ts";
import type { RunnerSettings } from "../../../shared/stream/runner_parts.ts";
import { UNWATCHED } from "../../../shared/stream/task_observer.ts";
import { runTask } from "../../../shared/stream/task_runner.ts";
import { PARTITIONS_HEADER, POWER_TOPIC, TICK_HEADER } from "../../../shared/topics.ts";
import type { GroupMemory } from "./grow.ts";

/** Without any progress for so long, something is in the way: a worker that holds tasks, say. */
const STALL_MS = 120_000;
/** Marks of transactions can stand behind a partition's last record. */
const MARKS_MAX = 5;

export type ClosingSettings = Pick<
  RunnerSettings,
  "idleTimeoutS" | "maxAheadS" | "lostRecords"
>;

export interface ClosingParts {
  readonly log: Log;
  readonly cores: readonly WorkerCore<HouseholdEvent>[];
  readonly settings: ClosingSettings;
  /** By how many partitions households stand. */
  readonly former: number;
  readonly inputs: readonly string[];
  readonly nowMs: () => number;
}

/** Resolves once nothing is open. @throws WattstreamError `unavailable` when it stalls. */
export async function closeAll(parts: ClosingParts): Promise<void> {
  const stop = new AbortController();
  const running = Promise.all(parts.cores.map((core) => runCore(parts, core, stop.signal)));
  try {
    await Promise.race([running, untilClosed(parts)]);
  } finally {
    stop.abort();
  }
  await running;
}

/** Runs the tasks that there were before; those of new partitions have nothing to close. */
function runCore(
  { log, settings, former, nowMs }: ClosingParts,
  core: WorkerCore<HouseholdEvent>,
  signal: AbortSignal,
): Promise<void> {
  const parts = {
    core,
    settings: {
      ...settings,
      partitionCount: former,
      quietTimeoutMs: Infinity,
    },
    observer: UNWATCHED,
    nowMs,
  };
  const group = { group: core.name, inputs: core.inputs };
  return log.runTasks(
    group,
    (task, stop) => task.partition < former ? runTask(task, parts, stop) : untilAborted(stop),
    signal,
  );
}

async function untilClosed(parts: ClosingParts): Promise<void> {
  const { log, former, cores, inputs } = parts;
  const ticked = await tickedPartitions(parts);
  await untilNone(async () => {
    const workers = [];
    // The ends first, and worker after worker: what one has written is among the inputs of the next.
    for (const core of cores) {
      const described = await log.describe(core.inputs);
      const topics = new Map(described.map((topic) => [topic.name, topic]));
      workers.push({ core, topics, memory: await log.groupMemory(core.name) });
    }
    const due: number[] = [];
    let remaining = 0;
    for (let partition = 0; partition < former; partition++) {
      const tasks = workers.map((worker) => progressOf(worker, partition));
      const lag = tasks.reduce((sum, task) => sum + task.lag, 0);
      const isOpen = tasks.some((task) => task.isOpen);
      // A record of the other input can stand behind a tick, where brokers' clocks differ.
      if (!ticked.has(partition) || (lag === 0 && isOpen)) due.push(partition);
      remaining += lag + (isOpen ? 1 : 0);
    }
    if (due.length > 0) await appendTicks(log, due, former);
    for (const partition of due) ticked.add(partition);
    return remaining + due.length;
  }, {
    stallMs: STALL_MS,
    explain: (remaining) =>
      `Stop all workers and whatever writes to ${inputs.join(", ")}, then run it again: ` +
      `${remaining} records or partitions are still open`,
  });
}

interface TaskProgress {
  /** Records that it has not processed. */
  readonly lag: number;
  /** Whether it holds anything, or may once it has processed them. */
  readonly isOpen: boolean;
}

function progressOf(
  { core, topics, memory }: {
    readonly core: WorkerCore<HouseholdEvent>;
    readonly topics: ReadonlyMap<string, TopicDescription>;
    readonly memory: GroupMemory;
  },
  partition: number,
): TaskProgress {
  const checkpoint = decodeCheckpoint(memory.get(partition) ?? new Map());
  let lag = 0;
  core.inputs.forEach((topic, input) => {
    const { startOffset, endOffset } = topics.get(topic)!.partitions[partition]!;
    lag += Math.max(0, endOffset - (checkpoint?.offsets[input] ?? startOffset));
  });
  // Whoever reads the tick has a checkpoint then; the others hold nothing.
  const isHeld = checkpoint === undefined
    ? core.inputs.includes(POWER_TOPIC)
    : checkpoint.rewind.some((offset, input) => offset < checkpoint.offsets[input]!);
  return { lag, isOpen: lag > 0 || isHeld };
}

/** Partitions of `power` whose last record is a tick of an attempt before this one. */
async function tickedPartitions({ log, former }: ClosingParts): Promise<Set<number>> {
  const [power] = await log.describe([POWER_TOPIC]);
  if (power === undefined) throw new WattstreamError("topic", `Create topic ${POWER_TOPIC} first`);
  const from = power.partitions.map(({ startOffset, endOffset }) =>
    Math.max(startOffset, endOffset - MARKS_MAX)
  );
  const ticked = new Set<number>();
  for await (const { partition, headers } of log.read({ topic: POWER_TOPIC, from })) {
    if (headers[PARTITIONS_HEADER] === String(former)) ticked.add(partition);
    else ticked.delete(partition);
  }
  return ticked;
}

async function appendTicks(
  log: Log,
  partitions: readonly number[],
  former: number,
): Promise<void> {
  const headers = { [TICK_HEADER]: "grow", [PARTITIONS_HEADER]: String(former) };
  const appender = log.appender();
  try {
    await appender.append(
      partitions.map((partition) => ({
        topic: POWER_TOPIC,
        partition,
        key: null,
        value: null,
        headers,
      })),
    );
  } finally {
    await appender.close();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
