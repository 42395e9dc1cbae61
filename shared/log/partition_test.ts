import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Partitioners } from "kafkajs";
import { murmur2, partitionOf } from "./partition.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("murmur2() is that of the Java client", () => {
  // From Kafka's own UtilsTest.
  const cases: [string, number][] = [
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ];
  for (const [text, hash] of cases) assert.equal(murmur2(bytesOf(text)), hash, text);
});

Deno.test("partitionOf() takes text as its UTF-8", () => {
  for (const text of ["", "household-1", "Zähler", "⚡"]) {
    assert.equal(partitionOf(text, 10), partitionOf(bytesOf(text), 10));
  }
});

Deno.test("partitionOf() agrees with the partitioner of kafkajs", () => {
  const partitioner = Partitioners.DefaultPartitioner();
  const check = (key: Uint8Array, partitionCount: number) => {
    const partitionMetadata = Array.from({ length: partitionCount }, (_, partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 0,
      replicas: [],
      isr: [],
    }));
    const message = { key: Buffer.from(key), value: null };
    const expected = partitioner({ topic: "power", partitionMetadata, message });
    assert.equal(partitionOf(key, partitionCount), expected);
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), fc.integer({ min: 1, max: 300 }), check),
    { numRuns: 2000 },
  );
});
