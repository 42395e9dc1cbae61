import assert from "node:assert/strict";
import { TopicMemory } from "./topic_memory.ts";

Deno.test("TopicMemory.lookUp() finds out what a topic says once, until it is told to forget", () => {
  const found: string[] = [];
  const memory = new TopicMemory((topic) => found.push(topic));
  assert.deepEqual(["a", "b", "a", "b"].map((topic) => memory.lookUp(topic)), [1, 2, 1, 2]);
  memory.forget();
  assert.equal(memory.lookUp("a"), 3);
});

Deno.test("TopicMemory.lookUp() keeps no long topics, and a bounded number of others", () => {
  let count = 0;
  const memory = new TopicMemory(() => ++count);
  const long = "x".repeat(201);
  assert.equal(memory.lookUp(long) + 1, memory.lookUp(long));
  const first = memory.lookUp("0");
  for (let number = 1; number <= 250_000; number++) memory.lookUp(`${number}`);
  assert.notEqual(memory.lookUp("0"), first);
});
