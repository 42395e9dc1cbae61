import assert from "node:assert/strict";
import fc from "fast-check";
import { Arena } from "./arena.ts";
import { ByteRange } from "./byte_range.ts";
import { ByteWriter } from "./byte_writer.ts";
import { JoinedTexts } from "./joined_texts.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function rangeOf(text: string): ByteRange {
  const bytes = encoder.encode(`x${text}y`);
  return new ByteRange().set(bytes, 1, bytes.length - 1);
}

function stretch(texts: JoinedTexts, first: number, end: number): string {
  const writer = new ByteWriter();
  texts.write(writer, first, end);
  return decoder.decode(writer.bytes.subarray(0, writer.length));
}

/** An insertion (place and text) or a number of texts to drop. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant(1), fc.stringMatching(/^[0-9.]{1,25}$/)) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.stringMatching(/^[0-9]{1,9}$/),
    ),
  },
  { weight: 2, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
);

Deno.test("JoinedTexts is an array of texts that is joined in any stretch", () => {
  const arena = new Arena();
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const texts = new JoinedTexts(arena);
    const neighbour = new JoinedTexts(arena);
    neighbour.insert(0, rangeOf("neighbour"));
    const expected: string[] = [];
    for (const each of steps) {
      if (typeof each === "number") {
        const count = Math.floor(each * expected.length);
        texts.drop(count);
        expected.splice(0, count);
      } else {
        const index = Math.floor(each[0] * expected.length);
        texts.insert(index, rangeOf(each[1]));
        expected.splice(index, 0, each[1]);
      }
      assert.equal(texts.count, expected.length);
      for (let end = 1; end <= expected.length; end += 3) {
        const first = Math.floor(end / 2);
        assert.equal(stretch(texts, first, end), expected.slice(first, end).join(","));
      }
    }
    assert.equal(stretch(neighbour, 0, 1), "neighbour");
    texts.release();
    neighbour.release();
    assert.equal(arena.byteCount, 0);
  }));
});

Deno.test("JoinedTexts goes on from nothing after all was dropped", () => {
  const texts = new JoinedTexts(new Arena());
  texts.insert(0, rangeOf("1"));
  texts.drop(1);
  texts.insert(0, rangeOf("23"));
  assert.equal(stretch(texts, 0, 1), "23");
});

Deno.test("JoinedTexts keeps the memory of a window that moves on and on", () => {
  const arena = new Arena();
  const texts = new JoinedTexts(arena);
  let afterFirst = 0;
  for (let second = 100_000; second < 200_000; second++) {
    texts.insert(texts.count, rangeOf(String(second)));
    if (texts.count > 21) texts.drop(1);
    if (second === 100_100) afterFirst = arena.byteCount;
  }
  assert.equal(stretch(texts, 19, 21), "199998,199999");
  assert.equal(arena.byteCount, afterFirst);
});
