import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { gatherWrites } from "./gathered_writes.ts";

const HIGH_WATER_MARK = 100;

/** A stream with gathered writes, and what arrived on its other side, write by write. */
function open() {
  const written: string[] = [];
  const pending: (() => void)[] = [];
  const stream = new Duplex({
    highWaterMark: HIGH_WATER_MARK,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString());
      pending.push(done);
    },
  });
  gatherWrites(stream);
  return { stream, written, take: () => pending.shift()?.() };
}

Deno.test("gatherWrites() writes the pieces of a turn as one, in order", async () => {
  const { stream, written, take } = open();
  stream.write("α");
  stream.write(Buffer.from("b"));
  stream.write("c");
  assert.deepEqual(written, []);
  await turn();
  assert.deepEqual(written, ["αbc"]);
  take();
  stream.write("d");
  await turn();
  assert.deepEqual(written, ["αbc", "d"]);
});

Deno.test("gatherWrites() says when to wait for drain, and drain comes", async () => {
  const { stream, take } = open();
  assert.ok(stream.write("x".repeat(HIGH_WATER_MARK)));
  await turn();
  assert.ok(!stream.write("y"), "what was written before is not read");
  await turn();
  const drained = once(stream, "drain");
  take();
  take();
  await drained;
  assert.ok(stream.write("z"));
});

Deno.test("gatherWrites() writes what is left before the end, and nothing after it is destroyed", async () => {
  const ended = open();
  ended.stream.write("last");
  ended.stream.end();
  assert.deepEqual(ended.written, ["last"]);
  const destroyed = open();
  destroyed.stream.write("lost");
  destroyed.stream.destroy();
  await turn();
  assert.deepEqual(destroyed.written, []);
});
