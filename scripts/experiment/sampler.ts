/**
 * What an experiment takes down once a second: counts so far, the latencies since the sample before,
 * and what each process uses. Nothing is asked anew: the counters are those of the live view.
 */
import type { Figures } from "../dev/figures.ts";
import type { CounterTotals } from "../dev/worker_metrics.ts";
import { between, type BucketCounts, bucketsOf, type LatencyMs, latencyOf } from "./histogram.ts";

/** Which histogram of which worker tells how long a stage takes. */
export const STAGES = {
  arrival_to_log: { worker: "bridge", histogram: "wattstream_bridge_arrival_to_append_seconds" },
  log_to_windows: { worker: "predictions", histogram: "wattstream_append_to_commit_seconds" },
  log_to_datasets: { worker: "training", histogram: "wattstream_append_to_commit_seconds" },
  event_to_windows: { worker: "predictions", histogram: "wattstream_event_to_output_seconds" },
} as const;

export type Stage = keyof typeof STAGES;
export const STAGE_NAMES = Object.keys(STAGES) as Stage[];

export const PROCESSES = [
  ...["simulator", "bridge", "predictions", "training"] as const,
  /** This one, and in it the embedded broker. */
  "experiment",
] as const;
export type ProcessName = typeof PROCESSES[number];

export interface Usage {
  /** Since its start, over all lives. */
  readonly cpuS: number;
  readonly memoryBytes: number;
}

/** A figure of a process; null where it did not answer in time: then nobody knows, and it is a gap. */
export type Figure = number | null;

/** Counts are of this run, from its start. */
export interface Sample {
  readonly elapsedS: number;
  /** Households that publish. */
  readonly households: Figure;
  /** To the broker; those of the bridge among them where the broker is embedded. */
  readonly connections: Figure;
  readonly events_into_broker: Figure;
  readonly events_into_log: Figure;
  readonly windows: Figure;
  readonly datasets: Figure;
  readonly late: Figure;
  readonly dead_letters: Figure;
  /** Records that the two stream workers have not processed yet. */
  readonly lag: number;
  /** Of inputs, windows and datasets, as the log counts them; of the moment, not of the run. */
  readonly log_bytes: number;
  /** Between the processes of this machine and Kafka, both ways; null where nobody can say. */
  readonly kafka_bytes: Figure;
  /** Since the sample before, ms; null where nothing passed as well. */
  readonly latencyMsP50: Readonly<Record<Stage, Figure>>;
  readonly latencyMsP99: Readonly<Record<Stage, Figure>>;
  readonly usage: Readonly<Record<ProcessName, Usage | null>>;
}

/** A worker that was looked at. */
export interface SampledWorker {
  readonly counters: CounterTotals;
  /** Whether the counters are those of this look. */
  readonly isFresh: boolean;
}

/** The part of a running system that is sampled. */
export interface Sampled {
  readonly bridge: SampledWorker;
  readonly predictions: SampledWorker;
  readonly training: SampledWorker;
  readonly simulator: SampledWorker | undefined;
  readonly broker:
    | { readonly publishedCount: number; readonly connectedClients: number }
    | undefined;
}

export interface SamplerParts {
  /** ms, for durations. */
  readonly elapsedMs: () => number;
  /** Of this process. */
  readonly ownUsage: () => Usage;
  /** See {@link Sample.kafka_bytes}. */
  readonly kafkaBytes: () => Figure;
}

export class Sampler {
  readonly #parts: SamplerParts;
  readonly #startMs: number;
  #before = new Map<Stage, BucketCounts>();

  constructor(parts: SamplerParts) {
    this.#parts = parts;
    this.#startMs = parts.elapsedMs();
  }

  take(system: Sampled, figures: Figures): Sample {
    const { bridge, predictions, training, simulator, broker } = system;
    const latencies = new Map(
      STAGE_NAMES.map((stage) => [stage, this.#latencySince(system, stage)]),
    );
    const simulated = (name: string) =>
      known([simulator], () => simulator?.counters.now(`wattstream_simulator_${name}`) ?? 0);
    return {
      elapsedS: Math.round((this.#parts.elapsedMs() - this.#startMs) / 10) / 100,
      households: simulated("households"),
      connections: broker?.connectedClients ?? simulated("connections"),
      events_into_broker: broker?.publishedCount ??
        known([simulator], () => publishedBy(simulator?.counters)),
      events_into_log: known(
        [bridge],
        () => bridge.counters.totalOf("wattstream_bridge_appended_total"),
      ),
      windows: known([predictions], () => figures.windows),
      datasets: known([training], () => figures.datasets),
      late: known([predictions, training], () => figures.late),
      dead_letters: known([bridge, predictions, training], () => figures.deadLetters),
      lag: figures.lag,
      log_bytes: figures.logBytes,
      kafka_bytes: this.#parts.kafkaBytes(),
      latencyMsP50: recordOf(STAGE_NAMES, (stage) => latencies.get(stage)?.p50 ?? null),
      latencyMsP99: recordOf(STAGE_NAMES, (stage) => latencies.get(stage)?.p99 ?? null),
      usage: recordOf(
        PROCESSES,
        (name) =>
          name === "experiment"
            ? this.#parts.ownUsage()
            : known([system[name]], () => usageOf(system[name]?.counters)),
      ),
    };
  }

  /** What passed since it was last known. */
  #latencySince(system: Sampled, stage: Stage): LatencyMs | null {
    return known([system[STAGES[stage].worker]], () => {
      const buckets = bucketsOfStage(system, stage);
      const latency = latencyOf(between(this.#before.get(stage) ?? [], buckets));
      this.#before.set(stage, buckets);
      return latency;
    });
  }
}

/** A value that hangs on workers, where all that there are have answered. */
function known<T>(workers: readonly (SampledWorker | undefined)[], valueOf: () => T): T | null {
  return workers.every((worker) => worker === undefined || worker.isFresh) ? valueOf() : null;
}

/** As it stood at the last sample, each figure as it was last known; undefined without a sample. */
export function lastKnown(samples: readonly Sample[]): Sample | undefined {
  return samples.reduce<Sample | undefined>((before, sample) => {
    if (before === undefined) return sample;
    const filled = Object.entries(sample).map(([name, value]) => [
      name,
      value ?? before[name as keyof Sample],
    ]);
    const usage = recordOf(PROCESSES, (name) => sample.usage[name] ?? before.usage[name]);
    return { ...Object.fromEntries(filled), usage };
  }, undefined);
}

/** What a stage has observed so far. */
export function bucketsOfStage(system: Sampled, stage: Stage): BucketCounts {
  const { worker, histogram } = STAGES[stage];
  return bucketsOf(system[worker].counters, histogram);
}

/** A value for each name. */
export function recordOf<N extends string, V>(
  names: readonly N[],
  valueOf: (name: N) => V,
): Record<N, V> {
  return Object.fromEntries(names.map((name) => [name, valueOf(name)])) as Record<N, V>;
}

function publishedBy(counters: CounterTotals | undefined): number {
  return (counters?.total("wattstream_simulator_readings_acknowledged_total") ?? 0) +
    (counters?.total("wattstream_simulator_states_acknowledged_total") ?? 0);
}

function usageOf(counters: CounterTotals | undefined): Usage {
  return {
    cpuS: counters?.total("process_cpu_seconds_total") ?? 0,
    memoryBytes: counters?.now("process_resident_memory_bytes") ?? 0,
  };
}
