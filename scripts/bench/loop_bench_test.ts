import assert from "node:assert/strict";
import { delaysOf } from "./loop_bench.ts";
import { TURN_MS } from "./loop_turns.ts";

const ALWAYS = { fromMs: 0, toMs: Infinity };
const LONG_MS = 2 * TURN_MS + 3;
/** One in time, one behind two others that were due; the process itself was at work for a part. */
const TURNS = [1_000, 0, 0, 1_000 + TURN_MS + LONG_MS, LONG_MS, TURN_MS + 1];

Deno.test("delaysOf() counts each turn that was due in a busy stretch", () => {
  assert.deepEqual(delaysOf(TURNS, ALWAYS, "late"), [0, 3, TURN_MS + 3, LONG_MS]);
  assert.deepEqual(delaysOf(TURNS, ALWAYS, "own"), [0, 1, TURN_MS + 1]);
});

Deno.test("delaysOf() leaves out what was due before and after", () => {
  const turns = [1_000, 1, 1, 2_000, 2, 2, 3_000, 3, 3];
  assert.deepEqual(delaysOf(turns, { fromMs: 1_000, toMs: 2_000 }, "late"), [2]);
});
