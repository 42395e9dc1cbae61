import assert from "node:assert/strict";
import { Latencies } from "./latencies.ts";

const percentiles: [
  samples: number[],
  p50: number | null,
  p95: number | null,
  p99: number | null,
][] = [
  [[], null, null, null],
  [[7], 7, 7, 7],
  [[2, 1], 1, 2, 2],
  [[3, 10, 1], 3, 10, 10],
  [Array.from({ length: 100 }, (_, i) => 100 - i), 50, 95, 99],
  [Array.from({ length: 101 }, (_, i) => i), 50, 95, 99],
];
for (const [samples, p50, p95, p99] of percentiles) {
  Deno.test(`Latencies takes the nearest rank of ${samples.length} samples`, () => {
    const latencies = new Latencies();
    for (const ms of samples) latencies.add(ms);
    assert.deepEqual(latencies.percentiles, { p50, p95, p99 });
    assert.equal(latencies.msMax, samples.length === 0 ? null : Math.max(...samples));
    assert.equal(latencies.count, samples.length);
  });
}
