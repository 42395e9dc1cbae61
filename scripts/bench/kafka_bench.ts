/**
 * A worker on a real broker, or on the log in one file: the inputs are filled first, then one worker process starts, and the
 * time runs until everything it owes is committed. The broker runs on the same machine, and goes on
 * from run to run: one that has just started spends the first seconds on compiling itself.
 */
import { openLog } from "../../shared/log/open.ts";
import type { Log } from "../../shared/log/log.ts";
import { runKafkaTool } from "../../shared/services/kafka_java.ts";
import type { Kafka } from "../../shared/services/kafka.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { DEFAULT_PARTITION_COUNT } from "../../shared/topics.ts";
import { addressOf, fillInputs, type LogPlace, removeAllBut } from "./broker.ts";
import {
  EngineProcess,
  type EngineTask,
  runEngines,
  type RunUsage,
  untilDone,
  wattstream,
} from "./engine_run.ts";
import { closingEvents, householdLoad, type LoadSize } from "./household_load.ts";
import { type Job, JOBS } from "./jobs.ts";
import { checkOutputs } from "./load_check.ts";
import { type Stage, stagesOf } from "./profile_stages.ts";
import { Profiler } from "./profiler.ts";
import { discardTraces, traced } from "./traces.ts";

export interface JobFigures extends RunUsage {
  readonly inputs: number;
  readonly outputs: number;
  readonly inputPerS: number;
  readonly outputPerS: number;
  readonly inputPerCpuS: number;
}

export interface WorkerLoad extends LoadSize {
  /** Share of the records that come with a trace, which the worker tells a collector of. Default: 0. */
  readonly traceSample?: number;
  /** Of the worker, with as many times the partitions. Default: 1. */
  readonly replicas?: number;
}

/** Of the records that `kafka-producer-perf-test` writes, as in PEERS: about a window's. */
const LIMIT_RECORD_BYTES = 380;

/**
 * Runs a job once, and removes its topics, so that no run finds another's records.
 * @throws WattstreamError `invariant` where it has put out anything but what the load makes
 */
export async function benchJob(place: LogPlace, job: Job, load: WorkerLoad): Promise<JobFigures> {
  const { traceSample = 0, replicas = 1 } = load;
  await using collector = traceSample === 0 ? undefined : discardTraces();
  const flags = collector === undefined ? [] : ["--trace-to", collector.url];
  const engines = Array.from({ length: replicas }, () => wattstream({ flags }));
  return await withInputs(place, { job, load }, async ({ log, task, inputs }) => {
    const used = await runEngines(place, { log, engines, task });
    return figuresOf({ inputs, outputs: await checkOutputs(log, job, load), used });
  });
}

/**
 * What a worker's main thread is busy with, from its start: µs of CPU an input by stage. The profiler
 * takes some itself.
 */
export async function profileJob(
  place: LogPlace,
  job: Job,
  load: LoadSize,
): Promise<Record<Stage, number>> {
  const [port] = freePorts(1);
  const engine = wattstream({ inspect: `127.0.0.1:${port}` });
  return await withInputs(place, { job, load }, async ({ log, task, inputs }) => {
    await using running = new EngineProcess(place, engine, task);
    using profiler = await Profiler.start(port!);
    await untilDone(log, { processes: [running], task });
    const seconds = stagesOf(await profiler.stop());
    // The profiler goes by the clock: where others want the cores, a stage has their time in it.
    const busyS = Object.values(seconds).reduce((sum, s) => sum + s, 0);
    const usPerS = 1e6 * await running.mainThreadCpuS() / busyS / inputs;
    return Object.fromEntries(
      Object.entries(seconds).map(([stage, s]) => [stage, usPerS * s]),
    ) as Record<Stage, number>;
  });
}

interface FilledBroker {
  readonly log: Log;
  readonly task: EngineTask;
  /** Records. */
  readonly inputs: number;
}

/** Runs on a log that holds the inputs of a job; on Kafka they are removed behind it. */
export async function withInputs<T>(
  place: LogPlace,
  { job, load }: { readonly job: Job; readonly load: WorkerLoad },
  run: (filled: FilledBroker) => Promise<T>,
): Promise<T> {
  const { traceSample = 0, replicas = 1 } = load;
  const log = await openLog(place.url);
  try {
    const all = { ...load, states: job === "training" };
    const partitions = replicas * DEFAULT_PARTITION_COUNT;
    const counts = [
      await fillInputs(log, traced(householdLoad(all), traceSample), partitions),
      await fillInputs(log, closingEvents(all), partitions),
    ];
    const inputs = counts.flatMap((each) => Object.values(each)).reduce((sum, n) => sum + n, 0);
    return await run({ log, task: { job, group: JOBS[job].worker, folder: "" }, inputs });
  } finally {
    await log.close();
    // A file is its owner's to remove.
    if (place.url.startsWith("kafka:")) await removeAllBut(place, []);
  }
}

export function figuresOf(
  { inputs, outputs, used }: {
    readonly inputs: number;
    readonly outputs: number;
    readonly used: RunUsage;
  },
): JobFigures {
  return {
    inputs,
    outputs,
    ...used,
    inputPerS: inputs / used.wallS,
    outputPerS: outputs / used.wallS,
    inputPerCpuS: inputs / used.cpuS,
  };
}

/** What the broker takes from Java's own producer: records/s of a window's size, acks=all. */
export async function benchLimit(kafka: Kafka, count: number): Promise<number> {
  const topic = { name: "limit", partitions: DEFAULT_PARTITION_COUNT };
  const log = await openLog(kafka.url);
  const kept = (await log.describe()).map(({ name }) => name);
  await log.createTopics([topic]);
  await log.close();
  const printed = await runKafkaTool(kafka.runtime, {
    className: "org.apache.kafka.tools.ProducerPerformance",
    args: [
      ...["--topic", topic.name, "--num-records", String(count), "--throughput", "-1"],
      ...["--record-size", String(LIMIT_RECORD_BYTES), "--producer-props"],
      ...[`bootstrap.servers=${addressOf(kafka)}`, "acks=all"],
    ],
  });
  await removeAllBut(kafka, kept);
  const rates = [...printed.matchAll(/([\d.]+) records\/sec/g)].map(([, rate]) => Number(rate));
  return rates.at(-1)!;
}
