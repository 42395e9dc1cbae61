import assert from "node:assert/strict";
import { type MishapOptions, Mishaps } from "./mishaps.ts";
import type { Publication } from "./publication.ts";

const NONE: MishapOptions = {
  offlineProbability: 0,
  offlineTimeS: 60,
  wrongClocks: 0,
  wrongClockByS: 3600,
  duplicateProbability: 0,
};

function publication(timestamp: number): Publication {
  const event = { client_id: "flat-1", username: "anna", timestamp, consumption: 1 };
  return { kind: "power", event, isSwapped: false };
}

const secondsOf = (publications: readonly Publication[]) =>
  publications.map(({ event }) => event.timestamp);

/** What leaves the meter, by cycle: one a second, and the end. */
function run(options: Partial<MishapOptions>, cycles: number, seed = 1) {
  const mishaps = new Mishaps({ ...NONE, ...options }, seed, "flat-1");
  const passed = Array.from({ length: cycles }, (_, second) => {
    const { backlog, own } = mishaps.pass([publication(second)], second);
    return { backlog: secondsOf(backlog), own: secondsOf(own) };
  });
  return { passed, rest: secondsOf(mishaps.release()) };
}

Deno.test("Mishaps pass everything on as it is where none are asked for", () => {
  const { passed, rest } = run({}, 100);
  assert.deepEqual(passed.map(({ own }) => own), passed.map((_, second) => [second]));
  assert.ok(passed.every(({ backlog }) => backlog.length === 0));
  assert.deepEqual(rest, []);
  assert.equal(new Mishaps(NONE, 1, "flat-1").clockS, 0);
});

Deno.test("Mishaps keep a backlog while offline, for as long as said, and lose nothing of it", () => {
  const { passed, rest } = run({ offlineProbability: 0.05, offlineTimeS: 20 }, 2000);
  const all = passed.flatMap(({ backlog, own }) => [...backlog, ...own]);
  assert.deepEqual([...all, ...rest], Array.from({ length: 2000 }, (_, second) => second));
  const lengths = passed.map(({ backlog }) => backlog.length).filter((length) => length > 0);
  assert.ok(lengths.length > 20, `${lengths.length} times offline`);
  assert.ok(Math.max(...lengths) <= 20 && Math.max(...lengths) > 10, `${Math.max(...lengths)}`);
});

Deno.test("Mishaps send the share asked for twice, right after each other", () => {
  const { passed } = run({ duplicateProbability: 0.2 }, 5000);
  const twice = passed.filter(({ own }) => own.length === 2);
  assert.ok(twice.every(({ own }) => own[0] === own[1]));
  assert.ok(Math.abs(twice.length / 5000 - 0.2) < 0.03, `${twice.length}`);
});

Deno.test("Mishaps put the share of clocks asked for wrong, within the bound, both ways", () => {
  const options = { ...NONE, wrongClocks: 0.3, wrongClockByS: 100 };
  const clocks = Array.from(
    { length: 2000 },
    (_, house) => new Mishaps(options, 1, `flat-${house}`).clockS,
  );
  const wrong = clocks.filter((clockS) => clockS !== 0);
  assert.ok(Math.abs(wrong.length / clocks.length - 0.3) < 0.04, `${wrong.length}`);
  assert.ok(wrong.some((clockS) => clockS > 50) && wrong.some((clockS) => clockS < -50));
  assert.ok(wrong.every((clockS) => Math.abs(clockS) <= 100));
});

Deno.test("Mishaps follow from the seed", () => {
  const options = { offlineProbability: 0.1, duplicateProbability: 0.1 };
  assert.deepEqual(run(options, 500, 7), run(options, 500, 7));
  assert.notDeepEqual(run(options, 500, 7), run(options, 500, 8));
});
