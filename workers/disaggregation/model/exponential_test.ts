import assert from "node:assert/strict";
import { decay } from "./exponential.ts";

Deno.test("decay() is e^-x to nine digits, and nothing from 64 on", () => {
  for (let x = 0; x < 64; x += 0.0037) {
    const expected = Math.exp(-x);
    assert.ok(Math.abs(decay(x) - expected) < 1e-9 * expected, `${x}: ${decay(x)}`);
  }
  assert.equal(decay(0), 1);
  for (const x of [64, 1e300, Infinity]) assert.equal(decay(x), 0);
});
