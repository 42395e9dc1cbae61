import assert from "node:assert/strict";
import { Labelling } from "./labelling.ts";

/** Says this every 500 ms in `[fromS, toS)`. */
function say(labelling: Labelling, vector: boolean[], [fromS, toS]: readonly [number, number]) {
  for (let atMs = fromS * 1000; atMs < toS * 1000; atMs += 500) labelling.say(vector, atMs);
}

/** All that comes of looking every 250 ms until this second. */
function dueUntil(labelling: Labelling, fromS: number, toS: number) {
  const declared: string[] = [];
  for (let nowMs = fromS * 1000; nowMs <= toS * 1000; nowMs += 250) {
    for (const { second, vector } of labelling.due(nowMs, [])) declared.push(`${second}${vector}`);
  }
  return declared;
}

Deno.test("Labelling declares each second once, three seconds later, as it was at its end", () => {
  const labelling = new Labelling(100_000);
  say(labelling, [false], [100, 102.5]);
  say(labelling, [true], [102.5, 105]);
  assert.deepEqual(labelling.due(102_999, []), []);
  assert.deepEqual(labelling.due(103_000, []), [{ second: 100, vector: [false] }]);
  assert.deepEqual(dueUntil(labelling, 103, 107), ["101false", "102true", "103true", "104true"]);
});

Deno.test("Labelling declares nothing for who is not there, and ends", () => {
  const labelling = new Labelling(100_000);
  say(labelling, [true], [100, 103]);
  assert.equal(labelling.isOver(103_900), false);
  assert.deepEqual(dueUntil(labelling, 100, 120), ["100true", "101true", "102true"]);
  assert.equal(labelling.isOver(120_000), true);
});

Deno.test("Labelling goes on for who comes back, with a hole where nobody was", () => {
  const labelling = new Labelling(100_000);
  say(labelling, [true], [100, 102]);
  assert.equal(labelling.isOver(103_000), false, "what was said is not all decided");
  say(labelling, [false], [106, 108]);
  assert.deepEqual(dueUntil(labelling, 100, 112), ["100true", "101true", "106false", "107false"]);
});

Deno.test("Labelling bears a word that comes late", () => {
  const labelling = new Labelling(100_000);
  for (const atMs of [100_000, 101_400, 102_300]) labelling.say([true], atMs);
  assert.deepEqual(dueUntil(labelling, 100, 110), ["100true", "101true", "102true"]);
});

Deno.test("Labelling moves a flip back to the step in power, as far as nothing is said yet", () => {
  //   second   100   101   102   103   104   105
  //   power    off   off │ on    on    on    on
  //   hand                       · on
  const power = (fromS: number): [number, number][] =>
    [100, 101, 102, 103, 104, 105, 106].map((second) => [second, second < fromS ? 100 : 2100]);
  const saidAt = (handS: number, stepS: number) => {
    const labelling = new Labelling(100_000);
    const declared: string[] = [];
    for (let nowMs = 100_000; nowMs <= 109_000; nowMs += 250) {
      labelling.say([nowMs >= handS * 1000, false], nowMs);
      const known = power(stepS).filter(([second]) => second * 1000 <= nowMs);
      for (const { second, vector } of labelling.due(nowMs, known)) {
        if (vector[0]) declared.push(String(second));
        assert.equal(vector[1], false);
      }
    }
    return declared[0];
  };
  assert.equal(saidAt(103.5, 102), "102");
  assert.equal(saidAt(104.5, 102), "102", "102 is said at 105");
  assert.equal(saidAt(105.5, 102), "103", "102 is said already");
  assert.equal(saidAt(103.5, 110), "103", "there is no step");
});
