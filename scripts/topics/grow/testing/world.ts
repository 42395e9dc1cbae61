/** A log on which workers live before and after it grows, and a log that fails at a chosen call. */
import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../../../shared/eventually.ts";
import { groupLags } from "../../../../shared/log/lag.ts";
import type { Log, NewRecord, TaskLog } from "../../../../shared/log/log.ts";
import { checkLog } from "../../../../shared/oracle/check_log.ts";
import { DEFAULT_SEMANTICS, type Semantics } from "../../../../shared/oracle/semantics.ts";
import type { HouseholdEvent, WorkerCore } from "../../../../shared/stream/household.ts";
import { UNWATCHED } from "../../../../shared/stream/task_observer.ts";
import { runTask } from "../../../../shared/stream/task_runner.ts";
import { TICK_HEADER } from "../../../../shared/topics.ts";
import { disaggregationCore } from "../../../../workers/disaggregation/core.ts";
import { publisherCore } from "../../../../workers/publisher/core.ts";
import { predictionsCore } from "../../../../workers/predictions/core.ts";
import { trainingCore } from "../../../../workers/training/core.ts";

function coresOf(semantics: Semantics) {
  return [
    predictionsCore(semantics),
    trainingCore(semantics),
    disaggregationCore(),
    publisherCore(),
  ] as unknown as WorkerCore<HouseholdEvent>[];
}

export const CORES = coresOf(DEFAULT_SEMANTICS);

/** Two users of one client id among them: they move together, and stay apart. */
export const HOUSEHOLDS = [
  ...Array.from({ length: 8 }, (_, index) => ({ client_id: `home-${index}`, username: "anna" })),
  { client_id: "home-0", username: "bert" },
];

/** A reading and a state of each household in each of these seconds, an append a second. */
export function seconds(from: number, to: number): NewRecord[][] {
  return Array.from({ length: to - from }, (_, index) => {
    const timestamp = from + index;
    return HOUSEHOLDS.flatMap((identity, household) => [
      {
        topic: "power",
        key: identity.client_id,
        value: JSON.stringify({ ...identity, timestamp, consumption: household + index }),
      },
      {
        topic: "device-state",
        key: identity.client_id,
        value: JSON.stringify({ ...identity, timestamp, state_bitmap: [index % 2 === 0] }),
      },
    ]);
  });
}

/** A tick for each partition. */
export function ticks(partitions: number): NewRecord[] {
  const headers = { [TICK_HEADER]: "test" };
  return Array.from({ length: partitions }, (_, partition) => ({
    ...{ topic: "power", partition, key: null, value: null, headers },
  }));
}

export async function append(log: Log, parts: readonly NewRecord[][]): Promise<void> {
  const appender = log.appender();
  for (const records of parts) await appender.append(records);
  await appender.close();
}

/** Runs all workers until they have processed everything. */
export async function runWorkers(
  log: Log,
  partitionCount: number,
  nowMs: () => number,
  semantics: Semantics = DEFAULT_SEMANTICS,
): Promise<void> {
  const cores = coresOf(semantics);
  const settings = {
    ...semantics,
    partitionCount,
    quietTimeoutMs: Infinity,
    lostRecords: "stop" as const,
  };
  const stop = new AbortController();
  const running = Promise.all(cores.map((core) =>
    log.runTasks(
      { group: core.name, inputs: core.inputs },
      (task, signal) => runTask(task, { core, settings, observer: UNWATCHED, nowMs }, signal),
      stop.signal,
    )
  ));
  const isDone = eventually(async () => {
    for (const lag of await groupLags(log, cores.map(({ name }) => name))) {
      assert.equal(lag.records, 0, JSON.stringify(lag));
    }
  }, { deadlineMs: PATIENCE_MS, intervalMs: 20 });
  try {
    await Promise.race([running, isDone]);
  } finally {
    stop.abort();
  }
  await running;
}

/** Everything in the log is as the oracle has it, and there is something. */
export async function assertRight(log: Log): Promise<void> {
  const { correctness, deadLetters } = await checkLog(log, DEFAULT_SEMANTICS);
  const { windows_expected, datasets_expected } = correctness;
  assert.ok(windows_expected > 0 && datasets_expected > 0);
  const right = { windows_matching: windows_expected, datasets_matching: datasets_expected };
  assert.deepEqual(
    correctness,
    { ...correctness, ...right, lost: 0, duplicated: 0, unexpected: 0, ascending_pct: 100 },
  );
  assert.ok(deadLetters.expected > 0, "some came late");
  const { expected } = deadLetters;
  assert.deepEqual(deadLetters, {
    ...{ expected, matching: expected, lost: 0, duplicated: 0, unexpected: 0 },
  });
}

/** What a program does that is killed. */
export class Killed extends Error {}

/** A log whose `count`-th call that changes something is the last: killed before it, or after. */
export function killedAt(log: Log, count: number, when: "before" | "after"): Log {
  let calls = 0;
  let isDead = false;
  const counted = async <T>(call: () => Promise<T>): Promise<T> => {
    if (isDead) throw new Killed();
    const isLast = ++calls === count;
    if (isLast) isDead = true;
    if (isLast && when === "before") throw new Killed();
    const result = await call();
    if (isLast) throw new Killed();
    return result;
  };
  const mortalTask = (task: TaskLog): TaskLog => ({
    partition: task.partition,
    transactionMs: task.transactionMs,
    loadMemory: () => task.loadMemory(),
    committedOffsets: () => task.committedOffsets(),
    startOffsets: () => task.startOffsets(),
    fetch: (...args) => isDead ? Promise.reject(new Killed()) : task.fetch(...args),
    write: (records) => task.write(records),
    commit: (commit) => counted(() => task.commit(commit)),
  });
  return {
    createTopics: (topics) => counted(() => log.createTopics(topics)),
    raisePartitions: (topics) => counted(() => log.raisePartitions(topics)),
    setMemory: (...args) => counted(() => log.setMemory(...args)),
    describe: (topics) => isDead ? Promise.reject(new Killed()) : log.describe(topics),
    appender: () => {
      const appender = log.appender();
      return {
        append: (records) => counted(() => appender.append(records)),
        close: () => appender.close(),
      };
    },
    read: (options) => log.read(options),
    groupOffsets: (group) => log.groupOffsets(group),
    groupMemory: (group) => log.groupMemory(group),
    groupOwners: (group) => log.groupOwners(group),
    runTasks: (group, run, signal) =>
      log.runTasks(group, (task, stop) => run(mortalTask(task), stop), signal),
    close: () => log.close(),
  };
}
