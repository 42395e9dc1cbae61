import assert from "node:assert/strict";
import { LATENCY_BUCKETS } from "../../shared/service/metrics.ts";
import { CounterTotals } from "../dev/worker_metrics.ts";
import { between, bucketsOf, latencyOf } from "./histogram.ts";

/** Cumulative counts, of so many observations in the buckets that end at these seconds. */
function buckets(counts: Readonly<Record<string, number>>): number[] {
  let sum = 0;
  return [...LATENCY_BUCKETS, "+Inf"].map((bound) => sum += counts[bound] ?? 0);
}

Deno.test("latencyOf() spreads observations evenly within their bucket", () => {
  // 0.05 to 0.1 s: 50; 0.1 to 0.25 s: 49; 0.25 to 0.5 s: 1
  assert.deepEqual(latencyOf(buckets({ "0.1": 50, "0.25": 49, "0.5": 1 })), {
    p50: 100,
    p95: 237.76,
    p99: 250,
    max: 500,
  });
});

Deno.test("latencyOf() knows no maximum above the last bound, and nothing of nothing", () => {
  const { p50, max } = latencyOf(buckets({ "+Inf": 2 }));
  assert.deepEqual([p50, max], [60_000, null]);
  assert.equal(latencyOf(buckets({})).p50, null);
});

Deno.test("bucketsOf() goes on over the lives of a worker, and between() tells what came since", () => {
  const counters = new CounterTotals();
  const observe = (count: number) =>
    counters.take(
      new Map([['x_seconds_bucket{le="60"}', count], ['x_seconds_bucket{le="+Inf"}', count]]),
    );
  observe(3);
  const before = bucketsOf(counters, "x_seconds");
  counters.close();
  observe(4);
  const after = bucketsOf(counters, "x_seconds");
  assert.deepEqual([before.at(-1), after.at(-1)], [3, 7]);
  assert.deepEqual(between(before, after), buckets({ "60": 4 }));
});
