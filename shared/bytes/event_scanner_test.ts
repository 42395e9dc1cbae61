import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeEvent,
  type DeviceState,
  deviceStateMessageSchema,
  encodeEvent,
  type Reading,
  readingMessageSchema,
} from "../events.ts";
import type { ByteRange } from "./byte_range.ts";
import { EventScanner } from "./event_scanner.ts";
import type { NamesAhead, ScannedEvent } from "./scanned_event.ts";
import { deviceStatePayloads, readingPayloads } from "./testing/payloads.ts";

const RUNS = Number(Deno.env.get("WATTSTREAM_SCANNER_RUNS") ?? 5_000);
/** What stands before and behind a value in a batch; read by mistake, it would fit. */
const BEFORE = '{"client_id":"before"';
const BEHIND = '"0123,"username":"behind"}]}';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const textOfRange = (range: ByteRange) => decoder.decode(range.view());

type Kind = "reading" | "deviceState";

const SCHEMAS = { reading: readingMessageSchema, deviceState: deviceStateMessageSchema };

/** The event as an object; its texts must be those of `JSON.stringify`. */
function objectOf(event: ScannedEvent, kind: Kind, hasTimestamp: boolean): Record<string, unknown> {
  const { timestamp, clientId, username, consumption, bits, bitCount } = event;
  const own = kind === "reading"
    ? { consumption: textOfRange(consumption) }
    : { state_bitmap: Array.from({ length: bitCount }, (_, i) => (bits[i >> 3]! >> (i & 7)) & 1) };
  return {
    client_id: textOfRange(clientId),
    username: textOfRange(username),
    ...(hasTimestamp && { timestamp }),
    ...own,
  };
}

/** The same of a decoded event. */
function expectedOf(event: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(event).map(([field, value]) => {
      if (field === "timestamp") return [field, (value as number) + 0];
      if (Array.isArray(value)) return [field, value.map(Number)];
      return [field, JSON.stringify(value)];
    }),
  );
}

/** A scanner that has just read something else, and the payload in the middle of other bytes. */
function scan(payload: Uint8Array, kind: Kind, names?: NamesAhead) {
  const scanner = new EventScanner();
  const former = encoder.encode('{"client_id":"f","username":"f","timestamp":7,"consumption":1e2}');
  assert.ok(scanner.reading(former, 0, former.length));
  const bytes = new Uint8Array([...encoder.encode(BEFORE), ...payload, ...encoder.encode(BEHIND)]);
  const start = BEFORE.length;
  return { scanner, isKnown: scanner[kind](bytes, start, start + payload.length, names) };
}

const NAMES = /^\{"client_id":("(?:[^"\\]|\\.)*"),"username":("(?:[^"\\]|\\.)*")/u;

/** The names that a payload begins with as `JSON.stringify` writes them, if a household can have them. */
function namesAhead(payload: Uint8Array, kind: Kind): NamesAhead | undefined {
  const [prefix, clientId, username] = NAMES.exec(decoder.decode(payload)) ?? [];
  if (prefix === undefined || !startsWith(payload, encoder.encode(prefix))) return undefined;
  const own = kind === "reading" ? '"consumption":1' : '"state_bitmap":[true]';
  const event = decodeEvent<{ client_id: string; username: string }>(
    SCHEMAS[kind],
    encoder.encode(`${prefix},"timestamp":1,${own}}`),
  );
  if (!event.ok) return undefined;
  const { client_id, username: user } = event.event;
  if (!prefix.startsWith(JSON.stringify({ client_id, username: user }).slice(0, -1))) {
    return undefined;
  }
  const [clientIdLength, usernameLength] = [clientId!, username!].map((text) =>
    encoder.encode(text).length
  ) as [number, number];
  const clientIdStart = '{"client_id":'.length;
  const clientIdEnd = clientIdStart + clientIdLength;
  const usernameStart = clientIdEnd + ',"username":'.length;
  return { clientIdStart, clientIdEnd, usernameStart, usernameEnd: usernameStart + usernameLength };
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

/** Whether the scanner recognised it; if so, the schema must agree, whether the names were known or not. */
function checkAgainstSchema(payload: Uint8Array, kind: Kind): boolean {
  const names = namesAhead(payload, kind);
  const isKnown = checkScan(payload, kind);
  if (names === undefined) return isKnown;
  const isKnownAhead = checkScan(payload, kind, names);
  assert.ok(isKnownAhead || !isKnown, "it recognises less with the names ahead");
  return isKnown;
}

function checkScan(payload: Uint8Array, kind: Kind, names?: NamesAhead): boolean {
  const { scanner, isKnown } = scan(payload, kind, names);
  if (!isKnown) return false;
  assert.equal(scanner.event.names, names);
  const decoded = decodeEvent<Record<string, unknown>>(SCHEMAS[kind], payload);
  assert.ok(decoded.ok, "the scanner took what the schema refuses");
  const { event } = decoded;
  assert.deepEqual(objectOf(scanner.event, kind, scanner.hasTimestamp), expectedOf(event));
  if (scanner.isCanonical) {
    assert.equal(encodeEvent(event as Reading & DeviceState), decoder.decode(payload));
  }
  return true;
}

for (
  const [kind, payloads] of [
    ["reading", readingPayloads],
    ["deviceState", deviceStatePayloads],
  ] as const
) {
  Deno.test(`EventScanner.${kind}() finds what the schema finds, or leaves it to the schema`, () => {
    let known = 0;
    fc.assert(
      fc.property(payloads, (payload) => {
        if (checkAgainstSchema(payload, kind)) known++;
      }),
      { numRuns: RUNS },
    );
    assert.ok(known > RUNS / 20, `it recognised ${known} of ${RUNS}`);
  });
}

const KNOWN = [
  '{"client_id":"home-1","username":"ada","timestamp":1790000000,"consumption":230.5}',
  '{"client_id":"home-1","username":"ada","timestamp":1790000000,"consumption":-0.001}',
  '{"consumption":12,"timestamp":1790000000.25,"username":"ada","client_id":"grün 🏠"}',
  ' { "client_id" : "h",\n\t"username" : "u",\r\n"timestamp" : 0 , "consumption" : 230.50 } ',
  '{"client_id":"h","username":"u","timestamp":1,"consumption":1e3}',
  '{"client_id":"h","username":"u","timestamp":1,"consumption":-0}',
  '{"client_id":"h","username":"u","timestamp":1,"consumption":230.33000183105469}',
  '{"client_id":"h","username":"u","consumption":5}',
];

for (const text of KNOWN) {
  Deno.test(`EventScanner.reading() recognises ${text}`, () => {
    assert.ok(checkAgainstSchema(encoder.encode(text), "reading"));
  });
}

Deno.test("EventScanner.isCanonical is true for what encodeEvent() writes, as far as it is plain", () => {
  const event = { client_id: "grün", username: "u", timestamp: 1_790_000_000 };
  for (const consumption of [0, -12.5, 230.5, 1e-6, 123456789012345, -0.1]) {
    const payload = encoder.encode(encodeEvent({ ...event, consumption }));
    assert.ok(scan(payload, "reading").scanner.isCanonical, String(consumption));
  }
  const state = encoder.encode(encodeEvent({ ...event, state_bitmap: [true, false] }));
  assert.ok(scan(state, "deviceState").scanner.isCanonical);
  for (const text of [...KNOWN].slice(2, 7)) {
    assert.equal(scan(encoder.encode(text), "reading").scanner.isCanonical, false, text);
  }
});

Deno.test("EventScanner.reading() reads no names that it knows, not even with escapes", () => {
  const text = '{"client_id":"h\\"","username":"ada","timestamp":5,"consumption":1}';
  const names = { clientIdStart: 13, clientIdEnd: 18, usernameStart: 30, usernameEnd: 35 };
  const { scanner, isKnown } = scan(encoder.encode(text), "reading", names);
  assert.ok(isKnown);
  assert.deepEqual(objectOf(scanner.event, "reading", true), expectedOf(JSON.parse(text)));
  assert.equal(scan(encoder.encode(text), "reading").isKnown, false);
});

Deno.test("EventScanner.reading() does not trust names that another field contradicts", () => {
  const names = { clientIdStart: 13, clientIdEnd: 16, usernameStart: 28, usernameEnd: 31 };
  for (const field of ['"client_id":"g"', '"username":"g"', '"unit":"W"']) {
    const text = `{"client_id":"h","username":"u",${field},"timestamp":5,"consumption":1}`;
    assert.equal(scan(encoder.encode(text), "reading", names).isKnown, false, field);
  }
});

const LEFT_TO_THE_SCHEMA = [
  '{"client_id":"a\x7f","username":"u","timestamp":1,"consumption":1}',
  '{"client_id":"h","username":"a\x85","timestamp":1,"consumption":1}',
  '{"client_id":"h","client_id":"g","username":"u","timestamp":1,"consumption":1}',
  '{"client_id":"h\\u0041","username":"u","timestamp":1,"consumption":1}',
  '{"client_id":"h","username":"u","timestamp":1,"consumption":1,"unit":"W"}',
  '{"client_id":"h","username":"u","timestamp":1790000000123,"consumption":1}',
  '{"client_id":"h","username":"u","timestamp":1,"consumption":1e999}',
  '{"client_id":"","username":"u","timestamp":1,"consumption":1}',
  '{"client_id":"h","username":"u","timestamp":1,"consumption":1}x',
  '{"client_id":"h","username":"u","timestamp":1,"consumption":1',
  '{"client_id":"h","username":"u","timestamp":1,"state_bitmap":[true]}',
];

for (const text of LEFT_TO_THE_SCHEMA) {
  Deno.test(`EventScanner.reading() says nothing about ${JSON.stringify(text)}`, () => {
    assert.equal(scan(encoder.encode(text), "reading").isKnown, false);
  });
}

Deno.test("EventScanner.reading() refuses a name that is not UTF-8", () => {
  const payload = encoder.encode(KNOWN[0]!);
  payload[KNOWN[0]!.indexOf("home")] = 0xff;
  assert.equal(scan(payload, "reading").isKnown, false);
});

Deno.test("ScannedEvent.fill() has the texts of JSON.stringify, however long they are", () => {
  const name = "\ud800".repeat(256);
  const reading = { client_id: name, username: name, timestamp: -0, consumption: -0 };
  const { event } = new EventScanner();
  event.fill(reading);
  assert.deepEqual(objectOf(event, "reading", true), expectedOf(reading));
  const state = { client_id: "h", username: '"', timestamp: 5, state_bitmap: [true, false, true] };
  event.fill(state);
  assert.deepEqual(objectOf(event, "deviceState", true), expectedOf(state));
});
