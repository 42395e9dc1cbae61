import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteWriter } from "./byte_writer.ts";
import { Memory, memoryOf } from "./memory.ts";

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  writer.byte(0x3e);
  write(writer);
  return new TextDecoder().decode(writer.bytes.subarray(1, writer.length));
}

Deno.test("ByteWriter.whole() writes a number's digits", () => {
  const edges = [0, 9, 10, 2 ** 31 - 1, 2 ** 31, 99_999_999_999, Number.MAX_SAFE_INTEGER, -1, -15];
  for (const value of edges) assert.equal(written((writer) => writer.whole(value)), String(value));
  fc.assert(fc.property(fc.maxSafeInteger(), (value) => {
    assert.equal(written((writer) => writer.whole(value)), String(value));
  }));
});

Deno.test("ByteWriter grows with what is written, and keeps it", () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 20 });
  fc.assert(fc.property(chunks, (all) => {
    const writer = new ByteWriter();
    all.forEach((chunk, index) => {
      if (index % 2 === 0) writer.copy(new Memory(chunk.slice()));
      else writer.put(chunk);
    });
    const expected = new Uint8Array(all.flatMap((chunk) => [...chunk]));
    assert.deepEqual(writer.bytes.slice(0, writer.length), expected);
  }));
});

Deno.test("ByteWriter.copy() takes a stretch", () => {
  const source = memoryOf("0123456789".repeat(20));
  for (
    const [start, end] of [[3, 3], [3, 4], [1, 18], [0, 40], [5, 46], [0, 150], [1, 152], [
      0,
      200,
    ]] as const
  ) {
    const expected = "0123456789".repeat(20).slice(start, end);
    assert.equal(written((writer) => writer.copy(source, start, end)), expected);
  }
});

Deno.test("ByteWriter.text() writes UTF-8", () => {
  for (const text of ["", "grün 🏠", "x".repeat(5000)]) {
    assert.equal(written((writer) => writer.text(text)), text);
  }
});
