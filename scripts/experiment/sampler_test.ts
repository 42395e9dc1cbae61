import assert from "node:assert/strict";
import type { Figures } from "../dev/figures.ts";
import { CounterTotals } from "../dev/worker_metrics.ts";
import { lastKnown, PROCESSES, recordOf, type Sample, Sampler, STAGE_NAMES } from "./sampler.ts";

const FIGURES: Figures = {
  ...{ households: 3, readings: 10, readingsPerS: 1, windows: 20, windowsPerS: 2, datasets: 4 },
  ...{ disaggregated: undefined, late: 5, deadLetters: 6, lag: 7, logBytes: 8 },
};

/** Of a worker whose counters say this, and which has answered the last look, or has not. */
function worker(series: Readonly<Record<string, number>>, isFresh = true) {
  const counters = new CounterTotals();
  counters.take(new Map(Object.entries(series)));
  return { counters, isFresh };
}

function take(silent: readonly string[]): Sample {
  const usage = { process_cpu_seconds_total: 1.5, process_resident_memory_bytes: 1e8 };
  const of = (name: string, own = {}) => worker({ ...usage, ...own }, !silent.includes(name));
  const sampler = new Sampler({
    elapsedMs: () => 1000,
    ownUsage: () => ({ cpuS: 1, memoryBytes: 2 }),
    kafkaBytes: () => 3,
  });
  return sampler.take({
    bridge: of("bridge", { 'wattstream_bridge_appended_total{topic="power"}': 11 }),
    predictions: of("predictions"),
    training: of("training"),
    simulator: of("simulator", {
      wattstream_simulator_households: 8,
      wattstream_simulator_readings_acknowledged_total: 9,
    }),
    broker: undefined,
  }, FIGURES);
}

Deno.test("Sampler takes what everyone says", () => {
  const sample = take([]);
  assert.deepEqual(
    [sample.households, sample.events_into_broker, sample.events_into_log, sample.windows],
    [8, 9, 11, 20],
  );
  assert.deepEqual([sample.datasets, sample.late, sample.dead_letters], [4, 5, 6]);
  assert.deepEqual(sample.usage.simulator, { cpuS: 1.5, memoryBytes: 1e8 });
});

Deno.test("Sampler leaves a gap where a process did not answer, not what it said before", () => {
  const bySilent: Record<string, (keyof Sample)[]> = {
    simulator: ["households", "connections", "events_into_broker"],
    bridge: ["events_into_log", "dead_letters"],
    predictions: ["windows", "late", "dead_letters"],
    training: ["datasets", "late", "dead_letters"],
  };
  for (const [name, expected] of Object.entries(bySilent)) {
    const sample = take([name]);
    const gaps = Object.entries(sample).filter(([, value]) => value === null).map(([key]) => key);
    assert.deepEqual(gaps, expected, name);
    const unused = PROCESSES.filter((process) => sample.usage[process] === null);
    assert.deepEqual(unused, [name]);
  }
});

Deno.test("lastKnown() fills a gap with what was known before it", () => {
  const sample: Sample = {
    ...{ elapsedS: 1, households: 4, connections: 5, events_into_broker: 6, events_into_log: 7 },
    ...{ windows: 8, datasets: 9, late: 10, dead_letters: 11, lag: 12 },
    ...{ log_bytes: 13, kafka_bytes: 14 },
    latencyMsP50: recordOf(STAGE_NAMES, () => null),
    latencyMsP99: recordOf(STAGE_NAMES, () => null),
    usage: recordOf(PROCESSES, () => ({ cpuS: 1, memoryBytes: 2 })),
  };
  const later: Sample = {
    ...{ ...sample, elapsedS: 2, households: null, windows: 30 },
    usage: { ...sample.usage, simulator: null },
  };
  assert.equal(lastKnown([]), undefined);
  const expected = { ...sample, elapsedS: 2, windows: 30 };
  assert.deepEqual(lastKnown([sample, later]), expected);
});
