import assert from "node:assert/strict";
import fc from "fast-check";
import { Arena } from "../../shared/bytes/arena.ts";
import { ByteWriter } from "../../shared/bytes/byte_writer.ts";
import { predictionWindowSchema } from "../../shared/events.ts";
import { IDENTITY, scanned } from "../../shared/testing/recording_sink.ts";
import { HeldReadings } from "./held_readings.ts";
import { WindowWriter } from "./window_json.ts";

/** Windows of 4 s: the first second of each, and which seconds of it have a reading. */
const windows = fc.array(
  fc.record({
    startS: fc.constantFrom(98, 99, 100, 1_790_000_000, 1_790_000_001),
    seconds: fc.oneof(
      fc.constant<number[]>([0, 1, 2, 3]),
      fc.subarray<number>([0, 1, 2, 3], { minLength: 1 }),
    ),
    consumption: fc.double({ noNaN: true, noDefaultInfinity: true }),
  }),
  { maxLength: 12 },
);

Deno.test("WindowWriter writes what JSON.stringify() writes of a window, full or not", () => {
  fc.assert(fc.property(windows, (all) => {
    const windowWriter = new WindowWriter(4);
    for (const { startS, seconds, consumption } of all) {
      const readings = new HeldReadings(new Arena());
      const timestamps = seconds.map((second) => startS + second);
      // One before it and one behind it, which it does not hold.
      for (const timestamp of [startS - 1, ...timestamps, startS + 4]) {
        readings.insert(readings.count, scanned({ ...IDENTITY, timestamp, consumption }), 0);
      }
      const writer = new ByteWriter();
      writer.text(JSON.stringify(IDENTITY).slice(0, -1));
      windowWriter.write(writer, startS, readings, 1, 1 + seconds.length);
      const text = new TextDecoder().decode(writer.bytes.subarray(0, writer.length));
      const expected = {
        ...IDENTITY,
        window_start: startS,
        window_end: startS + 4,
        timestamps,
        consumption: seconds.map(() => consumption),
      };
      assert.equal(text, JSON.stringify(expected));
      predictionWindowSchema.parse(JSON.parse(text));
    }
  }));
});
