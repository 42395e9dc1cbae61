/** What two looks at a system say: sums by worker, and rates between them. */
import type { SystemLook, TaskLook } from "./look.ts";

export interface TaskRow extends TaskLook {
  /** Records read a second. */
  readonly readPerS: number;
}

/** What is added up over tasks. */
export type TaskFigures = Omit<TaskRow, "task" | "owner">;

export interface WorkerRow extends TaskFigures {
  readonly worker: string;
  /** Members that run tasks; undefined where the log does not know. */
  readonly members: number | undefined;
  readonly tasks: readonly TaskRow[];
}

export interface TopicRow {
  readonly topic: string;
  readonly records: number;
  readonly recordsPerS: number;
  readonly bytes: number;
}

export interface SystemRates {
  /** ISO 8601. */
  readonly time: string;
  readonly workers: readonly WorkerRow[];
  readonly topics: readonly TopicRow[];
}

/** @param before the look before; the same one where there was none: rates are 0 then. */
export function ratesBetween(before: SystemLook, now: SystemLook): SystemRates {
  const seconds = (now.atMs - before.atMs) / 1000;
  const perS = (count: number, former: number) =>
    seconds > 0 ? Math.max(0, count - former) / seconds : 0;
  return {
    time: new Date(now.atMs).toISOString(),
    workers: now.workers.map(({ worker, members, tasks }) => {
      const former = before.workers.find((each) => each.worker === worker)?.tasks ?? [];
      const rows = tasks.map((task) => ({
        ...task,
        readPerS: perS(readBy(task), readBy(former[task.task] ?? task)),
      }));
      return { worker, members, ...sumOf(rows), tasks: rows };
    }),
    topics: now.topics.map(({ topic, end, bytes }) => {
      const former = before.topics.find((each) => each.topic === topic)?.end ?? end;
      return { topic, records: end, recordsPerS: perS(end, former), bytes };
    }),
  };
}

function readBy({ settled, held }: TaskLook): number {
  return settled + held;
}

function sumOf(rows: readonly TaskRow[]): TaskFigures {
  const sum = (read: (row: TaskRow) => number) => rows.reduce((all, row) => all + read(row), 0);
  const newest = rows.flatMap(({ newestS }) => newestS ?? []);
  return {
    lag: sum(({ lag }) => lag),
    settled: sum(({ settled }) => settled),
    held: sum(({ held }) => held),
    late: sum(({ late }) => late),
    lost: sum(({ lost }) => lost),
    memoryBytes: sum(({ memoryBytes }) => memoryBytes),
    readPerS: sum(({ readPerS }) => readPerS),
    newestS: newest.length === 0 ? undefined : Math.max(...newest),
  };
}
