/**
 * What each engine loses or invents when things go wrong. What is right is what our oracle says of the
 * log: first our own outputs must be all of that, then those of the peers are held against them.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { WattstreamError } from "../../../shared/errors.ts";
import { eventually } from "../../../shared/eventually.ts";
import type { Log } from "../../../shared/log/log.ts";
import { openLog } from "../../../shared/log/open.ts";
import { checkLog } from "../../../shared/oracle/check_log.ts";
import type { Kafka } from "../../../shared/services/kafka.ts";
import { wattstreamTopics } from "../../../shared/topics.ts";
import { removeAllBut } from "../broker.ts";
import {
  type Engine,
  EngineProcess,
  type EngineTask,
  untilDone,
  WATTSTREAM,
} from "../engine_run.ts";
import type { LoadRecord } from "../household_load.ts";
import { type Job, JOB_NAMES, JOBS } from "../jobs.ts";
import { BENCH_SEMANTICS } from "../semantics.ts";
import { type FaultLoad, faultLoads } from "./fault_loads.ts";
import { type OutputTally, ReferenceOutputs } from "./outputs.ts";

export interface FaultRun {
  readonly fault: string;
  readonly job: Job;
  readonly engine: string;
  readonly tally: OutputTally;
  /** It ended by itself before it was done. */
  readonly hasEnded: boolean;
}

const COMMIT_MS_MAX = 120_000;
/** So long the engine has what came last in its hands. */
const IN_HAND_MS = 300;

/** Every load, job and engine; ours first. @throws WattstreamError `invariant` where ours is wrong. */
export async function* benchFaults(
  kafka: Kafka,
  peers: readonly Engine[],
): AsyncGenerator<FaultRun> {
  const folder = await mkdtemp(`${tmpdir()}/wattstream-faults-`);
  try {
    for (const load of faultLoads(Math.floor(Date.now() / 1000))) {
      const references = new Map<Job, ReferenceOutputs>();
      for (const engine of [WATTSTREAM, ...peers]) {
        await removeAllBut(kafka, []);
        const log = await openLog(kafka.url);
        try {
          await log.createTopics(wattstreamTopics());
          const ended = await runAll(kafka, { log, engine, load, folder });
          if (engine === WATTSTREAM) await assertRight(log, load);
          for (const job of JOB_NAMES) {
            const outputs = log.read({ topic: JOBS[job].output });
            const path = `${folder}/${job}.txt`;
            if (engine === WATTSTREAM) {
              references.set(job, await ReferenceOutputs.of(outputs, { name: engine.name, path }));
            }
            const tally = await references.get(job)!.tally(log.read({ topic: JOBS[job].output }));
            const hasEnded = ended.includes(job);
            yield { fault: load.name, job, engine: engine.name, tally, hasEnded };
          }
        } finally {
          await log.close();
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Both jobs of an engine, side by side, to their end. Returns those that ended by themselves. */
async function runAll(kafka: Kafka, { log, engine, load, folder }: {
  readonly log: Log;
  readonly engine: Engine;
  readonly load: FaultLoad;
  readonly folder: string;
}): Promise<Job[]> {
  const tasks = await Promise.all(JOB_NAMES.map(async (job): Promise<EngineTask> => {
    const name = engine.name.replaceAll(" ", "-").toLowerCase();
    const fault = load.name.replaceAll(" ", "-");
    const group = engine === WATTSTREAM ? JOBS[job].worker : `${name}-${job}-${fault}`;
    return { job, group, folder: await mkdtemp(`${folder}/${group}-`) };
  }));
  await append(log, load.records);
  const start = () => tasks.map((task) => new EngineProcess(kafka, engine, task));
  let running = start();
  try {
    if (load.kill !== undefined) {
      await Promise.all(tasks.map((task) => untilCommitted(log, task)));
      await append(log, load.kill.inHand);
      await delay(IN_HAND_MS);
      await Promise.all(running.map((each) => each.kill()));
      running = start();
      await append(log, load.kill.after);
    }
    const ended: Job[] = [];
    await Promise.all(tasks.map(async (task, index) => {
      try {
        await untilDone(log, { task, processes: [running[index]!] });
      } catch (error) {
        if (engine === WATTSTREAM || !running[index]!.hasEnded) throw error;
        ended.push(task.job);
      }
    }));
    return ended;
  } finally {
    await Promise.all(running.map((each) => each[Symbol.asyncDispose]()));
  }
}

/**
 * As a bridge does: no household has more than one second in what is appended at once, which has one
 * append time. The order of its readings and states is kept by these times.
 */
async function append(log: Log, records: readonly LoadRecord[]): Promise<void> {
  const appender = log.appender();
  let batch: LoadRecord[] = [];
  let secondOf = new Map<string, number>();
  for (const record of records) {
    const { key, timestamp } = record;
    if ((secondOf.get(key) ?? timestamp) !== timestamp) {
      await appender.append(batch);
      batch = [];
      secondOf = new Map();
    }
    secondOf.set(key, timestamp);
    batch.push(record);
  }
  await appender.append(batch);
  await appender.close();
}

/** Resolves once the group has committed all that the inputs hold. */
async function untilCommitted(log: Log, { job, group }: EngineTask): Promise<void> {
  const wanted = (await log.describe(JOBS[job].inputs))
    .flatMap(({ partitions }) => partitions)
    .reduce((sum, { endOffset }) => sum + endOffset, 0);
  await eventually(async () => {
    const offsets = [...(await log.groupOffsets(group)).values()].flat();
    const committed = offsets.reduce<number>((sum, offset) => sum + (offset ?? 0), 0);
    if (committed < wanted) throw new Error(`${group} has committed ${committed} of ${wanted}`);
  }, { deadlineMs: COMMIT_MS_MAX });
}

async function assertRight(log: Log, { name }: FaultLoad): Promise<void> {
  const { correctness, deadLetters } = await checkLog(log, BENCH_SEMANTICS);
  const { lost, duplicated, unexpected } = correctness;
  const { windows_expected, windows_matching, datasets_expected, datasets_matching } = correctness;
  const isRight =
    lost + duplicated + unexpected + deadLetters.lost + deadLetters.unexpected === 0 &&
    windows_expected === windows_matching && datasets_expected === datasets_matching;
  if (isRight) return;
  throw new WattstreamError(
    "invariant",
    `Wattstream itself is wrong with ${name}: ${JSON.stringify({ correctness, deadLetters })}`,
  );
}
