import assert from "node:assert/strict";
import type { TrainingDataset } from "../../../shared/events.ts";
import { DELAYS, delayShares } from "./declared_delay.ts";
import { steadyStretches, stretchesByDelay } from "./steady_stretches.ts";
import { NAMES, simulatedHome } from "./testing/simulated_home.ts";

const NONE = new Array<number>(DELAYS).fill(0);
/** What has been seen fifty times is sure. */
const always = (delayS: number) => NONE.with(2 + delayS, 50);

const datasetOf = (states: string, consumption: readonly number[]): TrainingDataset => ({
  ...{ ...NAMES, session_start: 1_000, session_end: 1_000 + states.length - 1 },
  timestamps: [...states].map((_, second) => 1_000 + second),
  consumption: [...consumption],
  state_bitmaps: [...states].map((bit) => [bit === "1"]),
});
const powersOf = (stretches: readonly { readonly powers: readonly number[] }[]) =>
  stretches.map(({ powers }) => powers);

for (const delayS of [0, 1, 2]) {
  Deno.test(`stretchesByDelay() finds that switches are declared ${delayS} s late`, () => {
    for (let seed = 1; seed <= 5; seed++) {
      const home = simulatedHome({ watts: [150, 400, 900], seed });
      const { counts } = stretchesByDelay(home.labels(1_000, 900, delayS), NONE, 5);
      const shares = delayShares(counts);
      const likeliest = shares.indexOf(Math.max(...shares)) - 2;
      assert.equal(likeliest, delayS, `seed ${seed}: ${shares}`);
    }
  });
}

//                  declared 1 s late ╮
const STATES = /*    */ "0000001111110000";
const POWERS = [10, 11, 10, 12, 11, 80, 81, 80, 82, 80, 81, 12, 10, 11, 10, 11];

Deno.test("stretchesByDelay() gives each reading to the stay that it is of", () => {
  const dataset = datasetOf(STATES, POWERS);
  const known = stretchesByDelay(dataset, always(1), 1);
  assert.deepEqual(powersOf(known.stretches), [
    [10, 11, 10, 12, 11],
    [80, 81, 80, 82, 80, 81],
    [12, 10, 11, 10, 11],
  ]);
  // Whatever the delay, all within two seconds of a change is left out.
  assert.deepEqual(powersOf(steadyStretches(dataset)), [
    [10, 11, 10, 12],
    [82, 80],
    [10, 11],
  ]);
});

Deno.test("stretchesByDelay() leaves out what a meter shows between two levels", () => {
  const powers = POWERS.with(5, 45);
  const { stretches } = stretchesByDelay(datasetOf(STATES, powers), always(1), 1);
  assert.deepEqual(stretches[1]!.powers, [81, 80, 82, 80, 81]);
});

Deno.test("stretchesByDelay() gives what the delay leaves in doubt to the stay of its power", () => {
  const unsure = NONE.with(3, 20).with(4, 20);
  const powers = POWERS.with(11, 45);
  const { stretches } = stretchesByDelay(datasetOf(STATES, powers), unsure, 1);
  assert.deepEqual(powersOf(stretches), [
    [10, 11, 10, 12, 11],
    [80, 81, 80, 82, 80, 81],
    // Between both levels it is of neither.
    [10, 11, 10, 11],
  ]);
  // Of equal power, it may be of either.
  const alike = stretchesByDelay(datasetOf(STATES, POWERS.map(() => 10)), unsure, 1);
  assert.deepEqual(alike.stretches.map(({ powers }) => powers.length), [4, 5, 5]);
});

Deno.test("stretchesByDelay() keeps of a short stay what is more likely its own than another's", () => {
  const states = "0000000010000000";
  const powers = states.split("").map((bit) => bit === "1" ? 80 : 10);
  const atOnce = stretchesByDelay(datasetOf(states, powers), NONE, 1).stretches[1]!;
  assert.deepEqual([atOnce.isShort, atOnce.powers], [true, [80]]);
  const late = stretchesByDelay(datasetOf(states, powers), always(1).with(2, 20), 1);
  assert.deepEqual(late.stretches[1]!.powers, [10]);
});
