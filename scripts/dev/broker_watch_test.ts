import assert from "node:assert/strict";
import { BrokerWatch, droppedLines } from "./broker_watch.ts";
import { plainView } from "./view.ts";

Deno.test("BrokerWatch says who does not take its messages, at most every 10 s for each", () => {
  const lines: string[] = [];
  let nowMs = 0;
  const watch = new BrokerWatch(plainView((text) => lines.push(text)), () => nowMs, "bridge-id");
  watch.dropped("away\x1b[2J\n", 1);
  watch.dropped("away\x1b[2J\n", 1999);
  watch.dropped("other", 1);
  nowMs = 10_000;
  watch.dropped("away\x1b[2J\n", 1);
  watch.waiting("bridge-id");
  watch.waiting("bridge-id");
  watch.ended("frozen");
  assert.deepEqual(lines, [
    'dev: the broker drops the oldest messages for client "away\\u001b[2J\\n", which does not take them: 1 so far',
    'dev: the broker drops the oldest messages for client "other", which does not take them: 1 so far',
    'dev: the broker drops the oldest messages for client "away\\u001b[2J\\n", which does not take them: 2,001 so far',
    "dev: publishers wait: the broker holds all it can for the bridge, which does not take it",
    'dev: the broker ended the connection of client "frozen", which does not read',
  ]);
});

Deno.test("BrokerWatch does not tell of each of very many clients", () => {
  const lines: string[] = [];
  const watch = new BrokerWatch(plainView((text) => lines.push(text)), () => 0, "bridge-id");
  for (let client = 0; client < 1000; client++) watch.dropped(`client ${client}`, 1);
  assert.equal(lines.length, 100);
});

Deno.test("droppedLines() names those who lost the most", () => {
  assert.deepEqual(droppedLines(new Map(), "c"), []);
  assert.deepEqual(droppedLines(new Map([["a", 1], ["b\x07", 1234], ["c", 7]]), "c"), [
    'The broker dropped 1,234 messages for client "b\\u0007", which did not take them.',
    'The broker dropped 1 messages for client "a", which did not take them.',
  ]);
  const many = new Map(Array.from({ length: 12 }, (_, client) => [String(client), 1]));
  assert.equal(droppedLines(many, "c").length, 11);
  assert.equal(droppedLines(many, "c").at(-1), "The same for 2 more clients.");
});
