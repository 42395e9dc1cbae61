import assert from "node:assert/strict";
import { continued } from "./cut_run.ts";
import { parseSamples, sampleHead, sampleLine } from "./csv.ts";
import { PROCESSES, recordOf, type Sample, STAGE_NAMES } from "./sampler.ts";

const SAMPLE: Sample = {
  ...{ elapsedS: 1.5, households: 4, connections: 5, events_into_broker: 6, events_into_log: 7 },
  ...{ windows: 8, datasets: 9, late: 10, dead_letters: 11, lag: 12 },
  ...{ log_bytes: 13, kafka_bytes: 14 },
  latencyMsP50: recordOf(STAGE_NAMES, (name) => name === "log_to_windows" ? 0 : null),
  latencyMsP99: recordOf(STAGE_NAMES, (name) => STAGE_NAMES.indexOf(name)),
  usage: recordOf(PROCESSES, (name) => ({ cpuS: PROCESSES.indexOf(name), memoryBytes: 100 })),
};

Deno.test("parseSamples() has what sampleLine() wrote, without a line that was cut", () => {
  const text = sampleHead() + sampleLine(SAMPLE) + sampleLine({ ...SAMPLE, elapsedS: 2 });
  assert.deepEqual(parseSamples(text + "3,4,5"), [SAMPLE, { ...SAMPLE, elapsedS: 2 }]);
  assert.deepEqual(parseSamples(sampleHead()), []);
  assert.throws(() => parseSamples("elapsed_s\n1\n"), /other columns/);
});

Deno.test("parseSamples() has the gaps that sampleLine() wrote", () => {
  const gap: Sample = {
    ...{ ...SAMPLE, households: null, events_into_broker: null },
    usage: { ...SAMPLE.usage, simulator: null },
  };
  assert.deepEqual(parseSamples(sampleHead() + sampleLine(gap)), [gap]);
  const after = continued(gap, SAMPLE);
  assert.deepEqual([after.events_into_broker, after.windows, after.usage.simulator], [
    null,
    16,
    null,
  ]);
});

Deno.test("continued() adds what only grows, and leaves what is of the moment", () => {
  const sum = continued(SAMPLE, SAMPLE);
  assert.deepEqual(
    [sum.elapsedS, sum.events_into_broker, sum.windows, sum.late, sum.usage.bridge?.cpuS],
    [3, 12, 16, 20, 2],
  );
  assert.deepEqual(
    [sum.households, sum.connections, sum.lag, sum.usage.bridge?.memoryBytes],
    [4, 5, 12, 100],
  );
  assert.equal(continued(SAMPLE, undefined), SAMPLE);
});
