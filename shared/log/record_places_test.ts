import assert from "node:assert/strict";
import fc from "fast-check";
import { NO_HEADERS } from "./log.ts";
import { FetchedRecords, gatherPlaces, RecordPlaces } from "./record_places.ts";

const data = fc.option(fc.uint8Array({ maxLength: 9 }));
const record = fc.record({
  offset: fc.nat(),
  appendMs: fc.integer({ min: 0, max: 2 ** 45 }),
  key: data,
  value: data,
  headers: fc.constantFrom(NO_HEADERS, { a: "1" }),
});

Deno.test("RecordPlaces has of each record what the record has", () => {
  const source = { topic: "t", partition: 3 };
  fc.assert(fc.property(fc.array(record, { maxLength: 20 }), (records) => {
    const places = gatherPlaces(source, records);
    const fetched = new FetchedRecords(places, { nextOffset: 7, atEndMs: undefined });
    assert.equal(places.count, records.length);
    assert.deepEqual(fetched.records, records.map((each) => ({ ...source, ...each })));
    records.forEach(({ key, value }, index) => {
      assert.equal(places.hasKey(index), key !== null);
      assert.equal(places.hasValue(index), value !== null);
    });
  }));
});

Deno.test("RecordPlaces.copy() has what each of the others had, and nothing of the one before", () => {
  const other = fc.record({ topic: fc.constantFrom("a", "b"), partition: fc.nat(9) });
  const batch = fc.tuple(other, fc.array(record, { maxLength: 20 }));
  fc.assert(fc.property(fc.array(batch, { maxLength: 5 }), (batches) => {
    const copy = new RecordPlaces({ topic: "", partition: 0 }, new Uint8Array(), 0);
    for (const [source, records] of batches) {
      const places = gatherPlaces(source, records);
      copy.copy(places);
      places.bytes.fill(0xff);
      assert.deepEqual(
        Array.from({ length: copy.count }, (_, index) => copy.record(index)),
        records.map((each) => ({ ...source, ...each })),
      );
    }
  }));
});

Deno.test("RecordPlaces.copy() does not keep the memory of records that were far larger", () => {
  const placesOf = (size: number) => {
    const value = new Uint8Array(size);
    const own = { offset: 0, appendMs: 0, key: null, value, headers: NO_HEADERS };
    return gatherPlaces({ topic: "t", partition: 0 }, [own]);
  };
  const copy = placesOf(0);
  copy.copy(placesOf(1_000_000));
  const { memory } = copy;
  copy.copy(placesOf(900_000));
  assert.ok(copy.memory === memory);
  copy.copy(placesOf(10));
  assert.ok(copy.bytes.length < 1_000);
});
