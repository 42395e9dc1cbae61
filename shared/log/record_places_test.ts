import assert from "node:assert/strict";
import fc from "fast-check";
import { NO_HEADERS } from "./log.ts";
import { FetchedRecords, gatherPlaces } from "./record_places.ts";

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
