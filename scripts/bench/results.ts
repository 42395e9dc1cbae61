/** What was measured: runs of each thing by its name, their medians, and the ratios of these. */

export type Figures = Readonly<Record<string, number>>;

export interface Result {
  readonly median: Figures;
  readonly runs: readonly Figures[];
}

export type Results = Readonly<Record<string, Result>>;

/** @param runs At least one; all with the same figures. */
export function resultOf(runs: readonly Figures[]): Result {
  const median = Object.fromEntries(
    Object.keys(runs[0]!).map((name) => [name, medianOf(runs.map((figures) => figures[name]!))]),
  );
  return { median, runs };
}

/** The lower one of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}

export const LIMIT_NAME = "kafka-producer-perf-test";

/** As our workers are named among the results; peers go by their own names. */
export function resultName(engine: string, job: string): string {
  return `${engine === "Wattstream" ? "kafka" : engine} ${job}`;
}

/**
 * Ours to the best peer's, each figure by itself; ours to what merely writes or receives. What was not
 * measured has no ratio.
 */
export function ratiosOf(results: Results): Record<string, number> {
  const figure = (name: string, key: string) => results[name]?.median[key];
  const toBest = (job: string, key: string) => {
    const own = resultName("Wattstream", job);
    const peers = Object.keys(results)
      .filter((name) => name.endsWith(` ${job}`) && name !== own && !/^(core|sqlite) /.test(name))
      .map((name) => figure(name, key))
      // “live memory, windows” is no peer.
      .filter((value) => value !== undefined);
    return quotient(figure(own, key), peers.length === 0 ? undefined : Math.max(...peers));
  };
  const all = {
    windows_vs_best_peer: toBest("windows", "inputPerS"),
    windows_per_cpu_s_vs_best_peer: toBest("windows", "inputPerCpuS"),
    training_vs_best_peer: toBest("training", "inputPerS"),
    training_per_cpu_s_vs_best_peer: toBest("training", "inputPerCpuS"),
    windows_vs_producer_limit: quotient(
      figure("kafka windows", "outputPerS"),
      figure(LIMIT_NAME, "recordsPerS"),
    ),
    bridge_qos0_vs_mosquitto_sub: figure("bridge QoS 0", "toLimit"),
    bridge_qos1_vs_mosquitto_sub: figure("bridge QoS 1", "toLimit"),
  };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

function quotient(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined ? undefined : value / by;
}
