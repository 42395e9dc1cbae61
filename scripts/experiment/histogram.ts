/** Percentiles of a Prometheus histogram, of which only the counts at or below each bound are known. */
import { LATENCY_BUCKETS } from "../../shared/service/metrics.ts";
import type { CounterTotals } from "../dev/worker_metrics.ts";

/** Observations at or below each of `LATENCY_BUCKETS`, and of all. */
export type BucketCounts = readonly number[];

export interface LatencyMs {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** The bound that none is above; null where there is none, or where some are above the last. */
  readonly max: number | null;
}

/** What a worker has observed so far, over all its lives. */
export function bucketsOf(counters: CounterTotals, histogram: string): BucketCounts {
  return [...LATENCY_BUCKETS, "+Inf"].map((bound) =>
    counters.total(`${histogram}_bucket{le="${bound}"}`)
  );
}

/** What came between two looks. */
export function between(before: BucketCounts, after: BucketCounts): BucketCounts {
  return after.map((count, index) => Math.max(0, count - (before[index] ?? 0)));
}

/** As Prometheus estimates them: evenly spread within a bucket. Where above the last bound, that bound. */
export function latencyOf(buckets: BucketCounts): LatencyMs {
  const total = buckets.at(-1) ?? 0;
  if (total === 0) return { p50: null, p95: null, p99: null, max: null };
  const at = (share: number) => {
    const rank = share * total;
    const index = buckets.findIndex((count) => count >= rank);
    if (index >= LATENCY_BUCKETS.length) return LATENCY_BUCKETS.at(-1)! * 1000;
    const below = index === 0 ? 0 : buckets[index - 1]!;
    const lower = index === 0 ? 0 : LATENCY_BUCKETS[index - 1]!;
    const upper = LATENCY_BUCKETS[index]!;
    const seconds = lower + (upper - lower) * (rank - below) / (buckets[index]! - below);
    return Math.round(seconds * 100_000) / 100;
  };
  const last = LATENCY_BUCKETS[buckets.findIndex((count) => count >= total)];
  return {
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: last === undefined ? null : last * 1000,
  };
}
