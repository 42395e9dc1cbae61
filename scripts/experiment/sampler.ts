/**
 * What an experiment takes down once a second: counts so far, the latencies since the sample before,
 * and what each process uses. Nothing is asked anew: the counters are those of the live view.
 */
import type { Figures } from "../dev/figures.ts";
import type { CounterTotals } from "../dev/worker_metrics.ts";
import { between, type BucketCounts, bucketsOf, latencyOf } from "./histogram.ts";

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

/** Counts are of this run, from its start. */
export interface Sample {
  readonly elapsedS: number;
  /** Households that publish. */
  readonly households: number;
  /** To the broker; those of the bridge among them where the broker is embedded. */
  readonly connections: number;
  readonly events_into_broker: number;
  readonly events_into_log: number;
  readonly windows: number;
  readonly datasets: number;
  readonly late: number;
  readonly dead_letters: number;
  /** Records that the two stream workers have not processed yet. */
  readonly lag: number;
  /** Since the sample before, ms; null where nothing passed. */
  readonly latencyMsP50: Readonly<Record<Stage, number | null>>;
  readonly latencyMsP99: Readonly<Record<Stage, number | null>>;
  readonly usage: Readonly<Record<ProcessName, Usage>>;
}

/** The part of a running system that is sampled. */
export interface Sampled {
  readonly bridge: { readonly counters: CounterTotals };
  readonly predictions: { readonly counters: CounterTotals };
  readonly training: { readonly counters: CounterTotals };
  readonly simulator: { readonly counters: CounterTotals } | undefined;
  readonly broker:
    | { readonly publishedCount: number; readonly connectedClients: number }
    | undefined;
}

export class Sampler {
  readonly #elapsedMs: () => number;
  readonly #ownUsage: () => Usage;
  readonly #startMs: number;
  #before = new Map<Stage, BucketCounts>();

  /** @param ownUsage of this process. */
  constructor(elapsedMs: () => number, ownUsage: () => Usage) {
    this.#elapsedMs = elapsedMs;
    this.#ownUsage = ownUsage;
    this.#startMs = elapsedMs();
  }

  take(system: Sampled, figures: Figures): Sample {
    const { bridge, simulator, broker } = system;
    const latencies = new Map(
      STAGE_NAMES.map((stage) => {
        const buckets = bucketsOfStage(system, stage);
        const latency = latencyOf(between(this.#before.get(stage) ?? [], buckets));
        this.#before.set(stage, buckets);
        return [stage, latency];
      }),
    );
    const simulated = (name: string) =>
      simulator?.counters.now(`wattstream_simulator_${name}`) ?? 0;
    return {
      elapsedS: Math.round((this.#elapsedMs() - this.#startMs) / 10) / 100,
      households: simulated("households"),
      connections: broker?.connectedClients ?? simulated("connections"),
      events_into_broker: broker?.publishedCount ?? publishedBy(simulator?.counters),
      events_into_log: bridge.counters.totalOf("wattstream_bridge_appended_total"),
      windows: figures.windows,
      datasets: figures.datasets,
      late: figures.late,
      dead_letters: figures.deadLetters,
      lag: figures.lag,
      latencyMsP50: recordOf(STAGE_NAMES, (stage) => latencies.get(stage)!.p50),
      latencyMsP99: recordOf(STAGE_NAMES, (stage) => latencies.get(stage)!.p99),
      usage: recordOf(
        PROCESSES,
        (name) => name === "experiment" ? this.#ownUsage() : usageOf(system[name]?.counters),
      ),
    };
  }
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
