import assert from "node:assert/strict";
import { changesSince, type Entry } from "./history.ts";
import { medianOf, ratiosOf, resultOf, type Results } from "./results.ts";

const RESULTS: Results = Object.fromEntries(
  Object.entries({
    "core windows": { inputPerS: 9e9 },
    "live memory, windows": { bytesPerHousehold: 9e9 },
    "kafka windows": { inputPerS: 200, outputPerS: 150, inputPerCpuS: 220, peakMemoryMB: 250 },
    "kafka training": { inputPerS: 300, inputPerCpuS: 330 },
    "Flink windows": { inputPerS: 100, inputPerCpuS: 50 },
    "Go by hand windows": { inputPerS: 80, inputPerCpuS: 440 },
    "Go by hand training": { inputPerS: 600, inputPerCpuS: 330 },
    "kafka-producer-perf-test": { recordsPerS: 300 },
    "bridge QoS 0": { toLimit: 0.5 },
    "bridge QoS 1": { toLimit: 0.7 },
  }).map(([name, figures]) => [name, resultOf([figures])]),
);

Deno.test("ratiosOf() holds ours against the best peer at each figure", () => {
  assert.deepEqual(ratiosOf(RESULTS), {
    windows_vs_best_peer: 2,
    windows_per_cpu_s_vs_best_peer: 0.5,
    training_vs_best_peer: 0.5,
    training_per_cpu_s_vs_best_peer: 1,
    windows_vs_producer_limit: 0.5,
    bridge_qos0_vs_mosquitto_sub: 0.5,
    bridge_qos1_vs_mosquitto_sub: 0.7,
  });
});

Deno.test("ratiosOf() has no ratio of what was not measured", () => {
  const { "bridge QoS 0": bridge, "kafka windows": windows } = RESULTS;
  assert.deepEqual(ratiosOf({ "kafka windows": windows!, "bridge QoS 0": bridge! }), {
    bridge_qos0_vs_mosquitto_sub: 0.5,
  });
});

Deno.test("resultOf() takes the median of each figure by itself", () => {
  const { median } = resultOf([{ a: 3, b: 1 }, { a: 1, b: 2 }, { a: 2, b: 9 }]);
  assert.deepEqual(median, { a: 2, b: 2 });
  assert.equal(medianOf([4, 1]), 1);
});

function entryOf(figures: Record<string, number>, ratios: Record<string, number> = {}): Entry {
  return {
    ...{ at: "2026-01-01T00:00:00.000Z", readings: 1000, households: 10, ratios },
    results: { "kafka windows": resultOf([figures]) },
  };
}

Deno.test("changesSince() finds what became worse by more than a fifth, in either direction", () => {
  const history = [
    entryOf({ inputPerCpuS: 500, peakMemoryMB: 100 }, { windows_vs_best_peer: 2 }),
    entryOf({ inputPerCpuS: 100, peakMemoryMB: 200 }, { windows_vs_best_peer: 1 }),
    entryOf({ inputPerCpuS: 200, peakMemoryMB: 100 }, { windows_vs_best_peer: 1 }),
  ];
  const now = entryOf({ inputPerCpuS: 150, peakMemoryMB: 119 }, { windows_vs_best_peer: 0.7 });
  assert.deepEqual(
    changesSince(history, now).map((
      { name, before, isRegression },
    ) => [name, before, isRegression]),
    [
      ["windows_vs_best_peer", 1, true],
      ["kafka windows: inputPerCpuS", 200, true],
      ["kafka windows: peakMemoryMB", 100, false],
    ],
  );
  const better = entryOf({ inputPerCpuS: 900, peakMemoryMB: 10 }, { windows_vs_best_peer: 9 });
  assert.ok(changesSince(history, better).every(({ worseBy }) => worseBy < 0));
});

Deno.test("changesSince() leaves other loads alone, and figures that move with the machine", () => {
  const before = entryOf({ inputPerCpuS: 500, inputPerS: 500 });
  const now = entryOf({ inputPerCpuS: 500, inputPerS: 1 });
  assert.deepEqual(changesSince([before], now).map(({ worseBy }) => worseBy), [0]);
  assert.deepEqual(changesSince([{ ...before, readings: 999 }], now), []);
});
