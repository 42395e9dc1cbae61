import fc from "fast-check";
import assert from "node:assert/strict";
import { z } from "zod";
import {
  deadLetterPayload,
  deadLetterSchema,
  decodeEvent,
  deviceStateMessageSchema,
  deviceStateSchema,
  encodeDeadLetter,
  encodeEvent,
  ERROR_LENGTH_MAX,
  predictionWindowSchema,
  readingMessageSchema,
  readingSchema,
  textOf,
  trainingDatasetSchema,
} from "./events.ts";

const encoder = new TextEncoder();
const id = { client_id: "house-1", username: "ada" };

/** Texts that must parse for ever, each with what it says. */
const GOLDEN: readonly [z.ZodType, string, object][] = [
  [
    readingSchema,
    '{"client_id":"house-1","username":"ada","timestamp":1790000000,"consumption":-12.5}',
    { ...id, timestamp: 1790000000, consumption: -12.5 },
  ],
  [
    readingSchema,
    '{"client_id":"house-1","username":"ada","timestamp":1790000000.9,"consumption":0,"extra":1}',
    { ...id, timestamp: 1790000000, consumption: 0 },
  ],
  [
    deviceStateSchema,
    '{"client_id":"house-1","username":"ada","timestamp":1790000000,"state_bitmap":[true,false]}',
    { ...id, timestamp: 1790000000, state_bitmap: [true, false] },
  ],
  [
    readingMessageSchema,
    '{"client_id":"house-1","username":"ada","consumption":1}',
    { ...id, consumption: 1 },
  ],
  [
    deviceStateMessageSchema,
    '{"client_id":"house-1","username":"ada","state_bitmap":[true]}',
    { ...id, state_bitmap: [true] },
  ],
  [
    predictionWindowSchema,
    '{"client_id":"house-1","username":"ada","window_start":100,"window_end":115,"timestamps":[100,101],"consumption":[1.5,2]}',
    {
      ...id,
      window_start: 100,
      window_end: 115,
      timestamps: [100, 101],
      consumption: [1.5, 2],
    },
  ],
  [
    trainingDatasetSchema,
    '{"client_id":"house-1","username":"ada","session_start":100,"session_end":101,"timestamps":[100,101],"consumption":[1.5,2],"state_bitmaps":[[true],[false]]}',
    {
      ...id,
      session_start: 100,
      session_end: 101,
      timestamps: [100, 101],
      consumption: [1.5, 2],
      state_bitmaps: [[true], [false]],
    },
  ],
  [
    deadLetterSchema,
    '{"reason":"late","source":"predictions","error":"timestamp: 1 is late","topic":"power","partition":3,"offset":17,"payload":"{}","received_at":1790000000123}',
    {
      reason: "late",
      source: "predictions",
      error: "timestamp: 1 is late",
      topic: "power",
      partition: 3,
      offset: 17,
      payload: "{}",
      received_at: 1790000000123,
    },
  ],
];

for (const [schema, text, event] of GOLDEN) {
  Deno.test(`decodeEvent() reads ${text.slice(0, 90)}`, () => {
    assert.deepEqual(decodeEvent(schema, encoder.encode(text)), { ok: true, event });
  });
}

const WRONG: readonly [string, RegExp][] = [
  ["{", /^the payload is not JSON/],
  ["[]", /^payload: /],
  ['{"client_id":"h","username":"u","timestamp":1}', /^consumption: /],
  ['{"client_id":"h","username":"u","timestamp":1,"consumption":"7"}', /^consumption: .*string/],
  ['{"client_id":"h","username":"u","timestamp":1,"consumption":1e999}', /^consumption: /],
  [
    '{"client_id":"h","username":"u","timestamp":1790000000123,"consumption":7}',
    /^timestamp: .*plainly milliseconds/,
  ],
  ['{"client_id":"h","username":"u","timestamp":-1,"consumption":7}', /^timestamp: /],
  ['{"client_id":"","timestamp":"x","consumption":7}', /^client_id: .*; username: .*; timestamp: /],
];

for (const [text, error] of WRONG) {
  Deno.test(`decodeEvent() names what is wrong with ${text}`, () => {
    const decoded = decodeEvent(readingSchema, encoder.encode(text));
    assert.ok(!decoded.ok);
    assert.match(decoded.error, error);
  });
}

Deno.test("decodeEvent() takes 1 to 256 device states", () => {
  const text = (length: number) =>
    encoder.encode(
      JSON.stringify({ ...id, timestamp: 1, state_bitmap: new Array(length).fill(true) }),
    );
  assert.deepEqual([0, 1, 256, 257].map((n) => decodeEvent(deviceStateSchema, text(n)).ok), [
    false,
    true,
    true,
    false,
  ]);
});

Deno.test("decodeEvent() refuses bytes that are not UTF-8, and a record without value", () => {
  const decoded = decodeEvent(readingSchema, new Uint8Array([0xff, 0x7b]));
  assert.deepEqual(decoded, { ok: false, error: "the payload is not UTF-8" });
  assert.equal(decodeEvent(readingSchema, null).ok, false);
});

Deno.test("textOf() reads any UTF-8, also what others put for what is none", () => {
  for (const text of ["{}", "", "grün 🏠", "\ufffd", "\ufeff{}"]) {
    assert.equal(textOf(new TextEncoder().encode(text)), text);
  }
  for (const bytes of [[0xff], [0x7b, 0xc3], [0xed, 0xa0, 0x80], [0xef, 0xbf, 0xbd, 0xff]]) {
    assert.equal(textOf(new Uint8Array(bytes)), undefined);
  }
});

Deno.test("encodeEvent() writes what decodeEvent() reads", () => {
  const reading = { ...id, timestamp: 5, consumption: 0.1 };
  assert.deepEqual(decodeEvent(readingSchema, encoder.encode(encodeEvent(reading))), {
    ok: true,
    event: reading,
  });
});

Deno.test("deadLetterPayload() keeps every byte", () => {
  const bytes = new Uint8Array([0xff, 0x00, 0x7b]);
  const letter = deadLetterPayload(bytes);
  assert.equal(letter.payload_encoding, "base64");
  assert.deepEqual(Uint8Array.fromBase64(letter.payload), bytes);
  const marked = encoder.encode("\uFEFF{}");
  assert.deepEqual(encoder.encode(deadLetterPayload(marked).payload), marked);
});

Deno.test("encodeDeadLetter() cuts an error of any length to 300 characters, and nothing else", () => {
  const input = encoder.encode("x".repeat(1000));
  const topic = "t".repeat(1000);
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 700 }), (error) => {
    const parts = { reason: "invalid", source: "bridge", error, topic, received_at: 1 } as const;
    const letter = deadLetterSchema.parse(JSON.parse(encodeDeadLetter(parts, input)));
    assert.deepEqual(letter, { ...parts, error: letter.error, payload: "x".repeat(1000) });
    assert.ok(letter.error.isWellFormed(), "no surrogate pair is cut in two");
    if (error.length <= ERROR_LENGTH_MAX) return assert.equal(letter.error, error);
    assert.ok(letter.error.length >= ERROR_LENGTH_MAX - 1);
    assert.ok(letter.error.length <= ERROR_LENGTH_MAX);
    assert.ok(letter.error.endsWith("…") && error.startsWith(letter.error.slice(0, -1)));
  }));
});
