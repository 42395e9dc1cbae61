import assert from "node:assert/strict";
import { deadLetterSchema, deviceStateSchema, readingSchema } from "../events.ts";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout, type TopicLayout } from "./topics.ts";
import { PAYLOAD_BYTES_MAX, validate, type Verdict } from "./validate.ts";

const ARRIVED_MS = 1_790_000_000_900;
const POWER = "energy/anna/flat-1/power";
const STATE = "energy/anna/flat-1/device-state";
const READING = {
  client_id: "flat-1",
  username: "anna",
  timestamp: 1_790_000_000,
  consumption: 12.5,
};
const DEVICES = { client_id: "flat-1", username: "anna", timestamp: 1_790_000_000 };

function layoutOf(text: string): TopicLayout {
  const parsed = parseTopicLayout(text);
  assert.ok(parsed.ok);
  return parsed.layout;
}

function judge(topic: string, payload: unknown, layout = DEFAULT_TOPIC_LAYOUT): Verdict {
  const bytes = payload instanceof Uint8Array
    ? payload
    : new TextEncoder().encode(typeof payload === "string" ? payload : JSON.stringify(payload));
  const verdicts = validate({ topic, payload: bytes, arrivedMs: ARRIVED_MS }, layoutOf(layout));
  assert.equal(verdicts.length, 1);
  return verdicts[0]!;
}

Deno.test("validate() makes a record of a reading, keyed by its client id", () => {
  assert.deepEqual(judge(POWER, READING), {
    kind: "power",
    username: "anna",
    timestampS: 1_790_000_000,
    record: { topic: "power", key: "flat-1", value: JSON.stringify(READING) },
  });
});

Deno.test("validate() makes a record of a device state", () => {
  const state = { ...DEVICES, state_bitmap: [true, false] };
  assert.deepEqual(judge(STATE, state), {
    kind: "device-state",
    username: "anna",
    timestampS: 1_790_000_000,
    record: { topic: "device-state", key: "flat-1", value: JSON.stringify(state) },
  });
});

Deno.test("validate() writes the event canonically: whole seconds, its own fields, their order", () => {
  const verdict = judge(POWER, {
    note: "extra",
    consumption: -3,
    timestamp: 1_790_000_000.99,
    username: "anna",
    client_id: "flat-1",
  });
  assert.equal(verdict.record.value, JSON.stringify({ ...READING, consumption: -3 }));
});

Deno.test("validate() stamps an event without a timestamp with its arrival, and marks it", () => {
  const { timestamp: _, ...withoutTime } = READING;
  for (const payload of [withoutTime, { ...READING, timestamp: null }]) {
    const verdict = judge(POWER, payload);
    assert.deepEqual(verdict, {
      kind: "power",
      stamp: "missing",
      username: "anna",
      timestampS: 1_790_000_000,
      record: {
        topic: "power",
        key: "flat-1",
        value: JSON.stringify(READING),
        headers: { "wattstream-stamped": "true" },
      },
    });
    readingSchema.parse(JSON.parse(String(verdict.record.value)));
  }
  const state = judge(STATE, { client_id: "flat-1", username: "anna", state_bitmap: [true] });
  assert.equal(deviceStateSchema.parse(JSON.parse(String(state.record.value))).timestamp, 1.79e9);
});

Deno.test("validate() stamps an event whose clock is not set, and keeps what it said", () => {
  for (const [timestamp, said] of [[0, "0"], [12.7, "12"], [978_307_199, "978307199"]] as const) {
    const { stamp, timestampS, record } = judge(POWER, { ...READING, timestamp });
    assert.deepEqual([stamp, timestampS], ["unset", 1_790_000_000]);
    assert.deepEqual(record.headers, { "wattstream-clock-unset": said });
    assert.equal(record.value, JSON.stringify(READING));
  }
  const first = judge(POWER, { ...READING, timestamp: 978_307_200 });
  assert.deepEqual([first.stamp, first.timestampS], [undefined, 978_307_200]);
});

Deno.test("validate() takes the names of a household's devices, keyed by user and household", () => {
  const topic = "energy/anna/flat-1/household";
  const event = { client_id: "flat-1", username: "anna", devices: [{ name: "TV", watts: 90 }] };
  assert.deepEqual(judge(topic, { ...event, more: 1 }), {
    kind: "household",
    username: "anna",
    timestampS: undefined,
    record: {
      topic: "household",
      key: "anna/flat-1",
      partitionKey: "flat-1",
      value: JSON.stringify(event),
    },
  });
  assert.equal(judge(topic, { ...event, devices: [] }).refusal, "invalid");
  assert.equal(judge(topic, { ...event, devices: [{ name: "a\u001b[2J" }] }).refusal, "invalid");
  assert.equal(judge(topic, { ...event, username: "bert" }).refusal, "forged");
  assert.equal(judge(topic, [event]).refusal, "invalid");
});

Deno.test("validate() takes what a layout does not name from the payload", () => {
  assert.equal(judge("power", READING, "flat").refusal, undefined);
  assert.equal(judge("m/flat-1/power", READING, "m/{client_id}/{kind}").refusal, undefined);
  assert.equal(judge("m/flat-2/power", READING, "m/{client_id}/{kind}").refusal, "forged");
});

Deno.test("validate() refuses what is not an event of its topic, naming the field", () => {
  const { client_id: _id, ...withoutClient } = READING;
  const { consumption: _w, ...withoutPower } = READING;
  const refusals: [title: string, topic: string, payload: unknown, error: RegExp][] = [
    ["not JSON", POWER, "{", /not JSON/],
    ["empty", POWER, "", /not JSON/],
    ["another JSON", POWER, "7", /^payload: /],
    ["null", POWER, "null", /^payload: /],
    ["no client_id", POWER, withoutClient, /^client_id: /],
    ["no consumption", POWER, withoutPower, /^consumption: /],
    ["string for a number", POWER, { ...READING, consumption: "12" }, /^consumption: /],
    ["infinite", POWER, JSON.stringify(READING).replace("12.5", "1e400"), /^consumption: /],
    ["milliseconds", POWER, { ...READING, timestamp: ARRIVED_MS }, /^timestamp: .*milliseconds/],
    ["control", POWER, { ...READING, client_id: "a\u001b[2J" }, /^client_id: .*no control/],
    ["control", POWER, { ...READING, username: "anna\n" }, /^username: .*no control/],
    ["negative timestamp", POWER, { ...READING, timestamp: -1 }, /^timestamp: /],
    ["state as a reading", POWER, { ...DEVICES, state_bitmap: [true] }, /^consumption: /],
    ["no states", STATE, { ...DEVICES, state_bitmap: [] }, /^state_bitmap: /],
    ["number for a state", STATE, { ...DEVICES, state_bitmap: [1] }, /^state_bitmap.0: /],
    ["all fields wrong", POWER, {}, /client_id: .*; username: .*; consumption: /],
    ["not UTF-8", POWER, Uint8Array.of(0x7b, 0xff), /not UTF-8/],
    ["unknown kind", "energy/anna/flat-1/temperature", READING, /^topic: expected energy\//],
    ["unknown topic", "power", READING, /^topic: /],
    ["nothing", "", READING, /^topic: /],
  ];
  for (const [title, topic, payload, error] of refusals) {
    const verdict = judge(topic, payload);
    assert.equal(verdict.refusal, "invalid", title);
    assert.equal(verdict.record.topic, "dead-letter", title);
    const letter = deadLetterSchema.parse(JSON.parse(String(verdict.record.value)));
    assert.match(letter.error, error, title);
    assert.deepEqual(
      { reason: letter.reason, source: letter.source, topic: letter.topic, at: letter.received_at },
      { reason: "invalid", source: "bridge", topic, at: ARRIVED_MS },
      title,
    );
  }
});

Deno.test("validate() refuses another user or household than the topic's as forged", () => {
  for (
    const [topic, error] of [
      ["energy/berta/flat-1/power", /^username: the topic says "berta", the payload "anna"/],
      ["energy/anna/flat-2/power", /^client_id: the topic says "flat-2", the payload "flat-1"/],
    ] as const
  ) {
    const verdict = judge(topic, READING);
    assert.equal(verdict.refusal, "forged");
    const letter = deadLetterSchema.parse(JSON.parse(String(verdict.record.value)));
    assert.match(letter.error, error);
    assert.equal(letter.payload, JSON.stringify(READING));
    assert.equal(verdict.record.key, topic.split("/")[2], "the key is the topic's household");
  }
});

Deno.test("validate() keeps refused bytes as they came", () => {
  const bytes = Uint8Array.of(0x00, 0xff, 0x80, 0x0a);
  const binary = deadLetterSchema.parse(JSON.parse(String(judge(POWER, bytes).record.value)));
  assert.equal(binary.payload_encoding, "base64");
  assert.deepEqual(Uint8Array.fromBase64(binary.payload), bytes);
  const text = deadLetterSchema.parse(JSON.parse(String(judge(POWER, "\ufeff{ä").record.value)));
  assert.equal(text.payload_encoding, undefined);
  assert.equal(text.payload, "\ufeff{ä");
});

Deno.test("validate() cuts a payload that no log would take, and says so", () => {
  const allowed = judge(POWER, "\u0001".repeat(PAYLOAD_BYTES_MAX));
  const tooLong = judge(POWER, "\u0001".repeat(PAYLOAD_BYTES_MAX + 1));
  for (const { record } of [allowed, tooLong]) {
    const letter = deadLetterSchema.parse(JSON.parse(String(record.value)));
    assert.equal(letter.payload.length, PAYLOAD_BYTES_MAX);
    assert.ok(String(record.value).length < 1024 * 1024 / 2);
  }
  assert.match(String(tooLong.record.value), /at most 65536 bytes, the rest is cut off/);
});

Deno.test("validate() writes letters that stay small, whatever topic and payload quote", () => {
  const bitmap = judge(STATE, { ...DEVICES, state_bitmap: new Array(256).fill(0) });
  assert.ok(bitmap.record.value!.length < 2000);
  // The worst that a client can send: a name of 64 KB, a payload of 64 KB, every byte escaped.
  const name = "\u0001".repeat(64 * 1024 - 20);
  const forged = judge(`energy/anna/${name}/power`, {
    ...READING,
    client_id: "\u0001".repeat(256),
    note: "\u0001".repeat(10_000),
  });
  assert.equal(forged.refusal, "invalid", "its names have control characters");
  assert.ok(forged.record.value!.length < 600_000);
  const worst = judge(`energy/anna/${name}/power`, "\u0001".repeat(PAYLOAD_BYTES_MAX));
  const { key, value } = worst.record;
  assert.ok(value!.length + key!.length < 1_000_000, "below the 1 MiB that a broker takes");
});
