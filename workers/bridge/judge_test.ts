import assert from "node:assert/strict";
import { ByteRange } from "../../shared/bytes/byte_range.ts";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout } from "../../shared/mqtt/topics.ts";
import { judge } from "./judge.ts";
import { Tally } from "./tally.ts";
import { TopicIndex } from "./topic_index.ts";

const parsed = parseTopicLayout(DEFAULT_TOPIC_LAYOUT);
assert.ok(parsed.ok);
const settings = { layout: parsed.layout, share: { index: 0, count: 1 } };

function judged(text: string) {
  const known = new TopicIndex(settings.layout, settings.share).lookUp("energy/anna/flat-1/power");
  const bytes = new TextEncoder().encode(`…${text}…`);
  const payload = new ByteRange().set(bytes, 3, bytes.length - 3);
  const entry = {
    payload,
    arrivedMs: 5,
    held: undefined,
    dup: false,
    known,
    passedOver: undefined,
  };
  return { payload, records: judge([entry], settings, new Tally()) };
}

const CONTENT = '{"client_id":"flat-1","username":"anna","timestamp":1790000000,"consumption":1';

Deno.test("judge() appends the bytes that came where they are those of the record", () => {
  const { payload, records } = judged(`${CONTENT}.5}`);
  const rest = { username: "anna", timestampS: 1_790_000_000, arrivedMs: 5 };
  assert.deepEqual(records, [{ topic: "power", key: "flat-1", value: payload, ...rest }]);
  assert.equal(records[0]!.value, payload);
});

Deno.test("judge() has the schema write what came otherwise, and nothing of what stands beside it", () => {
  const [record] = judged(` ${CONTENT}.50} `).records;
  assert.equal(record!.value, `${CONTENT}.5}`);
  assert.equal(record!.timestampS, 1_790_000_000);
  const [letter] = judged(`${CONTENT}`).records;
  assert.equal(letter!.topic, "dead-letter");
  assert.equal(JSON.parse(String(letter!.value)).payload, CONTENT);
});
