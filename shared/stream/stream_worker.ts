/**
 * The process of a stream worker: log and topics there → join the group → run tasks → drain. Both
 * workers are this with another core.
 */
import type { z } from "zod";
import { hasCode, messageOf } from "../errors.ts";
import type { Log } from "../log/log.ts";
import { type logFlags, openLog, type taskFlags } from "../log/open.ts";
import { pause } from "../pause.ts";
import { atMostEvery } from "../service/logger.ts";
import type { WorkerContext } from "../service/program.ts";
import { DEAD_LETTER_TOPIC, TopicCheck } from "../topics.ts";
import type { HouseholdEvent, WorkerCore } from "./household.ts";
import type { streamFlags } from "./stream_flags.ts";
import { observeTasks, type streamMetrics } from "./stream_metrics.ts";
import type { LostRange } from "./lost_records.ts";
import type { TaskProgress } from "./task_observer.ts";
import { runTask } from "./task_runner.ts";

/** What is needed of a stream worker's config; its core takes the rest. */
export type StreamConfig = z.output<
  z.ZodObject<typeof streamFlags & typeof logFlags & typeof taskFlags>
>;

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
  context: WorkerContext<StreamConfig, typeof streamMetrics>,
  environment: StreamEnvironment,
): Promise<void> {
  const { config, logger, readiness, signal } = context;
  let problem = "";
  const complain = atMostEvery((suppressed) => {
    logger.warn("waiting for the log", { problem, suppressed });
  }, environment.nowMs);
  const log = await openLog(config.log, config);
  const topics = new TopicCheck(log, topicsOf(core));
  let retryMs = RETRY_MS_MIN;
  try {
    while (!signal.aborted) {
      try {
        const partitionCount = await topics.count();
        readiness.ready();
        logger.info("joining", { group: core.name, tasks: partitionCount });
        retryMs = RETRY_MS_MIN;
        await whileTopicsStay(
          topics,
          context,
          (stop) => runTasks(log, core, { ...context, signal: stop }, environment, partitionCount),
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

async function runTasks<E extends HouseholdEvent>(
  log: Log,
  core: WorkerCore<E>,
  context: WorkerContext<StreamConfig, typeof streamMetrics>,
  environment: StreamEnvironment,
  partitionCount: number,
): Promise<void> {
  const { config, logger, metrics, signal, moved } = context;
  const observer = observeTasks(metrics);
  const parts = {
    core,
    settings: { ...config, partitionCount },
    observer: {
      ...observer,
      assigned(partition: number): void {
        logger.info("task assigned", { partition });
        observer.assigned(partition);
      },
      recovered(partition: number, records: number, tookMs: number): void {
        logger.info("task recovered", { partition, replayed: records, tookMs });
        observer.recovered(partition, records, tookMs);
      },
      lost(partition: number, ranges: readonly LostRange[]): void {
        for (const { topic, from, to, unread } of ranges) {
          logger.error("lost records: the log no longer holds them", {
            topic,
            partition,
            from,
            to,
            unread,
          });
        }
        observer.lost(partition, ranges);
      },
      committed(progress: TaskProgress, tookMs: number): void {
        moved();
        observer.committed(progress, tookMs);
      },
      ended(partition: number): void {
        moved();
        logger.info("task ended", { partition });
        observer.ended(partition);
      },
    },
    nowMs: environment.nowMs,
  };
  const group = { group: core.name, inputs: core.inputs };
  await log.runTasks(group, (task, stop) => runTask(task, parts, stop), signal);
}
