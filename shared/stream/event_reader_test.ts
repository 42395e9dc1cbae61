import assert from "node:assert/strict";
import { NO_HEADERS } from "../log/log.ts";
import { gatherPlaces } from "../log/record_places.ts";
import { EventReader } from "./event_reader.ts";

const encoder = new TextEncoder();

function recordOf(text: string | null) {
  const value = text === null ? null : encoder.encode(text);
  return gatherPlaces({ topic: "power", partition: 0 }, [
    { offset: 0, appendMs: 0, key: encoder.encode("h"), value, headers: NO_HEADERS },
  ]);
}

Deno.test("EventReader.reading() reads the form of the bridge and any other", () => {
  const reader = new EventReader();
  for (
    const text of [
      '{"client_id":"h","username":"u","timestamp":7,"consumption":12.5}',
      '{"consumption":12.50,"extra":[],"timestamp":7.9,"username":"\\u0075","client_id":"h"}',
    ]
  ) {
    const decoded = reader.reading(recordOf(text), 0);
    assert.ok(decoded.ok);
    const { timestamp, username, consumption } = decoded.event;
    const texts = [username, consumption].map((each) => new TextDecoder().decode(each.view()));
    assert.deepEqual([timestamp, ...texts], [7, '"u"', "12.5"]);
  }
});

Deno.test("EventReader says what is wrong, as the schema does", () => {
  const reader = new EventReader();
  for (
    const [text, error] of [
      [null, /no value/],
      ["{", /not JSON/],
      ['{"client_id":"h","username":"u","consumption":1}', /^timestamp: /],
    ] as const
  ) {
    const decoded = reader.reading(recordOf(text), 0);
    assert.ok(!decoded.ok);
    assert.match(decoded.error, error);
  }
  const reading = '{"client_id":"h","username":"u","timestamp":7,"consumption":1}';
  const decoded = reader.deviceState(recordOf(reading), 0);
  assert.ok(!decoded.ok);
  assert.match(decoded.error, /^state_bitmap: /);
});
