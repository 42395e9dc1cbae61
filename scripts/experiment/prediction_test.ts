import assert from "node:assert/strict";
import { benchFiguresOf } from "./plan/bench_figures.ts";
import { predictionOf, predictionText } from "./prediction.ts";
import { PROCESSES, recordOf, type Sample, STAGE_NAMES } from "./sampler.ts";

const STEADY = { median: { inputPerS: 2_000, cores: 0.2, peakMemoryMB: 150 } };
const JOB = {
  median: { inputPerS: 200_000, outputPerS: 200_000, inputPerCpuS: 250_000, peakMemoryMB: 250 },
};
const BENCH = benchFiguresOf({
  "steady bridge, households: 1000": STEADY,
  "steady predictions, households: 1000": STEADY,
  "steady training, households: 1000": STEADY,
  "kafka windows": JOB,
  "kafka training": JOB,
  "bridge QoS 1": {
    median: { limitPerS: 1e5, readingsPerS: 5e4, readingsPerCpuS: 6e4, peakMemoryMB: 150 },
  },
  "kafka-producer-perf-test": { median: { recordsPerS: 300_000 } },
});
const BYTES = {
  ...{ reading: 100, state: 150, windowAlone: 50, windowReading: 30, datasetSecond: 60 },
  judged: 200,
};

/** Of a ramp that is at its top from second 100 on. */
function sampleAt(elapsedS: number): Sample {
  return {
    elapsedS,
    ...{ households: elapsedS < 100 ? 10 : 100, connections: 1, events_into_broker: 1 },
    ...{ events_into_log: 75 * elapsedS, windows: 90 * elapsedS, datasets: 0, late: 0 },
    ...{ dead_letters: 0, lag: 0, log_bytes: 1_000 * elapsedS, kafka_bytes: null },
    latencyMsP50: recordOf(STAGE_NAMES, () => null),
    latencyMsP99: recordOf(STAGE_NAMES, () => null),
    usage: recordOf(PROCESSES, () => ({ cpuS: 0.25 * elapsedS, memoryBytes: 180e6 })),
  };
}

Deno.test("predictionOf() holds what was measured with all households against what is expected of them", () => {
  const usage = recordOf(PROCESSES, () => ({ cpuS: 100, memoryBytes: 900e6 }));
  const samples = [
    ...Array.from({ length: 300 }, (_, second) => sampleAt(second)),
    // What closes at the end.
    { ...sampleAt(300), households: 0, windows: 1e6, usage },
  ];
  const rows = new Map(
    predictionOf(samples, { bench: BENCH, bytes: BYTES }).map((row) => [
      row.what,
      row,
    ]),
  );
  assert.equal(rows.get("windows")?.predicted, 100);
  assert.equal(rows.get("windows")?.measured, 90);
  assert.equal(rows.get("CPU of training")?.measured, 0.25);
  assert.equal(rows.get("CPU of training")?.predicted, 0.2);
  assert.equal(rows.get("memory of bridge")?.measured, 180);
  assert.equal(rows.get("memory of bridge")?.predicted, 150);
  assert.equal(rows.get("network of Kafka")?.measured, null);
  assert.equal(rows.get("disk a day, one copy")?.measured, 0.0864);
  const text = predictionText([...rows.values()]);
  assert.match(text, /^windows +per second +100 +90 +-10 %$/m);
  assert.match(text, /^CPU of training +cores +0.2 +0.25 +\+25 %$/m);
  assert.match(text, /^network of Kafka +Mbit\/s .* –$/m);
});

Deno.test("predictionOf() says nothing where nobody published", () => {
  assert.deepEqual(predictionOf([], { bench: BENCH, bytes: BYTES }), []);
});
