import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteRange } from "../bytes/byte_range.ts";
import { deviceStatePayloads, readingPayloads } from "../bytes/testing/payloads.ts";
import { canonicalSecond, CLOCK_SET_FROM_S } from "./canonical.ts";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout } from "./topics.ts";
import { validate } from "./validate.ts";

const NOTHING: Uint8Array = new Uint8Array();
const encoder = new TextEncoder();
const bytesOf = (event: unknown) => encoder.encode(JSON.stringify(event));

/** Whether a message is canonical; then it is the record that the schema makes of it. */
function checkAsItIs(
  topic: string,
  payload: Uint8Array,
  before = NOTHING,
  behind = NOTHING,
): boolean {
  const parsed = parseTopicLayout(DEFAULT_TOPIC_LAYOUT);
  assert.ok(parsed.ok);
  const match = parsed.layout.match(topic);
  if (match === undefined) return false;
  const bytes = new Uint8Array([...before, ...payload, ...behind]);
  const range = new ByteRange().set(bytes, before.length, before.length + payload.length);
  const timestampS = canonicalSecond(range, match);
  if (timestampS === undefined) return false;
  const { kind, username, client_id: key } = match;
  assert.deepEqual(validate({ topic, payload, arrivedMs: 0 }, parsed.layout), [{
    ...{ kind, username, timestampS },
    record: { topic: kind, key, value: new TextDecoder().decode(payload) },
  }]);
  return true;
}

for (
  const [topic, payloads] of [
    ["power", readingPayloads],
    ["device-state", deviceStatePayloads],
  ] as const
) {
  Deno.test(`canonicalSecond() takes ${topic} only where the schema writes the same, whatever stands beside it`, () => {
    let count = 0;
    fc.assert(
      fc.property(payloads, (payload) => {
        const text = new TextDecoder().decode(payload);
        const [, client_id = "h"] = /"client_id":"([^"]+)"/.exec(text) ?? [];
        const [, username = "u"] = /"username":"([^"]+)"/.exec(text) ?? [];
        const place = `energy/${username}/${client_id}/${topic}`;
        if (checkAsItIs(place, payload)) count++;
        checkAsItIs(place, payload, payload, payload);
      }),
      { numRuns: 3000 },
    );
    assert.ok(count > 5, `${count} of 3000 as they came`);
  });
}

const READING = {
  ...{ client_id: "flat-1", username: "anna", timestamp: 1_790_000_000, consumption: 12.5 },
};

Deno.test("canonicalSecond() takes a plain message, amid others too, and no name that is not plain", () => {
  const payload = bytesOf(READING);
  assert.ok(checkAsItIs("energy/anna/flat-1/power", payload));
  assert.ok(checkAsItIs("energy/anna/flat-1/power", payload, payload, payload));
  for (const [client_id, isTaken] of [["flat-1", true], ["flat\u007f", false], ["grün", false]]) {
    const { consumption: _, ...rest } = READING;
    const state = bytesOf({ ...rest, client_id, state_bitmap: [true] });
    assert.equal(checkAsItIs(`energy/anna/${client_id}/device-state`, state), isTaken);
  }
});

Deno.test("canonicalSecond() leaves to the schema what another household's topic or an unset clock has", () => {
  const at = (timestamp: number) => bytesOf({ ...READING, timestamp });
  assert.ok(!checkAsItIs("energy/anna/flat-2/power", bytesOf(READING)));
  assert.ok(!checkAsItIs("energy/bert/flat-1/power", bytesOf(READING)));
  assert.ok(checkAsItIs("energy/anna/flat-1/power", at(CLOCK_SET_FROM_S)));
  assert.ok(!checkAsItIs("energy/anna/flat-1/power", at(CLOCK_SET_FROM_S - 1)));
});
