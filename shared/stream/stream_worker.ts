/**
 * The process of a stream worker: log and topics there → join the group → run tasks → drain. All
 * stream workers are this with another core.
 */
import type { z } from "zod";
import { hasCode, messageOf } from "../errors.ts";
import type { Log, TaskLog } from "../log/log.ts";
import { requestObserver } from "../log/log_metrics.ts";
import { type logFlags, openLog, type taskFlags } from "../log/open.ts";
import { pause } from "../pause.ts";
import { atMostEvery } from "../service/logger.ts";
import type { WorkerContext } from "../service/program.ts";
import { DEAD_LETTER_TOPIC, TopicCheck } from "../topics.ts";
import { openTracing, type traceFlags } from "../tracing/open.ts";
import type { Tracing } from "../tracing/tracing.ts";
import type { HouseholdEvent, WorkerCore } from "./household.ts";
import type { streamFlags } from "./stream_flags.ts";
import { LagWatch } from "./lag_watch.ts";
import type { LostRange } from "./lost_records.ts";
import { TaskMetrics } from "./observe_tasks.ts";
import type { RunnerParts } from "./runner_parts.ts";
import type { StreamMetrics } from "./stream_metrics.ts";
import type { TaskObserver, TaskProgress, TaskRecovery, TaskView } from "./task_observer.ts";
import { runTask } from "./task_runner.ts";
import { totalOf } from "./topic_counts.ts";
import { TracedTask } from "./traced_task.ts";

/** What is needed of a stream worker's config; its core takes the rest. */
export type StreamConfig = z.output<
  z.ZodObject<
    & Omit<typeof streamFlags, "latenessS">
    & typeof logFlags
    & typeof taskFlags
    & typeof traceFlags
  >
>;

/** Follows what this process's tasks remember of households, once it is committed. */
export interface MemoryFollower {
  /** The task is ours and goes on; all that it remembers. */
  recovered(partition: number, memories: Iterable<[name: string, text: string]>): void;
  /** What it remembers anew. */
  committed(partition: number, memories: ReadonlyMap<string, string>): void;
  /** The task has come to its end here, in order: another may have it once this resolves. */
  drained(partition: number): Promise<void>;
  /** The task is no longer ours. */
  ended(partition: number): void;
}

/** The clock and the dice of the process. */
export interface StreamEnvironment {
  readonly nowMs: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
}

const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 5_000;
/** How often the topics of a running worker are looked at. */
const CHECK_MS = 10_000;

/**
 * Runs until SIGTERM. While the log is away or its topics do not exist, it waits, unready.
 * @throws WattstreamError when a person must act: `topic`, `auth`, `retention`, `fenced`.
 */
export async function runStreamWorker<E extends HouseholdEvent>(
  core: WorkerCore<E>,
  context: WorkerContext<StreamConfig, StreamMetrics>,
  environment: StreamEnvironment,
  follower?: MemoryFollower,
): Promise<void> {
  const { config, logger, readiness, signal } = context;
  let problem = "";
  const complain = atMostEvery((suppressed) => {
    logger.warn("waiting for the log", { problem, suppressed });
  }, environment.nowMs);
  const onRequest = requestObserver(context.metrics);
  const log = await openLog(config.log, { ...config, onRequest });
  const tracing = await openTracing(config, { ...context, ...environment, worker: core.name });
  const topics = new TopicCheck(log, topicsOf(core));
  const lag = new LagWatch(log, core.inputs);
  const observer = new TaskMetrics({ ...context, lag, nowMs: environment.nowMs });
  context.page("/hot", () => ({ households: observer.hottest() }));
  const watched = watchedBy(observer, { ...context, follower });
  let retryMs = RETRY_MS_MIN;
  try {
    while (!signal.aborted) {
      try {
        const partitionCount = await topics.count();
        readiness.ready();
        logger.info("joining", { group: core.name, tasks: partitionCount });
        retryMs = RETRY_MS_MIN;
        const parts = {
          ...{ core, settings: { ...config, partitionCount }, observer: watched },
          nowMs: environment.nowMs,
        };
        await whileTopicsStay(
          topics,
          context,
          (stop) => runTasks(log, parts, { lag, observer, tracing, follower, signal: stop }),
        );
      } catch (error) {
        if (!hasCode(error, "unavailable")) throw error;
        problem = messageOf(error);
        readiness.unready(problem);
        complain();
        await pause(retryMs * (0.5 + environment.random()), signal);
        retryMs = Math.min(2 * retryMs, RETRY_MS_MAX);
      }
    }
  } finally {
    readiness.unready("stopping");
    await log.close();
    await tracing?.close();
  }
}

/**
 * Runs tasks as long as the topics stay as they are. Where they do not, the tasks drain, unready.
 * @throws WattstreamError `topic` then.
 */
async function whileTopicsStay(
  topics: TopicCheck,
  { signal, readiness }: Pick<WorkerContext<unknown, never>, "signal" | "readiness">,
  run: (stop: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  let problem: unknown;
  const watching = untilTopicsChange(topics, stop).catch((error) => {
    problem = error;
    readiness.unready(messageOf(error));
    over.abort();
  });
  try {
    await run(stop);
  } finally {
    over.abort();
    await watching;
  }
  if (problem !== undefined) throw problem;
}

/** Resolves when `signal` aborts. @throws WattstreamError `topic` when the topics have changed. */
async function untilTopicsChange(topics: TopicCheck, signal: AbortSignal): Promise<void> {
  for (;;) {
    await pause(CHECK_MS, signal);
    if (signal.aborted) return;
    try {
      await topics.count();
    } catch (error) {
      // A log that is away says nothing about its topics.
      if (!hasCode(error, "unavailable")) throw error;
    }
  }
}

function topicsOf<E extends HouseholdEvent>(core: WorkerCore<E>) {
  return { inputs: core.inputs, outputs: [...core.outputTopics, DEAD_LETTER_TOPIC] };
}

/** Joins the group, until `signal` aborts, and looks meanwhile how far behind its tasks are. */
async function runTasks<E extends HouseholdEvent>(
  log: Log,
  parts: RunnerParts<E>,
  { lag, observer, tracing, follower, signal }: {
    readonly lag: LagWatch;
    readonly observer: TaskMetrics;
    readonly tracing: Tracing | undefined;
    readonly follower: MemoryFollower | undefined;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { core, nowMs } = parts;
  const over = new AbortController();
  const looking = lag.run(AbortSignal.any([signal, over.signal]));
  const run = async (task: TaskLog, stop: AbortSignal) => {
    try {
      const own = tracing ? new TracedTask(task, { tracing, nowMs, worker: core.name }) : task;
      await runTask(own, parts, stop);
      await follower?.drained(task.partition);
    } catch (error) {
      if (hasCode(error, "fenced")) observer.fenced();
      throw error;
    } finally {
      follower?.ended(task.partition);
    }
  };
  try {
    await log.runTasks({ group: core.name, inputs: core.inputs }, run, signal);
  } finally {
    over.abort();
    await looking;
  }
}

/** Tells the log of what tasks tell, and that something moves. */
function watchedBy(
  observer: TaskObserver,
  { logger, moved, follower }:
    & Pick<WorkerContext<StreamConfig, StreamMetrics>, "logger" | "moved">
    & { readonly follower: MemoryFollower | undefined },
): TaskObserver {
  return {
    assigned(partition) {
      logger.info("task assigned", { partition });
      observer.assigned(partition);
    },
    recovered(partition: number, recovery: TaskRecovery, view: TaskView) {
      const { replayedCount, tookMs } = recovery;
      logger.info("task recovered", { partition, replayed: replayedCount, tookMs });
      observer.recovered(partition, recovery, view);
      follower?.recovered(partition, view.memories());
    },
    fetched: (partition, recordCount, tookMs) => observer.fetched(partition, recordCount, tookMs),
    lost(partition: number, ranges: readonly LostRange[]) {
      for (const { topic, from, to, unread } of ranges) {
        const range = { topic, partition, from, to, unread };
        logger.error("lost records: the log no longer holds them", range);
      }
      observer.lost(partition, ranges);
    },
    committed(progress: TaskProgress, tookMs: number) {
      moved();
      const { partition, read, emitted, heldCount } = progress;
      logger.debug("committed", {
        ...{ partition, read: totalOf(read), emitted: totalOf(emitted), held: heldCount, tookMs },
      });
      observer.committed(progress, tookMs);
      follower?.committed(partition, progress.memories);
    },
    ended(partition) {
      moved();
      logger.info("task ended", { partition });
      observer.ended(partition);
    },
  };
}
