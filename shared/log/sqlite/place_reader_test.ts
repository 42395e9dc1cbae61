import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { NO_HEADERS } from "../log.ts";
import { PlaceReader } from "./place_reader.ts";

type Stored = readonly [
  offset: number,
  key: Uint8Array | null,
  value: Uint8Array | string | null,
  headers: string | null,
];

const encoder = new TextEncoder();
const ALL = { partition: 3, fromOffset: 0, countMax: 100, bytesMax: 1000 };

/** A reader of partition 3 of topic 1, which holds these. */
function readerOf(stored: readonly Stored[]) {
  const db = new DatabaseSync(":memory:");
  db.exec(
    "create table records (topic, partition, offset, append_ms, key blob, value blob, headers text)",
  );
  const insert = db.prepare("insert into records values (1, ?, ?, ?, ?, ?, ?)");
  insert.run(2, 0, 0, null, encoder.encode("of another partition"), null);
  for (const [offset, ...rest] of stored) {
    insert.run(3, offset, 1_700_000_000_000 + offset, ...rest);
  }
  return new PlaceReader(db);
}

Deno.test("PlaceReader has the records as they were stored, whatever their bytes", () => {
  const bytes = Uint8Array.of(0xff, 0, 0xc3, 0x2c, 0x22, 0);
  const stored: Stored[] = [
    [4, encoder.encode("home-1"), encoder.encode("{}"), null],
    [6, null, bytes, '{"b":"2"}'],
    [7, bytes, null, null],
    [9, new Uint8Array(), new Uint8Array(), '{"a":"1"}'],
    [12, null, null, '{"wattstream-tick":"predictions"}'],
  ];
  const places = readerOf(stored).read({ id: 1, name: "power" }, ALL);
  assert.deepEqual(
    Array.from({ length: places.count }, (_, index) => places.record(index)),
    stored.map(([offset, key, value, headers]) => ({
      ...{ topic: "power", partition: 3, offset, appendMs: 1_700_000_000_000 + offset },
      ...{ key, value, headers: headers === null ? NO_HEADERS : JSON.parse(headers) },
    })),
  );
});

Deno.test("PlaceReader reads no more records and bytes than asked for, but one at least", () => {
  const value = new Uint8Array(100);
  const reader = readerOf([0, 1, 2, 3, 4].map((offset) => [offset, null, value, null]));
  const offsetsOf = (span: Partial<typeof ALL>) => {
    const places = reader.read({ id: 1, name: "power" }, { ...ALL, ...span });
    return Array.from({ length: places.count }, (_, index) => places.offset(index));
  };
  assert.deepEqual(offsetsOf({}), [0, 1, 2, 3, 4]);
  assert.deepEqual(offsetsOf({ countMax: 2 }), [0, 1]);
  assert.deepEqual(offsetsOf({ fromOffset: 2, bytesMax: 200 }), [2, 3]);
  assert.deepEqual(offsetsOf({ fromOffset: 3, bytesMax: 99 }), [3]);
  assert.deepEqual(offsetsOf({ fromOffset: 5 }), []);
  assert.deepEqual(offsetsOf({ countMax: 0 }), []);
});

Deno.test("PlaceReader reads what stands alone with neither key nor value", () => {
  const places = readerOf([[5, null, null, null]]).read({ id: 1, name: "power" }, ALL);
  assert.deepEqual([places.count, places.key(0), places.value(0)], [1, null, null]);
});

Deno.test("PlaceReader reads what somebody else has written as text", () => {
  const places = readerOf([[5, null, "zwölf", null], [6, null, encoder.encode("next"), null]])
    .read({ id: 1, name: "power" }, ALL);
  const texts = [0, 1].map((index) => new TextDecoder().decode(places.value(index)!));
  assert.deepEqual(texts, ["zwölf", "next"]);
});
