/**
 * What a number of households takes, from what the bench has measured of one process each. Whatever
 * is not measured is an assumption, stands here by name, and is printed with the plan.
 */
import { type BenchFigures, type ProcessFigures, windowsPerS } from "./bench_figures.ts";
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
  /** Of a second that the disaggregation worker tells of. */
  readonly judged: number;
}

/** What the bench did not measure at full load is null: then the rest is that of one process. */
export interface WorkerSize {
  readonly replicas: number | null;
  readonly cores: number;
  /** Of all replicas. */
  readonly memoryMB: number;
}

/** Of no replicas without the worker; null where it was not measured. */
export interface CoreSize {
  readonly replicas: number | null;
  readonly cores: number | null;
}

export interface Size {
  readonly households: number;
  readonly readingsPerS: number;
  readonly statesPerS: number;
  readonly windowsPerS: number;
  readonly partitions: number | null;
  readonly bridge: WorkerSize;
  readonly predictions: WorkerSize;
  readonly training: WorkerSize;
  /** For its core alone: what it takes from the log and puts there comes on top. */
  readonly disaggregation: CoreSize;
  readonly mqttBrokers: number | null;
  readonly kafkaBrokers: number | null;
  /** Into the log, without copies. */
  readonly logBytesPerS: number;
  /** Between Kafka's brokers and all others, and among themselves. */
  readonly networkBitsPerS: number;
  /** Written, all copies. */
  readonly diskBytesPerDay: number;
  /** What is there after `retentionDays`, datasets of these days among it, all copies. */
  readonly diskBytesKept: number;
  /** What needs most of what one unit of it can do; null where one of them was not measured. */
  readonly bindsFirst: string | null;
}

/** Between two readings of a simulated household, on average: a cycle, and what it waits before a message. */
export const SIMULATED_INTERVAL_S = 2.075;

/** Seconds of power in a window. */
const WINDOW_S = 15;

export interface SizingOptions {
  /** Between two readings of a household. */
  readonly intervalS: number;
  /** Whether devices are learned and told of. */
  readonly isDisaggregating: boolean;
  readonly bench: BenchFigures;
  readonly bytes: EventBytes;
  /** Copies of each record; {@link ASSUMPTIONS} without it. */
  readonly replication?: number;
}

export function sizeFor(
  households: number,
  options: SizingOptions,
): Size {
  const { intervalS, isDisaggregating, bench, replication = ASSUMPTIONS.replication } = options;
  const { load, labelledShare, retentionDays } = ASSUMPTIONS;
  const readingsPerS = households / intervalS;
  const statesPerS = readingsPerS * labelledShare;
  const eventsPerS = readingsPerS + statesPerS;
  const outPerS = windowsPerS(households);
  const work = {
    bridge: eventsPerS,
    predictions: readingsPerS + outPerS,
    training: eventsPerS,
  };
  const bridge = workerFor({ households, perS: work.bridge }, bench.bridge);
  const predictions = workerFor({ households, perS: work.predictions }, bench.predictions);
  const training = workerFor({ households, perS: work.training }, bench.training);
  const disaggregation = judgingOf(isDisaggregating ? outPerS : 0, bench.judgedPerCpuS);
  const { logBytesPerS, readBytesPerS } = bytesPerS(households, options);
  const replicas = predictions.replicas ?? 1;
  const requestBytesPerS = replicas * requestBytesAt(households / replicas, options);
  const networkBitsPerS = 8 * (logBytesPerS * replication + readBytesPerS + requestBytesPerS);
  const diskBytesPerDay = logBytesPerS * replication * DAY_S;
  const recordsPerS = eventsPerS + outPerS + (isDisaggregating ? outPerS : 0);
  const needs = {
    "bridge": needOf(work.bridge, bench.bridge.full?.perS),
    "predictions": needOf(work.predictions, bench.predictions.full?.perS),
    "training": needOf(work.training, bench.training.full?.perS),
    "disaggregation": isDisaggregating ? needOf(outPerS, bench.judgedPerCpuS) : 0,
    "MQTT connections": households / ASSUMPTIONS.connections,
    "MQTT messages": needOf(eventsPerS, bench.mqttPerS),
    "Kafka records": needOf(recordsPerS * replication, bench.kafkaRecordsPerS),
    "network": networkBitsPerS / (ASSUMPTIONS.networkBitsPerS * load),
  };
  const kafkaBrokers = unitsFor([needs["Kafka records"], needs["network"]]);
  return {
    ...{ households, readingsPerS, statesPerS, windowsPerS: outPerS },
    ...{ bridge, predictions, training, disaggregation },
    partitions: partitionsFor(
      [predictions, training, disaggregation].map(({ replicas: each }) => each),
    ),
    mqttBrokers: unitsFor([needs["MQTT connections"], needs["MQTT messages"]]),
    kafkaBrokers: kafkaBrokers && Math.max(ASSUMPTIONS.kafkaBrokersMin, kafkaBrokers),
    ...{ logBytesPerS, networkBitsPerS, diskBytesPerDay },
    diskBytesKept: diskBytesPerDay * retentionDays,
    bindsFirst: largestOf(needs),
  };
}

/** Processes or machines, of which each does so much at most; null where that was not measured. */
function needOf(perS: number, perSMax: number | undefined): number | null {
  return perSMax === undefined ? null : perS / (perSMax * ASSUMPTIONS.load);
}

/** As many as the largest need takes. */
function unitsFor(needs: readonly (number | null)[]): number | null {
  return needs.every((need) => need !== null) ? Math.ceil(Math.max(...needs)) : null;
}

function largestOf(needs: Readonly<Record<string, number | null>>): string | null {
  const known = Object.entries(needs).filter((need): need is [string, number] => need[1] !== null);
  if (known.length < Object.keys(needs).length) return null;
  return known.reduce((most, need) => need[1] > most[1] ? need : most)[0];
}

/** Of events alone: written once, and read by whom they are for. */
function bytesPerS(
  households: number,
  { intervalS, isDisaggregating, bytes }: Omit<SizingOptions, "bench">,
): { readonly logBytesPerS: number; readonly readBytesPerS: number } {
  const readingsPerS = households / intervalS;
  const statesPerS = readingsPerS * ASSUMPTIONS.labelledShare;
  const inputBytesPerS = readingsPerS * bytes.reading + statesPerS * bytes.state;
  const windowBytes = bytes.windowAlone + bytes.windowReading * WINDOW_S / intervalS;
  const outPerS = windowsPerS(households);
  const outputBytesPerS = outPerS * windowBytes + statesPerS * bytes.datasetSecond;
  const judgedBytesPerS = outPerS * bytes.judged;
  // Readings by two workers, states by one.
  const workers = {
    logBytesPerS: inputBytesPerS + outputBytesPerS,
    readBytesPerS: inputBytesPerS + readingsPerS * bytes.reading,
  };
  if (!isDisaggregating) return workers;
  // It reads what these two put out, and the publisher what it says of that.
  return {
    logBytesPerS: workers.logBytesPerS + judgedBytesPerS,
    readBytesPerS: workers.readBytesPerS + outputBytesPerS + judgedBytesPerS,
  };
}

/**
 * What requests, commits and memories take beside the events, with one replica of each worker: what was
 * measured without what the events come to. Their number has a bound, however much each of them carries.
 */
function requestBytesAt(households: number, { bench, bytes }: SizingOptions): number {
  const measured = { intervalS: SIMULATED_INTERVAL_S, isDisaggregating: false, bytes };
  return levelAt(
    households,
    bench.carried.map(({ households: count, bytesPerS: carried }) => {
      const events = bytesPerS(count, measured);
      return [count, Math.max(0, carried - events.logBytesPerS - events.readBytesPerS)];
    }),
  );
}

/** For so many windows a second: a replica has one thread that judges, so that it does no more than a core. */
function judgingOf(perS: number, perCpuS: number | undefined): CoreSize {
  if (perS === 0) return { replicas: 0, cores: 0 };
  if (perCpuS === undefined) return { replicas: null, cores: null };
  return { replicas: unitsFor([needOf(perS, perCpuS)]), cores: perS / perCpuS };
}

/** @param work of all replicas, in the unit of the worker. */
function workerFor(
  { households, perS }: { readonly households: number; readonly perS: number },
  figures: ProcessFigures,
): WorkerSize {
  const replicas = unitsFor([needOf(perS, figures.full?.perS)]);
  const count = replicas ?? 1;
  return {
    replicas,
    cores: count * coresAt(perS / count, figures),
    memoryMB: count * memoryAt(households / count, figures),
  };
}

/** A multiple of ten. */
function partitionsFor(replicas: readonly (number | null)[]): number | null {
  const most = unitsFor(replicas);
  if (most === null) return null;
  return Math.ceil(Math.max(PARTITIONS_MIN, most * PARTITIONS_PER_REPLICA) / 10) * 10;
}
