import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { TOPICS_MAX } from "./topic_memory.ts";
import { TopicTexts } from "./topic_texts.ts";

Deno.test("textOf() says what the bytes say, whatever was asked before", () => {
  const texts = new TopicTexts();
  const topics = fc.array(fc.oneof(fc.string(), fc.constantFrom("a/b/power", "a/c/power")));
  fc.assert(fc.property(topics, (asked) => {
    for (const topic of asked) {
      const bytes = Buffer.from(`<${topic}>`);
      assert.equal(
        texts.textOf(bytes, 1, bytes.length - 1),
        bytes.toString("utf8", 1, bytes.length - 1),
      );
    }
  }));
});

Deno.test("textOf() keeps no part of the bytes that it was asked of", () => {
  const texts = new TopicTexts();
  const bytes = Buffer.from("energy/a/b/power");
  texts.textOf(bytes, 0, bytes.length);
  bytes.fill("x");
  assert.equal(texts.textOf(Buffer.from("energy/a/b/power"), 0, 16), "energy/a/b/power");
  assert.equal(texts.textOf(bytes, 0, bytes.length), "x".repeat(16));
});

Deno.test("textOf() goes on past the topics that it remembers, and with long ones", () => {
  const texts = new TopicTexts();
  for (let number = 0; number < TOPICS_MAX + 100; number++) {
    const bytes = Buffer.from(`energy/${number}`);
    assert.equal(texts.textOf(bytes, 0, bytes.length), `energy/${number}`);
  }
  const long = Buffer.from("x".repeat(300));
  assert.equal(texts.textOf(long, 0, long.length), "x".repeat(300));
});
