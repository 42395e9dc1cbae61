import assert from "node:assert/strict";
import { benchFiguresOf } from "./bench_figures.ts";
import { sizeFor } from "./sizing.ts";

/** With so many households each of them has so many inputs a second, and takes so much. */
const steady = (inputPerS: number, cores: number, peakMemoryMB: number) => ({
  median: { inputPerS, cores, peakMemoryMB },
});

const MEASURED = {
  "steady bridge, households: 0": steady(0, 0.01, 100),
  "steady bridge, households: 1000": steady(500, 0.1, 140),
  "steady predictions, households: 0": steady(0, 0.02, 100),
  "steady predictions, households: 4000": steady(2000, 0.3, 150),
  "steady training, households: 4000": steady(3000, 0.2, 200),
  "training, households: 20000": { median: { peakMemoryMB: 400 } },
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
};
const BENCH = benchFiguresOf(MEASURED);
const BYTES = { reading: 100, state: 150, windowAlone: 50, windowReading: 30, datasetSecond: 60 };

Deno.test("sizeFor() multiplies what one process does, at 60 % of it", () => {
  const size = sizeFor(100_000, { intervalS: 1, bench: BENCH, bytes: BYTES });
  // 150,000 events a second; a bridge takes 30,000 of them, a training replica 180,000.
  assert.equal(size.bridge.replicas, 5);
  assert.equal(size.predictions.replicas, 1);
  assert.equal(size.training.replicas, 1);
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
  assert.equal(size.logBytesPerS, 10e6 + 7.5e6 + 1e6 * (50 + 45) + 3e6);
  assert.equal(size.bindsFirst, "Kafka records");
});

Deno.test("sizeFor() has cores and memory between what was measured", () => {
  const { bridge, predictions, training } = sizeFor(2_000, {
    ...{ intervalS: 2, bench: BENCH, bytes: BYTES },
  });
  // 1,500 events: from 500 with 0.1 cores to 50,000 with 50,000 / 60,000 of one, as a power.
  const power = Math.log(50 / 60 / 0.1) / Math.log(100);
  assert.ok(Math.abs(bridge.cores - 0.1 * 3 ** power) < 1e-9);
  // 1,000 readings, and 1,000 windows more than these.
  assert.ok(Math.abs(predictions.cores - (0.02 + 0.28 / 2 + 1_000 / 250_000)) < 1e-9);
  assert.equal(training.cores, 0.2, "no less than the least that was measured");
  // Behind the last as it grew up to there.
  assert.deepEqual([bridge.memoryMB, predictions.memoryMB, training.memoryMB], [180, 125, 200]);
  const many = sizeFor(100_000, { intervalS: 1, bench: BENCH, bytes: BYTES, replication: 1 });
  assert.equal(many.training.memoryMB, 400 + 80_000 * 200 / 16_000);
  assert.equal(many.diskBytesPerDay, 70.5e6 * 86_400);
});

Deno.test("sizeFor() has in the network what requests take beside events, up to a level", () => {
  const carriedPerS = 1e6;
  const bench = benchFiguresOf({
    ...MEASURED,
    "steady log, households: 0": { median: { carriedPerS: 1_000 } },
    "steady log, households: 1000": { median: { carriedPerS } },
  });
  const options = { intervalS: 2.075, bytes: BYTES, replication: 1 };
  const bitsOf = (households: number) => {
    const without = sizeFor(households, { ...options, bench: BENCH }).networkBitsPerS;
    return sizeFor(households, { ...options, bench }).networkBitsPerS - without;
  };
  assert.ok(Math.abs(sizeFor(1_000, { ...options, bench }).networkBitsPerS - 8 * carriedPerS) < 1);
  const most = bitsOf(1_000);
  assert.ok(Math.abs(bitsOf(500) - (most + 8_000) / 2) < 1);
  assert.equal(Math.round(bitsOf(2_000)), Math.round(most));
});

Deno.test("benchFiguresOf() says which measurement is missing", () => {
  assert.throws(
    () => benchFiguresOf({ "core windows": {} }),
    /not in --bench: kafka windows, kafka training, bridge QoS 1, kafka-producer-perf-test, steady bridge, /,
  );
  const { "steady bridge, households: 0": _, "steady bridge, households: 1000": __, ...others } =
    MEASURED;
  assert.throws(() => benchFiguresOf(others), /not in --bench: steady bridge/);
});
