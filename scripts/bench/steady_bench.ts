/**
 * `deno task bench --steady`: what each worker takes of a machine while households publish at their own
 * pace, on Kafka and Mosquitto. That is far below what it could do: what costs is to wait, to poll, and
 * a transaction for a few readings. The same processes share the machine as in `deno task experiment`.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import {
  DATASET_TOPIC,
  DEVICE_STATE_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_TOPIC,
  wattstreamTopics,
} from "../../shared/topics.ts";
import { KafkaTraffic } from "../kafka_traffic.ts";
import { type LogPlace, removeAllBut } from "./broker.ts";
import { usageOf } from "./process_usage.ts";

export const STEADY_WORKERS = ["bridge", "predictions", "training"] as const;
export type SteadyWorker = typeof STEADY_WORKERS[number];

/** Households of the runs: none, and up to what the thesis had. */
export const STEADY_HOUSEHOLDS = [0, 250, 1_000, 4_000] as const;

/** A simulated household publishes a reading every 2.075 s on average, and a state with half of them. */
const EVENTS_PER_S_EACH = 1.5 / 2.075;
/** By how much their pace may be off: less comes of a machine that is too busy, more as it catches up. */
const PACE_OFF_MAX = 0.1;

const TOPICS = [POWER_TOPIC, DEVICE_STATE_TOPIC, PREDICTIONS_TOPIC, DATASET_TOPIC];

/** Longer than a window takes to close, and than most sessions. */
const SETTLE_MS = 40_000;
/** As long again: by then V8 has compiled what is hot, and most of its heap has grown to what it needs. */
const MEASURE_MS = 40_000;

export interface SteadyFigures {
  readonly inputPerS: number;
  /** CPU-seconds a second. */
  readonly cores: number;
  readonly peakMemoryMB: number;
}

/** What all of them wrote and carried, bytes a second; 0 where this system does not say what is carried. */
export interface SteadyLogFigures {
  /** Inputs, windows and datasets, as the log has them. */
  readonly writtenPerS: number;
  /** Between our processes and Kafka, both ways. */
  readonly carriedPerS: number;
}

export type Steady = Readonly<Record<SteadyWorker, SteadyFigures>> & {
  readonly log: SteadyLogFigures;
};

/** One run, whose topics are removed behind it. */
export async function benchSteady(place: LogPlace, households: number): Promise<Steady> {
  await using stack = new AsyncDisposableStack();
  const log = await openLog(place.url);
  stack.defer(() => log.close());
  await log.createTopics(wattstreamTopics());
  stack.defer(() => removeAllBut(place, []));
  const mosquitto = await startMosquitto({ extra: "max_inflight_messages 0\npersistence false" });
  stack.defer(() => mosquitto.stop());
  const folder = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const started: WorkerProcess[] = [];
  const start = async (name: string, args: readonly string[]) => {
    const worker = startWorker(name, args);
    stack.defer(() => worker.end());
    started.push(worker);
    await worker.ready();
    return worker;
  };
  const toLog = ["--log", place.url];
  const mqtt = ["--mqtt", mosquitto.url];
  const workers = {
    bridge: await start("bridge", [...mqtt, ...toLog, "--state", folder]),
    predictions: await start("predictions", toLog),
    training: await start("training", toLog),
  };
  if (households > 0) await start("simulator", [...mqtt, "--users", String(households)]);
  await delay(SETTLE_MS);
  const traffic = new KafkaTraffic(place.url);
  const look = async () => ({
    atMs: performance.now(),
    counts: await countInputs(log),
    carried: traffic.take() ?? 0,
    usages: await Promise.all(STEADY_WORKERS.map((name) => usageOf(workers[name].pid))),
  });
  const before = await look();
  await delay(MEASURE_MS);
  const after = await look();
  // They leave their groups, which are removed.
  for (const worker of started.toReversed()) await worker.stop();
  const seconds = (after.atMs - before.atMs) / 1000;
  const figures = STEADY_WORKERS.map((name, index): [SteadyWorker, SteadyFigures] => {
    const { cpuS, peakMemoryMB } = after.usages[index]!;
    const inputs = after.counts[name] - before.counts[name];
    const cores = (cpuS - before.usages[index]!.cpuS) / seconds;
    return [name, { inputPerS: inputs / seconds, cores, peakMemoryMB }];
  });
  return {
    ...Object.fromEntries(figures) as Record<SteadyWorker, SteadyFigures>,
    log: {
      writtenPerS: (after.counts.bytes - before.counts.bytes) / seconds,
      carriedPerS: (after.carried - before.carried) / seconds,
    },
  };
}

/** Whether so many households published as they do on a machine that is not too busy. */
export function isAtPace(
  households: number,
  { bridge }: Pick<Steady, "bridge">,
): boolean {
  const expectedPerS = EVENTS_PER_S_EACH * households;
  return Math.abs(bridge.inputPerS - expectedPerS) <= PACE_OFF_MAX * expectedPerS;
}

/** What each worker is given, so far: what the bridge takes in is soon in the log; and its size. */
async function countInputs(log: Log): Promise<Record<SteadyWorker | "bytes", number>> {
  const topics = await log.describe(TOPICS);
  const countOf = (topic: string) =>
    topics.find(({ name }) => name === topic)!.partitions
      .reduce((sum, { endOffset }) => sum + endOffset, 0);
  const readings = countOf(POWER_TOPIC);
  const events = readings + countOf(DEVICE_STATE_TOPIC);
  const bytes = topics.flatMap(({ partitions }) => partitions)
    .reduce((sum, partition) => sum + partition.bytes, 0);
  return { bridge: events, predictions: readings, training: events, bytes };
}
