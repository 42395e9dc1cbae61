import assert from "node:assert/strict";
import { encodePubacks } from "../../shared/mqtt/puback_packets.ts";
import { type AckStream, sendHeldAcks } from "./held_ack.ts";

class Stream implements AckStream {
  destroyed = false;
  writableEnded = false;
  readonly written: Uint8Array[] = [];
  write(bytes: Uint8Array): void {
    this.written.push(bytes);
  }
}

Deno.test("sendHeldAcks() answers each message on its own connection, and on no other", () => {
  const [old, current] = [new Stream(), new Stream()];
  old.destroyed = true;
  sendHeldAcks([
    { stream: old, messageId: 7 },
    { stream: current, messageId: 1 },
    { stream: current, messageId: 2 },
  ]);
  assert.deepEqual(old.written, []);
  assert.deepEqual(current.written, [encodePubacks([1, 2])]);
});

Deno.test("sendHeldAcks() writes nothing to a connection that we have ended", () => {
  const stream = new Stream();
  stream.writableEnded = true;
  sendHeldAcks([{ stream, messageId: 1 }]);
  assert.deepEqual(stream.written, []);
});
