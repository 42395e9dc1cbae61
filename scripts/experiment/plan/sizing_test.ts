import assert from "node:assert/strict";
import { benchFiguresOf } from "./bench_figures.ts";
import { sizeFor } from "./sizing.ts";

/** With so many households each of them has so many inputs a second, and takes so much. */
const steady = (inputPerS: number, cores: number, peakMemoryMB: number) => ({
  median: { inputPerS, cores, peakMemoryMB },
});
const job = (perS: number, outputPerS: number, inputPerCpuS: number) => ({
  median: { inputPerS: perS, outputPerS, inputPerCpuS, peakMemoryMB: 250 },
});

const STEADY = {
  "steady bridge, households: 0": steady(0, 0.01, 100),
  "steady bridge, households: 1000": steady(500, 0.1, 140),
  "steady predictions, households: 0": steady(0, 0.02, 100),
  // And 4,000 windows.
  "steady predictions, households: 4000": steady(2000, 0.3, 150),
  "steady training, households: 4000": steady(3000, 0.2, 200),
};
const MEASURED = {
  ...STEADY,
  "training, households: 20000": { median: { peakMemoryMB: 400 } },
  "kafka windows": job(300_000, 300_000, 250_000),
  "kafka training": job(300_000, 3_000, 300_000),
  "bridge QoS 1": {
    median: {
      limitPerS: 100_000,
      readingsPerS: 50_000,
      readingsPerCpuS: 125_000,
      peakMemoryMB: 150,
    },
  },
  "kafka-producer-perf-test": { median: { recordsPerS: 300_000 } },
};
const BENCH = benchFiguresOf(MEASURED);
const BYTES = {
  ...{ reading: 100, state: 150, windowAlone: 50, windowReading: 30, datasetSecond: 60 },
  judged: 200,
};
const OPTIONS = { intervalS: 1, isDisaggregating: false, bench: BENCH, bytes: BYTES };

function assertNear(actual: number, expected: number) {
  assert.ok(Math.abs(actual - expected) < 1e-9 * expected, `${actual} for ${expected}`);
}

Deno.test("sizeFor() multiplies what one process does, at 60 % of it", () => {
  const size = sizeFor(100_000, OPTIONS);
  // 150,000 events a second; a bridge takes 30,000 of them, a training replica 180,000.
  assert.equal(size.bridge.replicas, 5);
  // 100,000 readings and as many windows, of 360,000.
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
  const size = sizeFor(1_000_000, { ...OPTIONS, intervalS: 10 });
  assert.equal(size.readingsPerS, 100_000);
  assert.equal(size.windowsPerS, 1_000_000);
  // 1,100,000 readings and windows, 360,000 a replica.
  assert.equal(size.predictions.replicas, 4);
  assert.equal(size.logBytesPerS, 10e6 + 7.5e6 + 1e6 * (50 + 45) + 3e6);
  assert.equal(size.bindsFirst, "Kafka records");
});

Deno.test("sizeFor() has cores between what was measured, each worker in one unit throughout", () => {
  const few = sizeFor(2_000, { ...OPTIONS, intervalS: 2 });
  // 1,000 readings and 2,000 windows: half of what took 0.3 cores.
  assertNear(few.predictions.cores, 0.16);
  assert.equal(few.training.cores, 0.2, "no less than the least that was measured");
  // From 6,000 to 600,000 readings and windows cores grow from 0.3 to 1.2, as a power: halfway 0.6.
  assertNear(sizeFor(30_000, OPTIONS).predictions.cores, 0.6);
  // From 500 to 50,000 events from 0.1 to 0.4: 5,000 take 0.2.
  assertNear(sizeFor(10_000, { ...OPTIONS, intervalS: 3 }).bridge.cores, 0.2);
});

Deno.test("sizeFor() says of the size that was measured what was measured", () => {
  const { predictions } = sizeFor(4_000, { ...OPTIONS, intervalS: 2 });
  assertNear(predictions.cores, 0.3);
  assertNear(predictions.memoryMB, 150);
});

Deno.test("sizeFor() has memory between what was measured, and behind the last as it grew up to there", () => {
  const { bridge, predictions, training } = sizeFor(2_000, OPTIONS);
  assert.equal(bridge.memoryMB, 150, "the most of all, whatever the households");
  assert.deepEqual([predictions.memoryMB, training.memoryMB], [125, 200]);
  const many = sizeFor(100_000, { ...OPTIONS, replication: 1 });
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
  const options = { ...OPTIONS, intervalS: 2.075, replication: 1 };
  const bitsOf = (households: number) => {
    const without = sizeFor(households, options).networkBitsPerS;
    return sizeFor(households, { ...options, bench }).networkBitsPerS - without;
  };
  assert.ok(Math.abs(sizeFor(1_000, { ...options, bench }).networkBitsPerS - 8 * carriedPerS) < 1);
  const most = bitsOf(1_000);
  assert.ok(Math.abs(bitsOf(500) - (most + 8_000) / 2) < 1);
  assert.equal(Math.round(bitsOf(2_000)), Math.round(most));
});

Deno.test("sizeFor() with disaggregation has its replicas, and what it reads and writes", () => {
  const bench = benchFiguresOf({
    ...MEASURED,
    "core disaggregation, 8 devices": {
      median: { householdSecondsPerCpuS: 8_000 },
    },
  });
  const size = sizeFor(100_000, { ...OPTIONS, bench, isDisaggregating: true });
  // 4,800 of 100,000 windows a second each.
  assert.deepEqual(size.disaggregation, { replicas: 21, cores: 12.5 });
  assert.equal(size.partitions, 50);
  assert.equal(size.bindsFirst, "disaggregation");
  assert.equal(size.logBytesPerS, 70.5e6 + 20e6);
  // It reads the 53 MB of windows and datasets, the publisher its 20 MB.
  assert.equal(size.networkBitsPerS, 8 * (3 * 90.5e6 + 27.5e6 + 53e6 + 20e6));
});

Deno.test("sizeFor() without a full load says of one process what it takes, and no more", () => {
  const bench = benchFiguresOf(STEADY);
  const size = sizeFor(8_000, { ...OPTIONS, intervalS: 2, bench });
  // 12,000 readings and windows: as it grew up to 6,000.
  assert.equal(size.predictions.replicas, null);
  assertNear(size.predictions.cores, 0.58);
  const { partitions, mqttBrokers, kafkaBrokers, bindsFirst } = size;
  assert.deepEqual([partitions, mqttBrokers, kafkaBrokers, bindsFirst], [null, null, null, null]);
  assert.deepEqual(bench.missing, [
    ...["kafka windows", "kafka training", "bridge QoS 1", "kafka-producer-perf-test"],
    "core disaggregation, 8 devices",
  ]);
});

Deno.test("benchFiguresOf() says which measurement is missing or none", () => {
  assert.throws(
    () => benchFiguresOf({ "core windows": {} }),
    /not in --bench: steady bridge, steady predictions, steady training$/,
  );
  const { "steady bridge, households: 1000": _, ...others } = MEASURED;
  assert.throws(() => benchFiguresOf(others), /not in --bench: steady bridge$/);
  const wrong = { ...MEASURED, "kafka windows": job(0, 0, 0) };
  assert.throws(() => benchFiguresOf(wrong), /No figures in --bench: kafka windows$/);
});
