/**
 * How long a worker takes to be back: the only worker of its group is ended under a live load of one
 * reading a second and household, and started again at once.
 *
 *   history ─▶ live … ─▶ end, start ─▶ assigned ─▶ recovered ─▶ first commits ─▶ caught up
 *                           └────── seconds from here ──────────────────────────────┘
 */
import { setTimeout as delay } from "node:timers/promises";
import { groupLags } from "../../shared/log/lag.ts";
import type { Appender, Log, NewRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { eventually } from "../../shared/eventually.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { DEFAULT_PARTITION_COUNT, POWER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";
import type { LogPlace } from "./broker.ts";
import { bundleOf } from "./bundles.ts";
import { type LiveHouseholds, liveHouseholds } from "./household_load.ts";

export type Group = "predictions" | "training";

/** How the worker is ended: told to (SIGTERM) or killed (SIGKILL). */
export type Ending = "stop" | "kill";

/** Seconds from the start of the new process, but the last two. */
export interface RecoveryFigures {
  /** Until the group has given it all tasks: its name brings a killed member its former ones. */
  readonly assignedS: number;
  readonly recoveredS: number;
  /** Until each task has committed something new, and with it what came out of it. */
  readonly firstCommitsS: number;
  /** Until it lags no more than a second's worth behind where it was before. */
  readonly caughtUpS: number;
  /** From assignment to recovery of the slowest task. */
  readonly slowestTaskS: number;
  readonly replayed: number;
}

/** Event time in the log before the live load begins: longer than windows and sessions are held. */
const HISTORY_S = 150;
/** Slices of a second in which the live load comes. */
const SLICES = 10;
/** Live load before the end of the first process. */
const LIVE_MS = 5_000;
const DEADLINE = { deadlineMs: 120_000, intervalMs: 20 };

/** Measures one recovery, of the worker's bundle, on a log that is empty. */
export async function benchRecovery(
  { url }: LogPlace,
  group: Group,
  { households, ending }: { readonly households: number; readonly ending: Ending },
): Promise<RecoveryFigures> {
  await using stack = new AsyncDisposableStack();
  const log = await openLog(url);
  stack.defer(() => log.close());
  await log.createTopics(wattstreamTopics());
  const appender = log.appender();
  const load = liveHouseholds({ households, states: group === "training" });
  await fill(appender, load);
  const live = new LiveLoad(appender, load);
  stack.defer(() => live.stop());
  const named = url.startsWith("kafka:") ? ["--kafka-instance", `${group}-0`] : [];
  const start = () => startWorker(group, ["--log", url, ...named], bundleOf(group));
  const first = start();
  stack.defer(() => first.end());
  const slackRecords = households * (group === "training" ? 1.5 : 1);
  // The training worker always lags by the time it waits for clocks that differ.
  await untilLagging(log, group, 2 * slackRecords);
  await delay(LIVE_MS);
  const usualLag = await lagOf(log, group);
  await (ending === "stop" ? first.stop() : first.kill());
  const startMs = performance.now();
  const second = start();
  stack.defer(() => second.end());
  const since = () => (performance.now() - startMs) / 1000;
  const committed = await log.groupOffsets(group);
  await untilLines(second, "task assigned");
  const assignedS = since();
  const recovered = await untilLines(second, "task recovered");
  const recoveredS = since();
  await untilPast(log, group, committed);
  const firstCommitsS = since();
  await untilLagging(log, group, usualLag + slackRecords);
  return {
    assignedS,
    recoveredS,
    firstCommitsS,
    caughtUpS: since(),
    slowestTaskS: Math.max(...recovered.map(({ tookMs }) => Number(tookMs))) / 1000,
    replayed: recovered.reduce((sum, line) => sum + Number(line.replayed), 0),
  };
}

/** The past, second by second: a second's readings and states are appended together. */
async function fill(appender: Appender, load: LiveHouseholds): Promise<void> {
  const nowS = Math.floor(Date.now() / 1000);
  for (let timestamp = nowS - HISTORY_S; timestamp < nowS; timestamp++) {
    await appender.append(load.recordsAt(timestamp));
  }
}

/** A tenth of the households every 100 ms, as time goes by, until it is stopped. */
class LiveLoad {
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;

  constructor(appender: Appender, load: LiveHouseholds) {
    this.#running = this.#run(appender, load);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(appender: Appender, load: LiveHouseholds): Promise<void> {
    let slice = Math.ceil(Date.now() * SLICES / 1000);
    while (!this.#stopped.signal.aborted) {
      const waitMs = slice * 1000 / SLICES - Date.now();
      if (waitMs > 0) await delay(waitMs);
      const timestamp = Math.floor(slice / SLICES);
      const records: NewRecord[] = load.recordsAt(timestamp, { slice: slice % SLICES, of: SLICES });
      await appender.append(records);
      slice++;
    }
  }
}

async function lagOf(log: Log, group: Group): Promise<number> {
  const lags = await groupLags(log);
  return lags.reduce((sum, lag) => lag.group === group ? sum + lag.records : sum, 0);
}

async function untilLagging(log: Log, group: Group, lagMax: number): Promise<void> {
  await eventually(async () => {
    const lag = await lagOf(log, group);
    if (lag > lagMax) throw new Error(`${group} lags ${lag} records behind, not ${lagMax}`);
  }, DEADLINE);
}

/** Until each task has committed an offset that it had not. */
async function untilPast(
  log: Log,
  group: Group,
  former: Awaited<ReturnType<Log["groupOffsets"]>>,
): Promise<void> {
  await eventually(async () => {
    const now = (await log.groupOffsets(group)).get(POWER_TOPIC) ?? [];
    const before = former.get(POWER_TOPIC) ?? [];
    const stuck = now.findIndex((offset, partition) => !(offset! > (before[partition] ?? 0)));
    if (stuck !== -1) throw new Error(`task ${stuck} of ${group} commits nothing`);
  }, DEADLINE);
}

/** The lines of the worker's log with this message, once there is one of each task. */
async function untilLines(worker: WorkerProcess, message: string) {
  return await eventually(() => {
    const lines = worker.lines.filter((line) => line.message === message);
    if (lines.length < DEFAULT_PARTITION_COUNT) throw new Error(`${lines.length} × ${message}`);
    return lines;
  }, DEADLINE);
}
