import assert from "node:assert/strict";
import fc from "fast-check";
import { ReplaySchedule } from "./replay_schedule.ts";

Deno.test("ReplaySchedule publishes the first sample as now at speed 1", () => {
  const schedule = new ReplaySchedule({
    firstS: 500,
    lastS: 1120,
    speed: 1,
    startMs: 1_700_000_400,
  });
  assert.equal(schedule.timestampS(500), 1_700_000);
  assert.equal(schedule.dueMs(500), 1_700_000_400);
  assert.equal(schedule.timestampS(1120), 1_700_620);
  assert.equal(schedule.dueMs(1120), 1_700_620_400);
});

Deno.test("ReplaySchedule lands at now with the last sample at higher speeds", () => {
  const schedule = new ReplaySchedule({ firstS: 0, lastS: 600, speed: 10, startMs: 1_700_000_000 });
  assert.equal(schedule.dueMs(600), 1_700_060_000);
  assert.equal(schedule.timestampS(600), 1_700_060);
  assert.equal(schedule.timestampS(0), 1_699_460);
});

Deno.test("ReplaySchedule is never ahead of the clock and keeps the file's distances", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 2_000_000_000 }),
    fc.uniqueArray(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 20 }),
    fc.double({ min: 1, max: 1e6, noNaN: true }),
    fc.integer({ min: 1_600_000_000_000, max: 2_000_000_000_000 }),
    (firstS, distancesS, speed, startMs) => {
      const seconds = [0, ...distancesS].sort((a, b) => a - b).map((distanceS) =>
        firstS + distanceS
      );
      const lastS = seconds.at(-1)!;
      const schedule = new ReplaySchedule({ firstS, lastS, speed, startMs });
      for (const second of seconds) {
        assert.ok(schedule.timestampS(second) * 1000 <= schedule.dueMs(second) + 0.01);
        assert.equal(schedule.timestampS(second) - schedule.timestampS(firstS), second - firstS);
      }
      assert.ok(schedule.dueMs(lastS) - schedule.timestampS(lastS) * 1000 < 1000.01);
      assert.equal(schedule.dueMs(firstS), startMs);
    },
  ));
});
