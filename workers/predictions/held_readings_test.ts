import assert from "node:assert/strict";
import fc from "fast-check";
import { Arena } from "../../shared/bytes/arena.ts";
import { ByteWriter } from "../../shared/bytes/byte_writer.ts";
import { IDENTITY, scanned } from "../../shared/testing/recording_sink.ts";
import { HeldReadings } from "./held_readings.ts";

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  write(writer);
  return new TextDecoder().decode(writer.bytes.subarray(0, writer.length));
}

/** Where a reading is put, as a share of all, or how many are dropped. */
const step = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  watts: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { freq: 4 }),
});

Deno.test("HeldReadings.indexFrom() is the first at or after a second", () => {
  const readings = new HeldReadings(new Arena());
  for (const timestamp of [100, 101, 105, 106]) {
    readings.insert(readings.count, scanned({ ...IDENTITY, timestamp, consumption: 1 }), 0);
  }
  readings.drop(1);
  const indexes = [0, 101, 102, 105, 106, 107].map((second) => readings.indexFrom(second, 0));
  assert.deepEqual(indexes, [0, 0, 1, 1, 2, 3]);
  assert.equal(readings.indexFrom(105, 1), 1);
});

Deno.test("HeldReadings is a list of readings", () => {
  const arena = new Arena();
  fc.assert(fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
    const [readings, others] = [new HeldReadings(arena), new HeldReadings(arena)];
    const expected: { timestamp: number; place: number; consumption: number }[] = [];
    for (const [place, { at, watts: consumption }] of steps.entries()) {
      if (consumption === null) {
        const count = Math.floor(at * expected.length);
        readings.drop(count);
        expected.splice(0, count);
        continue;
      }
      const index = Math.round(at * expected.length);
      const timestamp = 1_790_000_000 + place;
      const reading = scanned({ ...IDENTITY, timestamp, consumption });
      readings.insert(index, reading, place);
      others.insert(0, reading, place);
      expected.splice(index, 0, { timestamp, place, consumption });
      assert.equal(readings.count, expected.length);
      const found = expected.map((_, i) => [readings.timestamp(i), readings.place(i)]);
      assert.deepEqual(found, expected.map((each) => [each.timestamp, each.place]));
      const [first, end] = [Math.floor(at * index), index + 1];
      assert.equal(
        `[${written((writer) => readings.writeTimestamps(writer, first, end))}]`,
        JSON.stringify(expected.slice(first, end).map((each) => each.timestamp)),
      );
      assert.equal(
        `[${written((writer) => readings.writeConsumption(writer, first, end))}]`,
        JSON.stringify(expected.slice(first, end).map((each) => each.consumption)),
      );
    }
    readings.release();
    others.release();
    assert.equal(arena.byteCount, 0);
  }));
});
