import assert from "node:assert/strict";
import fc from "fast-check";
import { PayloadBlocks } from "./payload_blocks.ts";

Deno.test("PayloadBlocks.copyOf() keeps each payload as it came, whatever comes before and behind it", () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 50 });
  fc.assert(fc.property(payloads, (all) => {
    const blocks = new PayloadBlocks();
    const read = all.map((payload) => payload.slice());
    const copies = read.map((payload) => blocks.copyOf(payload));
    for (const payload of read) payload.fill(0);
    assert.deepEqual(copies.map((copy) => copy.view()), all);
  }));
});

Deno.test("PayloadBlocks.copyOf() has a small payload share its array, and a large one have its own", () => {
  const blocks = new PayloadBlocks();
  const [first, large, second] = [100, 5000, 100].map((bytes) =>
    blocks.copyOf(new Uint8Array(bytes))
  );
  assert.equal(first!.bytes, second!.bytes);
  assert.equal(large!.bytes.length, 5000);
});
