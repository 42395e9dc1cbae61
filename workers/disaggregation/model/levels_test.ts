import assert from "node:assert/strict";
import { addVisit, type Level, LEVELS_MAX } from "./levels.ts";

const VISIT = { visit: 1, noiseW: 2, readingsMax: 60 };

Deno.test("addVisit() tells the levels of a device apart, and knows each by its mean", () => {
  const levels: Level[] = [];
  addVisit(levels, [2_000, 2_002, 1_998, 80, 81, 79], VISIT);
  addVisit(levels, [82, 78, 2_010], VISIT);
  assert.equal(levels.length, 2);
  const [heats, pumps] = levels;
  assert.equal(heats!.readings, 4);
  assert.ok(Math.abs(heats!.power - 2_002.5) < 1e-9, `${heats!.power}`);
  assert.deepEqual([pumps!.readings, pumps!.visits, pumps!.power], [5, 2, 80]);
  assert.equal(pumps!.within, 2 + 8);
});

Deno.test("addVisit() makes one of the nearest where there are too many, and loses no reading", () => {
  const levels: Level[] = [];
  const powers = [100, 300, 330, 900, 2_000, 4_000, 305];
  addVisit(levels, powers, VISIT);
  assert.equal(levels.length, LEVELS_MAX);
  assert.equal(levels.reduce((sum, { readings }) => sum + readings, 0), powers.length);
  const mean = levels.reduce((sum, { power, readings }) => sum + power * readings, 0);
  assert.ok(Math.abs(mean - powers.reduce((sum, power) => sum + power)) < 1e-6);
});
