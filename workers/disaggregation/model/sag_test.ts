import assert from "node:assert/strict";
import { likelihoodOfSag, SAG_DEVIATION, SAG_MEAN, sagged, squaredKW } from "./sag.ts";

Deno.test("sagged() is what is left of the sum of watts", () => {
  for (const sag of [0, 0.5, 4, 30]) {
    for (const watts of [0, 12.5, 800, 9_000, 60_000]) {
      const power = sagged(watts, sag);
      assert.ok(Math.abs(power + sag * squaredKW(power) - watts) < 1e-6, `${watts} W, ${sag}`);
    }
  }
  assert.equal(sagged(-2_000, 4), -2_000);
});

Deno.test("likelihoodOfSag() is a quarter without labels, and follows them where they tell", () => {
  assert.ok(Math.abs(likelihoodOfSag(SAG_MEAN, SAG_DEVIATION ** 2) - 0.25) < 1e-12);
  assert.ok(likelihoodOfSag(0, 2 ** 2) < 0.25 && likelihoodOfSag(0, 2 ** 2) > 0);
  assert.equal(likelihoodOfSag(0.1, 0.3 ** 2), 0);
  assert.equal(likelihoodOfSag(4, 0.3 ** 2), 1);
  assert.equal(likelihoodOfSag(50, 0.01 ** 2), 1);
});
