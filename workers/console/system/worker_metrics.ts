/** What the workers' own metrics add to what the log says: connections, spools, latencies. */
import { messageOf } from "../../../shared/errors.ts";
import { readMetrics, type Series } from "../../../shared/service/metrics_text.ts";
import type { WorkerAddress } from "../config.ts";

/** A worker that takes longer is shown as one that does not answer. */
const ANSWER_MS_MAX = 1500;

/** One process of a worker. */
export interface WorkerAnswer extends WorkerAddress {
  /** Undefined where it did not answer. */
  readonly series: Series | undefined;
  readonly problem: string | undefined;
}

/** Asks all of them at once. */
export async function askWorkers(workers: readonly WorkerAddress[]): Promise<WorkerAnswer[]> {
  return await Promise.all(workers.map(async (worker) => {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX);
      const response = await fetch(`http://${worker.address}/metrics`, { signal });
      const text = await response.text();
      if (!response.ok) return { ...worker, series: undefined, problem: `HTTP ${response.status}` };
      return { ...worker, series: readMetrics(text), problem: undefined };
    } catch (error) {
      return { ...worker, series: undefined, problem: messageOf(error) };
    }
  }));
}

/** All series of a name, whatever their labels, added up. */
export function sumOf(series: Series | undefined, name: string): number | undefined {
  if (series === undefined) return undefined;
  let sum: number | undefined;
  for (const [each, value] of series) {
    if (each === name || each.startsWith(`${name}{`)) sum = (sum ?? 0) + value;
  }
  return sum;
}

/**
 * The quantile of what a histogram has taken in between two answers, or undefined where that is
 * nothing; linear within a bucket, as Prometheus does it, and of the last one its lower bound.
 */
export function quantileBetween(
  before: Series,
  now: Series,
  { name, quantile }: { readonly name: string; readonly quantile: number },
): number | undefined {
  const buckets: { readonly bound: number; readonly count: number }[] = [];
  const pattern = new RegExp(`^${name}_bucket\\{.*le="([^"]+)".*\\}$`);
  for (const [each, value] of now) {
    const bound = pattern.exec(each)?.[1];
    if (bound === undefined) continue;
    const former = before.get(each) ?? 0;
    // A process that has begun anew counts from 0.
    const count = value < former ? value : value - former;
    buckets.push({ bound: bound === "+Inf" ? Infinity : Number(bound), count });
  }
  buckets.sort((a, b) => a.bound - b.bound);
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return undefined;
  const rank = quantile * total;
  let [lower, below] = [0, 0];
  for (const { bound, count } of buckets) {
    if (count >= rank) {
      if (bound === Infinity) return lower;
      return lower + (bound - lower) * ((rank - below) / Math.max(1, count - below));
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
