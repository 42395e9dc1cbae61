import assert from "node:assert/strict";
import { benchFiguresOf } from "./bench_figures.ts";
import { sizeFor } from "./sizing.ts";

const BENCH = benchFiguresOf({
  "kafka windows": { median: { inputPerS: 200_000, inputPerCpuS: 250_000, peakMemoryMB: 250 } },
  "kafka training": { median: { inputPerS: 300_000, inputPerCpuS: 300_000, peakMemoryMB: 260 } },
  "bridge QoS 1": {
    median: {
      limitPerS: 100_000,
      readingsPerS: 50_000,
      readingsPerCpuS: 60_000,
      peakMemoryMB: 150,
    },
  },
  "kafka-producer-perf-test": { median: { recordsPerS: 300_000 } },
});
const BYTES = { reading: 100, state: 150, window: 500, datasetSecond: 60 };

Deno.test("sizeFor() multiplies what one process does, at 60 % of it", () => {
  const size = sizeFor(100_000, { intervalS: 1, bench: BENCH, bytes: BYTES });
  // 150,000 events a second; a bridge takes 30,000 of them, a training replica 180,000.
  assert.deepEqual(size.bridge, { replicas: 5, cores: 2.5, memoryMB: 750 });
  assert.deepEqual(size.predictions, { replicas: 1, cores: 0.4, memoryMB: 250 });
  assert.deepEqual(size.training, { replicas: 1, cores: 0.5, memoryMB: 260 });
  assert.equal(size.partitions, 10);
  assert.equal(size.mqttBrokers, 3);
  // 100,000 · 100 + 50,000 · 150 in; 100,000 · 500 + 50,000 · 60 out.
  assert.equal(size.logBytesPerS, 10e6 + 7.5e6 + 50e6 + 3e6);
  assert.equal(size.networkBitsPerS, 8 * (3 * 70.5e6 + 27.5e6));
  assert.equal(size.diskBytesPerDay, 70.5e6 * 3 * 86_400);
  // 250,000 records a second in three copies, 180,000 a broker; 1.912 Gbit/s of 0.6 each.
  assert.equal(size.kafkaBrokers, 5);
  assert.equal(size.bindsFirst, "bridge");
});

Deno.test("sizeFor() has a window a second, whatever the interval, and fewer readings in it", () => {
  const size = sizeFor(1_000_000, { intervalS: 10, bench: BENCH, bytes: BYTES });
  assert.equal(size.readingsPerS, 100_000);
  assert.equal(size.windowsPerS, 1_000_000);
  assert.equal(size.predictions.replicas, 9);
  assert.equal(size.partitions, 20);
  assert.equal(size.logBytesPerS, 10e6 + 7.5e6 + 50e6 + 3e6);
  assert.equal(size.bindsFirst, "Kafka records");
});

Deno.test("benchFiguresOf() says which measurement is missing", () => {
  assert.throws(
    () => benchFiguresOf({ "core windows": {} }),
    /not in --bench: kafka windows, kafka training, bridge QoS 1, kafka-producer-perf-test/,
  );
});
