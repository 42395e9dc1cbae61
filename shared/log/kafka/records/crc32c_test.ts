import { crc32c as clients } from "@platformatic/kafka";
import assert from "node:assert/strict";
import fc from "fast-check";
import { crc32c } from "./crc32c.ts";

// RFC 3720, B.4.
Deno.test("crc32c() is that of the standard's examples", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(ascending), 0x46dd794e);
  assert.equal(crc32c(ascending.toReversed()), 0x113fdb5c);
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array()), 0);
});

Deno.test("crc32c() is the client's, wherever the bytes begin and end", () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(fc.property(bytes, fc.nat(20), fc.nat(20), (all, start, end) => {
    const some = all.subarray(start, Math.max(start, all.length - end));
    assert.equal(crc32c(some), clients(some));
  }));
});
