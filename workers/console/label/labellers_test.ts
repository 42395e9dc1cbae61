import assert from "node:assert/strict";
import { WattstreamError } from "../../../shared/errors.ts";
import { eventually, PATIENCE_MS } from "../../../shared/eventually.ts";
import { parseTopicLayout } from "../../../shared/mqtt/topics.ts";
import { Broker } from "./broker.ts";
import { Labellers, type PublishEvent } from "./labellers.ts";

const HOUSEHOLD = { username: "anna", client_id: "flat" };
const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 10 };

Deno.test("Labellers publish each second as a device would, until nobody says anything", async () => {
  let nowMs = 100_000;
  const published: object[] = [];
  const publish: PublishEvent = (kind, event) => {
    published.push({ kind, ...event });
    return Promise.resolve();
  };
  const labellers = new Labellers({ readingsOf: () => [], nowMs: () => nowMs });
  const word = { page: "page", word: 1, vector: [true], publish };
  for (nowMs = 100_000; nowMs < 103_000; nowMs += 1000) labellers.say(HOUSEHOLD, word);
  const state = { ...HOUSEHOLD, timestamp: 100, state_bitmap: [true] };
  await eventually(
    () => assert.deepEqual(published, [{ kind: "device-state", ...state }]),
    DEADLINE,
  );
  await eventually(() => {
    assert.deepEqual(labellers.say(HOUSEHOLD, word), { publishedS: 100 });
  }, DEADLINE);
  nowMs = 120_000;
  await eventually(() => assert.equal(labellers.count, 0), DEADLINE);
  assert.equal(published.length, 4, "102 and 103 were said as well, and nothing after");
  labellers.close();
});

Deno.test("Labellers hold to the later of two words that overtook each other", async () => {
  let nowMs = 100_000;
  const published: unknown[] = [];
  const publish: PublishEvent = (_, event) => {
    published.push(event);
    return Promise.resolve();
  };
  const labellers = new Labellers({ readingsOf: () => [], nowMs: () => nowMs });
  const say = (word: number, vector: boolean[]) =>
    labellers.say(HOUSEHOLD, { page: "page", word, vector, publish });
  say(2, [true]);
  say(1, [false]);
  nowMs = 103_000;
  const state = { ...HOUSEHOLD, timestamp: 100, state_bitmap: [true] };
  await eventually(() => assert.deepEqual(published, [state]), DEADLINE);
  labellers.close();
});

Deno.test("Labellers tell the page what the broker does not take, and refuse a second page", async () => {
  let nowMs = 100_000;
  const publish = () => Promise.reject(new WattstreamError("unavailable", "not authorized"));
  const labellers = new Labellers({ readingsOf: () => [], nowMs: () => nowMs });
  const word = { page: "page", word: 1, vector: [true], publish };
  labellers.say(HOUSEHOLD, word);
  nowMs = 103_000;
  await eventually(() => {
    const { problem } = labellers.say(HOUSEHOLD, word);
    assert.equal(problem, "not authorized");
  }, DEADLINE);
  assert.throws(() => labellers.say(HOUSEHOLD, { ...word, page: "other" }), /Another page labels/);
  labellers.close();
});

Deno.test("Broker says what is missing where nobody named one", async () => {
  const layout = parseTopicLayout("energy/{username}/{client_id}/{kind}");
  assert.ok(layout.ok);
  const { signal } = new AbortController();
  const parts = { options: undefined, topics: layout.layout, random: Math.random, signal };
  const broker = new Broker(parts);
  await assert.rejects(broker.publish("household", HOUSEHOLD), /Start the console with --mqtt/);
  await broker.close();
});
