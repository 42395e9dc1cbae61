import assert from "node:assert/strict";
import { ByteRange } from "../../shared/bytes/byte_range.ts";
import { type Entry, MessageBuffer } from "./message_buffer.ts";

/** A message of QoS 0 with a topic of this length and no payload. */
function entry(topicLength: number): Entry {
  const topic = "x".repeat(topicLength);
  const known = { topic, match: undefined, isOurs: true };
  const payload = new ByteRange();
  return { payload, arrivedMs: 0, held: undefined, dup: false, known, passedOver: undefined };
}

Deno.test("MessageBuffer has no room for more than 64 MiB, whether topics or payloads", () => {
  const buffer = new MessageBuffer(50_000);
  for (let count = 0; count < 1024; count++) {
    assert.ok(buffer.hasRoomForUnheld);
    buffer.push(entry(64 * 1024));
  }
  assert.ok(!buffer.hasRoomForUnheld);
  assert.ok(buffer.hasRoomForHeld);
  assert.equal(buffer.take({ count: 2000, bytes: 512 * 1024 }).length, 8);
  assert.ok(buffer.hasRoomForUnheld);
});
