/**
 * What a number of households takes, from what the bench has measured of one process each. Whatever
 * is not measured is an assumption, stands here by name, and is printed with the plan.
 */
import type { BenchFigures, ProcessFigures } from "./bench_figures.ts";
import { coresAt, levelAt, memoryAt } from "./curves.ts";

export const ASSUMPTIONS = {
  /** Of each process's measured rate: the rest is for bursts, and to catch up after an outage. */
  load: 0.6,
  /** Seconds of a household with device states: half of them, as simulated households label. */
  labelledShare: 0.5,
  /** Copies of each record. */
  replication: 3,
  kafkaBrokersMin: 3,
  /** Of one MQTT broker. */
  connections: 100_000,
  /** Of one machine, bit/s. */
  networkBitsPerS: 1e9,
  /** Retention of everything but datasets. */
  retentionDays: 7,
} as const;

/** Fewest partitions: the default of `topics create`. */
const PARTITIONS_MIN = 10;
/** So that tasks spread evenly, and there is room for more replicas. */
const PARTITIONS_PER_REPLICA = 2;
const DAY_S = 86_400;

/** Bytes of an event in the log, keys included. */
export interface EventBytes {
  readonly reading: number;
  readonly state: number;
  /** Of a window, without its readings, and for each of them. */
  readonly windowAlone: number;
  readonly windowReading: number;
  /** Of a dataset, for each of its seconds. */
  readonly datasetSecond: number;
}

export interface WorkerSize {
  readonly replicas: number;
  readonly cores: number;
  /** Of all replicas. */
  readonly memoryMB: number;
}

export interface Size {
  readonly households: number;
  readonly readingsPerS: number;
  readonly statesPerS: number;
  readonly windowsPerS: number;
  readonly partitions: number;
  readonly bridge: WorkerSize;
  readonly predictions: WorkerSize;
  readonly training: WorkerSize;
  readonly mqttBrokers: number;
  readonly kafkaBrokers: number;
  /** Into the log, without copies. */
  readonly logBytesPerS: number;
  /** Between Kafka's brokers and all others, and among themselves. */
  readonly networkBitsPerS: number;
  /** Written, all copies. */
  readonly diskBytesPerDay: number;
  /** What is there after `retentionDays`, datasets of these days among it, all copies. */
  readonly diskBytesKept: number;
  /** What needs most of what one unit of it can do. */
  readonly bindsFirst: string;
}

/** Between two readings of a simulated household, on average: a cycle, and what it waits before a message. */
export const SIMULATED_INTERVAL_S = 2.075;

/** Seconds of power in a window. */
const WINDOW_S = 15;

export interface SizingOptions {
  /** Between two readings of a household. */
  readonly intervalS: number;
  readonly bench: BenchFigures;
  readonly bytes: EventBytes;
  /** Copies of each record; {@link ASSUMPTIONS} without it. */
  readonly replication?: number;
}

export function sizeFor(
  households: number,
  { intervalS, bench, bytes, replication = ASSUMPTIONS.replication }: SizingOptions,
): Size {
  const { load, labelledShare, retentionDays } = ASSUMPTIONS;
  const readingsPerS = households / intervalS;
  const statesPerS = readingsPerS * labelledShare;
  const eventsPerS = readingsPerS + statesPerS;
  // A window a second and household, however many readings are in it.
  const windowsPerS = households;
  const bridge = workerFor({ households, perS: eventsPerS }, bench.bridge);
  // The bench has a window a reading; where readings are fewer, the other windows cost their share.
  const morePerS = Math.max(0, windowsPerS - readingsPerS);
  const predictions = workerFor({ households, perS: readingsPerS, morePerS }, bench.predictions);
  const training = workerFor({ households, perS: eventsPerS }, bench.training);
  const { logBytesPerS, readBytesPerS } = bytesPerS(households, { intervalS, bytes });
  const requestBytesPerS = predictions.replicas *
    requestBytesAt(households / predictions.replicas, { bench, bytes });
  const networkBitsPerS = 8 * (logBytesPerS * replication + readBytesPerS + requestBytesPerS);
  const recordsPerS = eventsPerS + windowsPerS;
  const diskBytesPerDay = logBytesPerS * replication * DAY_S;
  const needs: Readonly<Record<string, number>> = {
    "bridge": eventsPerS / (bench.bridge.perS * load),
    "predictions": Math.max(readingsPerS, windowsPerS) / (bench.predictions.perS * load),
    "training": eventsPerS / (bench.training.perS * load),
    "MQTT connections": households / ASSUMPTIONS.connections,
    "MQTT messages": eventsPerS / (bench.mqttPerS * load),
    "Kafka records": recordsPerS * replication / (bench.kafkaRecordsPerS * load),
    "network": networkBitsPerS / (ASSUMPTIONS.networkBitsPerS * load),
  };
  return {
    ...{ households, readingsPerS, statesPerS, windowsPerS, bridge, predictions, training },
    partitions: partitionsFor(Math.max(predictions.replicas, training.replicas)),
    mqttBrokers: Math.ceil(Math.max(needs["MQTT connections"]!, needs["MQTT messages"]!)),
    kafkaBrokers: Math.max(
      ASSUMPTIONS.kafkaBrokersMin,
      Math.ceil(Math.max(needs["Kafka records"]!, needs["network"]!)),
    ),
    ...{ logBytesPerS, networkBitsPerS, diskBytesPerDay },
    diskBytesKept: diskBytesPerDay * retentionDays,
    bindsFirst: Object.entries(needs).reduce((most, need) => need[1] > most[1] ? need : most)[0],
  };
}

/** Of events alone: written once, and read by whom they are for. */
function bytesPerS(
  households: number,
  { intervalS, bytes }: { readonly intervalS: number; readonly bytes: EventBytes },
): { readonly logBytesPerS: number; readonly readBytesPerS: number } {
  const readingsPerS = households / intervalS;
  const statesPerS = readingsPerS * ASSUMPTIONS.labelledShare;
  const inputBytesPerS = readingsPerS * bytes.reading + statesPerS * bytes.state;
  const windowBytes = bytes.windowAlone + bytes.windowReading * WINDOW_S / intervalS;
  const outputBytesPerS = households * windowBytes + statesPerS * bytes.datasetSecond;
  return {
    logBytesPerS: inputBytesPerS + outputBytesPerS,
    // Readings by two workers, states by one.
    readBytesPerS: inputBytesPerS + readingsPerS * bytes.reading,
  };
}

/**
 * What requests, commits and memories take beside the events, with one replica of each worker: what was
 * measured without what the events come to. Their number has a bound, however much each of them carries.
 */
function requestBytesAt(
  households: number,
  { bench, bytes }: { readonly bench: BenchFigures; readonly bytes: EventBytes },
): number {
  return levelAt(
    households,
    bench.carried.map(({ households: count, bytesPerS: carried }) => {
      const events = bytesPerS(count, { intervalS: SIMULATED_INTERVAL_S, bytes });
      return [count, Math.max(0, carried - events.logBytesPerS - events.readBytesPerS)];
    }),
  );
}

/** @param work of all replicas: inputs, and what comes out of no input of its own. */
function workerFor(
  { households, perS, morePerS = 0 }: {
    readonly households: number;
    readonly perS: number;
    readonly morePerS?: number;
  },
  figures: ProcessFigures,
): WorkerSize {
  const replicas = Math.ceil((perS + morePerS) / (figures.perS * ASSUMPTIONS.load));
  const cores = coresAt(perS / replicas, figures) * replicas + morePerS / figures.perCpuS;
  return { replicas, cores, memoryMB: replicas * memoryAt(households / replicas, figures) };
}

/** A multiple of ten. */
function partitionsFor(replicas: number): number {
  const wanted = Math.max(PARTITIONS_MIN, replicas * PARTITIONS_PER_REPLICA);
  return Math.ceil(wanted / 10) * 10;
}
