import assert from "node:assert/strict";
import { partitionOf } from "../../partition.ts";
import { Partitioner } from "./partitioner.ts";

const record = (key: string | Uint8Array | null, partition?: number) => ({
  topic: "t",
  key,
  value: null,
  ...(partition !== undefined && { partition }),
});

Deno.test("Partitioner puts text and bytes of a key where murmur2 does, again and again", () => {
  const partitioner = new Partitioner(() => 7, () => 0);
  for (const key of ["a", "household-1", "Zähler", "", "a"]) {
    const expected = partitionOf(key, 7);
    assert.equal(partitioner.partitionOf(record(key)), expected);
    assert.equal(partitioner.partitionOf(record(new TextEncoder().encode(key))), expected);
  }
});

Deno.test("Partitioner takes a named partition that is there", () => {
  const partitioner = new Partitioner(() => 3, () => 0);
  assert.equal(partitioner.partitionOf(record("a", 2)), 2);
  assert.throws(() => partitioner.partitionOf(record("a", 3)), /from 0 to 2, not 3/);
});

Deno.test("Partitioner asks where records without a key go", () => {
  let next = 0;
  const partitioner = new Partitioner(() => 3, () => next++);
  const found = Array.from({ length: 4 }, () => partitioner.partitionOf(record(null)));
  assert.deepEqual(found, [0, 1, 2, 0]);
});
