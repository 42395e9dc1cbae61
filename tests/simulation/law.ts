/**
 * The law of exactly-once, as a property of one log: outputs before a crash, then outputs after the
 * recovery, equal as a multiset those of a run that never stopped, at every crash point; and both
 * equal those of the batch oracle.
 */
import assert from "node:assert/strict";
import { expectPredictions, expectTraining } from "../../shared/oracle/oracle.ts";
import type { NewRecord } from "../../shared/log/log.ts";
import { addOutcomes, noOutcomes, recordCount } from "../../shared/stream/outcomes.ts";
import type { HouseholdEvent, WorkerCore } from "../../shared/stream/household.ts";
import type { LostRange } from "../../shared/stream/lost_records.ts";
import { type TaskObserver, UNWATCHED } from "../../shared/stream/task_observer.ts";
import { runTask } from "../../shared/stream/task_runner.ts";
import { TracedTask } from "../../shared/stream/traced_task.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import {
  type LogSnapshot,
  SimulatedTaskLog,
  type SimulationOptions,
} from "../../shared/testing/simulated_task_log.ts";
import { totalOf } from "../../shared/stream/topic_counts.ts";
import { DEAD_LETTER_TOPIC } from "../../shared/topics.ts";
import type { Tracing } from "../../shared/tracing/tracing.ts";
import { predictionsCore } from "../../workers/predictions/core.ts";
import { trainingCore } from "../../workers/training/core.ts";
import type { TaskInput } from "./random_log.ts";

/** A run of a task over a log, to its end. */
export interface Run {
  readonly outputs: readonly string[];
  readonly snapshots: readonly LogSnapshot[];
  /** Outcomes of the records that this run committed, and those still held. */
  readonly outcomes: ReturnType<typeof noOutcomes>;
  readonly heldCount: number;
  /** What it says that it goes on without. */
  readonly lost: readonly LostRange[];
}

/** What a recovery finds, made of what the run before it left. */
type Handover = (memory: LogSnapshot["memory"]) => LogSnapshot["memory"];

/** What runs are like beside their log. */
export interface LawOptions {
  /** Default: a recovery finds what was left. */
  readonly handover?: Handover;
  /** Where records with a trace are followed. */
  readonly tracing?: Tracing;
}

/** Checks the law for both workers. Returns the number of crash points tried. */
export async function checkLaw(log: TaskInput, options: LawOptions = {}): Promise<number> {
  const windows = expectPredictions(log, log.semantics);
  const datasets = expectTraining(log, log.semantics);
  return await checkWorker(log, predictionsCore(log.semantics), [log.power], {
    values: windows.windows.map((expected) => JSON.stringify(expected.window)),
    // The worker settles a reading once it is taken in, the oracle once its windows are closed.
    outcomes: {
      ...windows.outcomes,
      used: windows.outcomes.used + windows.outcomes.held,
      held: 0,
    },
    deadLetters: windows.deadLetters,
  }, options) + await checkWorker(log, trainingCore(log.semantics), [log.deviceState, log.power], {
    values: datasets.datasets.map((dataset) => JSON.stringify(dataset)),
    outcomes: { ...datasets.outcomes },
    deadLetters: datasets.deadLetters,
  }, options);
}

export interface Expectation {
  readonly values: readonly string[];
  readonly outcomes: Readonly<Record<string, number>>;
  readonly deadLetters: readonly {
    readonly reason: string;
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  }[];
}

async function checkWorker<E extends HouseholdEvent>(
  log: TaskInput,
  core: WorkerCore<E>,
  inputs: SimulationInputs,
  expected: Expectation,
  { handover = (memory) => memory, tracing }: LawOptions,
): Promise<number> {
  const random = seededRandom(log.seed);
  const whole = await run(log, core, inputs, random, { tracing });
  const letters = expected.deadLetters.map(letterKey);
  assert.deepEqual([...whole.outputs].sort(), [...expected.values, ...letters].sort(), core.name);
  assert.deepEqual(
    { ...whole.outcomes, held: whole.heldCount },
    { ...expected.outcomes, lost: 0 },
    core.name,
  );
  const inputCount = inputs.reduce((sum, records) => sum + records.length, 0);
  assert.equal(recordCount(whole.outcomes) + whole.heldCount, inputCount, `${core.name} inputs`);
  for (const [index, snapshot] of whole.snapshots.entries()) {
    const start = { ...snapshot, memory: handover(snapshot.memory) };
    const rest = await run(log, core, inputs, random, { start, tracing });
    const outputs = [...whole.outputs.slice(0, snapshot.outputCount), ...rest.outputs];
    const title = `${core.name}, crash after transaction ${index + 1}`;
    assert.deepEqual(outputs.sort(), [...whole.outputs].sort(), title);
  }
  return whole.snapshots.length;
}

export type SimulationInputs = ConstructorParameters<typeof SimulatedTaskLog>[0]["inputs"];

/** Where a run begins, what has been removed before it does, and where it is traced. */
export interface RunStart extends Pick<SimulationOptions, "start" | "starts"> {
  readonly tracing?: Tracing | undefined;
}

/** Runs a task to the end of its log; skips what is lost where something has been removed. */
export async function run<E extends HouseholdEvent>(
  log: TaskInput,
  core: WorkerCore<E>,
  inputs: SimulationInputs,
  random: () => number,
  { tracing, ...from }: RunStart = {},
): Promise<Run> {
  const outcomes = noOutcomes();
  const lost: LostRange[] = [];
  let [heldCount, takenOverCount, readCount] = [0, 0, 0];
  const taskLog = new SimulatedTaskLog({
    partition: 0,
    inputs,
    random,
    ...from,
  });
  const observer: TaskObserver = {
    ...UNWATCHED,
    recovered: (_partition, recovery) => takenOverCount = recovery.heldCount,
    committed(progress) {
      addOutcomes(outcomes, progress.outcomes);
      heldCount = progress.heldCount;
      readCount += totalOf(progress.read);
      if (outcomes.lost === 0) {
        assert.equal(takenOverCount + readCount, recordCount(outcomes) + heldCount);
      }
      assert.equal(progress.mergeViolations, 0);
    },
    lost: (_partition, ranges) => lost.push(...ranges),
  };
  const settings = {
    ...log.semantics,
    quietTimeoutMs: Infinity,
    lostRecords: from.starts === undefined ? "stop" as const : "skip" as const,
    partitionCount: log.partitionCount,
    // Some batches take one output alone, so that what closes at once comes out in several.
    outputBytesMax: random() < 0.5 ? 1 : undefined,
  };
  const parts = { core, settings, observer, nowMs: () => taskLog.nowMs };
  const own = tracing ? new TracedTask(taskLog, { tracing, worker: core.name, ...parts }) : taskLog;
  await runTask(own, parts, taskLog.done.signal);
  return {
    outputs: taskLog.outputs.map(outputKey),
    snapshots: taskLog.snapshots,
    outcomes,
    heldCount,
    lost,
  };
}

/** What is compared of an output: all of it, but of a dead letter only what it is about. */
function outputKey(record: NewRecord): string {
  const value = record.value as string;
  return record.topic === DEAD_LETTER_TOPIC ? letterKey(JSON.parse(value)) : value;
}

export function letterKey(letter: Expectation["deadLetters"][number]): string {
  return `${letter.reason} ${letter.topic}/${letter.partition}/${letter.offset}`;
}
