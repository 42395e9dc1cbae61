/**
 * A worker on a real broker: the inputs are filled first, then one worker process starts, and the
 * time runs until everything it owes is committed. The broker runs on the same machine, and goes on
 * from run to run: one that has just started spends the first seconds on compiling itself.
 */
import { setTimeout as delay } from "node:timers/promises";
import { WattstreamError } from "../../shared/errors.ts";
import type { Log, NewRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { ENGINE_FLAGS } from "../../shared/service/engine_flags.ts";
import { runKafkaTool } from "../../shared/services/kafka_java.ts";
import type { Kafka } from "../../shared/services/kafka.ts";
import {
  DATASET_TOPIC,
  DEFAULT_PARTITION_COUNT,
  DEVICE_STATE_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_GROUP,
  PREDICTIONS_TOPIC,
  TRAINING_GROUP,
  wattstreamTopics,
} from "../../shared/topics.ts";
import { householdLoad, ticks } from "./household_load.ts";
import { usageOf } from "./process_usage.ts";
import { BENCH_SEMANTICS } from "./semantics.ts";

export type Job = "windows" | "training";

export interface JobFigures {
  readonly inputs: number;
  readonly outputs: number;
  /** From the start of the process until its last commit. */
  readonly wallS: number;
  readonly inputPerS: number;
  readonly outputPerS: number;
  readonly cpuS: number;
  readonly inputPerCpuS: number;
  readonly peakMemoryMB: number;
}

export interface Load {
  readonly count: number;
  readonly households: number;
  /** Share of the records that come with a trace, which the worker tells a collector of. Default: 0. */
  readonly traceSample?: number;
}

const JOBS = {
  windows: { group: PREDICTIONS_GROUP, inputs: [POWER_TOPIC], output: PREDICTIONS_TOPIC },
  training: {
    group: TRAINING_GROUP,
    inputs: [DEVICE_STATE_TOPIC, POWER_TOPIC],
    output: DATASET_TOPIC,
  },
} as const;

/** Event time that is appended at once: less than the lateness, which append order must keep. */
const FILL_SPAN_S = 2;
const POLL_MS = 50;
/** A run that takes longer than this has failed. */
const RUN_MS_MAX = 600_000;
/** Of the records that `kafka-producer-perf-test` writes, as in PEERS: about a window's. */
const LIMIT_RECORD_BYTES = 380;

/** Runs a job once, and removes its topics, so that no run finds another's records. */
export async function benchJob(kafka: Kafka, job: Job, load: Load): Promise<JobFigures> {
  await using collector = load.traceSample ? discardTraces() : undefined;
  const log = await openLog(kafka.url);
  try {
    const inputs = await fill(log, job, load);
    const args = collector === undefined ? [] : ["--trace-to", collector.url];
    const used = await runToEnd(kafka, log, job, args);
    const outputs = await countRecords(log, JOBS[job].output);
    return {
      inputs,
      outputs,
      ...used,
      inputPerS: inputs / used.wallS,
      outputPerS: outputs / used.wallS,
      inputPerCpuS: inputs / used.cpuS,
    };
  } finally {
    await removeTopics(kafka, await log.describe());
    await log.close();
  }
}

/** A collector that takes traces and keeps nothing. */
function discardTraces(): AsyncDisposable & { readonly url: string } {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      await request.arrayBuffer();
      return Response.json({});
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function removeTopics(kafka: Kafka, topics: readonly { readonly name: string }[]) {
  await runKafkaTool(kafka.runtime, {
    className: "org.apache.kafka.tools.TopicCommand",
    args: [
      ...["--bootstrap-server", new URL(kafka.url).host, "--delete"],
      ...["--topic", topics.map(({ name }) => name).join("|")],
    ],
  });
}

/** What the broker takes from Java's own producer: records/s of a window's size, acks=all. */
export async function benchLimit(kafka: Kafka, count: number): Promise<number> {
  const topic = { name: "limit", partitions: DEFAULT_PARTITION_COUNT };
  const log = await openLog(kafka.url);
  await log.createTopics([topic]);
  await log.close();
  const printed = await runKafkaTool(kafka.runtime, {
    className: "org.apache.kafka.tools.ProducerPerformance",
    args: [
      ...["--topic", topic.name, "--num-records", String(count), "--throughput", "-1"],
      ...["--record-size", String(LIMIT_RECORD_BYTES), "--producer-props"],
      ...[`bootstrap.servers=${new URL(kafka.url).host}`, "acks=all"],
    ],
  });
  await removeTopics(kafka, [topic]);
  const rates = [...printed.matchAll(/([\d.]+) records\/sec/g)].map(([, rate]) => Number(rate));
  return rates.at(-1)!;
}

/** Fills the inputs of a job and returns the number of records. */
async function fill(log: Log, job: Job, load: Load): Promise<number> {
  await log.createTopics(wattstreamTopics());
  const appender = log.appender();
  let count = 0;
  let batch: NewRecord[] = [];
  let nextFlushS = 0;
  const flush = async () => {
    await appender.append(batch);
    count += batch.length;
    batch = [];
  };
  const { traceSample = 0 } = load;
  let traced = 0;
  for (const record of householdLoad({ ...load, states: job === "training" })) {
    if (record.timestamp >= nextFlushS) {
      await flush();
      nextFlushS = record.timestamp + FILL_SPAN_S;
    }
    traced += traceSample;
    if (traced < 1) batch.push(record);
    else {
      traced -= 1;
      batch.push({ ...record, headers: { traceparent: newTrace() } });
    }
  }
  await flush();
  await appender.append(ticks(DEFAULT_PARTITION_COUNT));
  await appender.close();
  return count;
}

/** A trace as it stands in a record's header. */
function newTrace(): string {
  const id = crypto.randomUUID().replaceAll("-", "");
  return `00-${id}-${id.slice(16)}-01`;
}

/** Starts the worker and waits until it has committed all of its inputs. */
async function runToEnd(kafka: Kafka, log: Log, job: Job, extraArgs: readonly string[]) {
  const { group, inputs } = JOBS[job];
  const ends = await log.describe(inputs);
  const startMs = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", ENGINE_FLAGS, `workers/${group}/main.ts`],
      ...["--log", kafka.url, "--log-level", "warning"],
      ...(job === "windows" ? ["--min-readings", String(BENCH_SEMANTICS.minReadings)] : []),
      ...extraArgs,
    ],
    cwd: new URL("../..", import.meta.url).pathname,
    stdout: "null",
  }).spawn();
  try {
    for (;;) {
      const committed = await log.groupOffsets(group);
      const isDone = ends.every(({ name, partitions }) =>
        partitions.every(({ partition, endOffset }) =>
          (committed.get(name)?.[partition] ?? 0) >= endOffset
        )
      );
      const wallS = (performance.now() - startMs) / 1000;
      if (isDone) return { wallS, ...await usageOf(child.pid) };
      if (wallS * 1000 > RUN_MS_MAX) throw new WattstreamError("unavailable", `${job}: no end`);
      await delay(POLL_MS);
    }
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}

async function countRecords(log: Log, topic: string): Promise<number> {
  let count = 0;
  for await (const _record of log.read({ topic })) count++;
  return count;
}
