import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { frameAt } from "./packet_frame.ts";
import { encodePublish } from "./publish_packet.ts";

const packet = { topic: "a/ü", payload: Buffer.from("hi"), messageId: 258 };

Deno.test("encodePublish() gives the bytes of a PUBLISH of QoS 1", () => {
  const body = [0, 4, 0x61, 0x2f, 0xc3, 0xbc, 1, 2, 0x68, 0x69];
  for (const [dup, retain, first] of [[false, false, 0x32], [true, true, 0x3b]] as const) {
    assert.deepEqual([...encodePublish({ ...packet, dup, retain })], [first, body.length, ...body]);
  }
});

Deno.test("encodePublish() writes the length of packets of any size", () => {
  for (const limit of [2 ** 7, 2 ** 14, 2 ** 21]) {
    for (const length of [limit - 1, limit]) {
      const payload = Buffer.alloc(length - 8, "x");
      const bytes = encodePublish({ ...packet, payload, dup: false, retain: false });
      const frame = frameAt(bytes, 0);
      assert.ok(typeof frame === "object");
      assert.equal(frame.end - frame.body, length);
      assert.equal(frame.end, bytes.length);
    }
  }
});
