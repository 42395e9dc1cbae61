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

Deno.test("encodePublish() writes text as UTF-8, QoS 0 without an id, and MQTT 5 with its properties", () => {
  const text = { topic: "ü", payload: "é1", dup: false, retain: false };
  const topic = [0, 2, 0xc3, 0xbc];
  const payload = [0xc3, 0xa9, 0x31];
  for (const isV5 of [false, true]) {
    const properties = isV5 ? [0] : [];
    const atQos0 = [...topic, ...properties, ...payload];
    const atQos1 = [...topic, 1, 2, ...properties, ...payload];
    assert.deepEqual(
      [...encodePublish({ ...text, messageId: undefined, isV5 })],
      [0x30, atQos0.length, ...atQos0],
    );
    assert.deepEqual(
      [...encodePublish({ ...text, messageId: 258, isV5 })],
      [0x32, atQos1.length, ...atQos1],
    );
  }
});
