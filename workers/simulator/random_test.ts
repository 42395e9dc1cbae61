import assert from "node:assert/strict";
import { Random } from "./random.ts";

function draws(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.uniform());
}

Deno.test("Random repeats its stream for the same seed and name, and only then", () => {
  const first = draws(new Random(7, "a"), 10);
  assert.deepEqual(draws(new Random(7, "a"), 10), first);
  assert.notDeepEqual(draws(new Random(8, "a"), 10), first);
  assert.notDeepEqual(draws(new Random(7, "b"), 10), first);
});

Deno.test("Random.uniform() fills [0, 1) evenly", () => {
  const buckets = new Array(10).fill(0);
  for (const value of draws(new Random(1, "x"), 100_000)) {
    assert.ok(value >= 0 && value < 1);
    buckets[Math.floor(value * 10)]++;
  }
  for (const count of buckets) assert.ok(Math.abs(count - 10_000) < 500, `${buckets}`);
});

Deno.test("Random streams of neighbouring names and seeds are not correlated", () => {
  for (
    const [one, other] of [[new Random(1, "h-1"), new Random(1, "h-2")], [
      new Random(1, "h"),
      new Random(2, "h"),
    ]] as const
  ) {
    let sum = 0;
    for (let draw = 0; draw < 10_000; draw++) {
      sum += (one.uniform() - 0.5) * (other.uniform() - 0.5);
    }
    assert.ok(Math.abs(sum / 10_000 * 12) < 0.05, `correlation ${sum / 10_000 * 12}`);
  }
});

Deno.test("Random.integer() reaches both bounds and nothing beyond", () => {
  const random = new Random(3, "x");
  const seen = new Set(Array.from({ length: 1000 }, () => random.integer(-1, 2)));
  assert.deepEqual([...seen].sort((a, b) => a - b), [-1, 0, 1, 2]);
});

Deno.test("Random.chance() is never true at 0 and always at 1", () => {
  const random = new Random(3, "x");
  for (let draw = 0; draw < 100; draw++) {
    assert.equal(random.chance(0), false);
    assert.equal(random.chance(1), true);
  }
});
