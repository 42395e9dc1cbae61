import assert from "node:assert/strict";
import fc from "fast-check";
import { fileName } from "./file_names.ts";
import { partOf, TimeHistogram } from "./split.ts";

Deno.test("cuts() puts the shares of the rows before them, to one row in four thousand", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 0, max: 4_000_000_000 }), { minLength: 1, maxLength: 300 }),
    fc.constantFrom([70, 15, 15], [80, 20], [1, 98, 1]),
    (seconds, shares) => {
      const histogram = new TimeHistogram();
      for (const second of seconds) histogram.add(second);
      const cuts = histogram.cuts(shares);
      assert.equal(cuts.length, shares.length - 1);
      let wanted = 0;
      for (const [index, cut] of cuts.entries()) {
        wanted += shares[index]! / 100 * seconds.length;
        const before = seconds.filter((second) => second < cut).length;
        // Up to the cut it is not more than wanted; with the rows of the cut's own second, it is.
        assert.ok(before <= wanted + 1e-9);
        const upTo = seconds.filter((second) => second <= cut).length;
        assert.ok(upTo > wanted - 1e-9 || upTo === seconds.length);
      }
    },
  ));
});

Deno.test("cuts() of a year of seconds takes bounded memory and is right to a bucket", () => {
  const histogram = new TimeHistogram();
  const yearS = 31_536_000;
  for (let second = 0; second < yearS; second += 40) histogram.add(1_700_000_000 + second);
  const [cut] = histogram.cuts([75, 25]);
  assert.ok(Math.abs(cut! - 1_700_000_000 - 0.75 * yearS) <= 2 * yearS / 2048);
});

Deno.test("partOf() knows what stands before, between and across the cuts", () => {
  assert.deepEqual([9, 10, 19, 20].map((second) => partOf([10, 20], second, second + 1)), [
    ...[0, 1, 1, 2],
  ]);
  assert.equal(partOf([10, 20], 5, 10), 0);
  assert.equal(partOf([10, 20], 5, 11), undefined);
  assert.equal(partOf([10, 20], 5, 25), undefined);
  assert.equal(partOf([], 5, 25), 0);
});

Deno.test("fileName() gives each text a name of its own that every file system takes", () => {
  const taken = new Map<string, string>();
  fc.assert(fc.property(
    fc.oneof(
      fc.constantFrom(".", "..", "_x", ".x", "%2Ex", "a/b", "a%2Fb", "x".repeat(256)),
      fc.string({ unit: "binary", minLength: 1, maxLength: 256 }).map((text) =>
        text.toWellFormed()
      ),
    ),
    (text) => {
      const name = fileName(text);
      assert.match(name, /^[^/._\0][^/\0]{0,199}$/);
      assert.equal(taken.get(name) ?? text, text);
      taken.set(name, text);
    },
  ));
});
