import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { AnswerReader } from "./answer_reader.ts";

/** What comes out when `bytes` arrive in reads of at most these sizes, again and again. */
function answersOf(bytes: Uint8Array, sizes: readonly number[]): Buffer[] {
  const answers: Buffer[] = [];
  const reader = new AnswerReader((answer) => answers.push(answer));
  for (let at = 0, read = 0; at < bytes.length; read++) {
    const { free } = reader;
    assert.ok(free.length > 0);
    const count = Math.min(sizes[read % sizes.length]!, free.length, bytes.length - at);
    free.set(bytes.subarray(at, at + count));
    reader.received(count);
    at += count;
  }
  return answers;
}

function framed(answers: readonly Uint8Array[]): Buffer {
  return Buffer.concat(answers.flatMap((answer) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(answer.length);
    return [length, answer];
  }));
}

Deno.test("AnswerReader puts answers of any size together, however they arrive", () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 9_000 }));
  fc.assert(fc.property(
    fc.array(size, { minLength: 1, maxLength: 12 }),
    fc.array(size, { minLength: 1, maxLength: 4 }),
    (answerSizes, readSizes) => {
      const answers = answerSizes.map((size, index) => Buffer.alloc(size, index + 1));
      assert.deepEqual(answersOf(framed(answers), readSizes), answers);
    },
  ));
});

Deno.test("AnswerReader gives each answer memory of its own", () => {
  const [first, second] = answersOf(framed([Buffer.from("first"), Buffer.from("second")]), [100]);
  assert.equal(first!.buffer.byteLength, 5);
  assert.equal(second!.buffer.byteLength, 6);
});

Deno.test("AnswerReader refuses what is no answer of a broker", () => {
  for (
    const text of ["HTTP/1.1 400 Bad Request", "\x15\x03\x03\0\x02", "\xff\xff\xff\xff", "\0\0\0\0"]
  ) {
    assert.throws(() => answersOf(Buffer.from(text, "latin1"), [100]), /none of a broker/);
  }
});
