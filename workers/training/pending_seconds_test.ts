import assert from "node:assert/strict";
import fc from "fast-check";
import { Arena } from "../../shared/bytes/arena.ts";
import { ByteWriter } from "../../shared/bytes/byte_writer.ts";
import { trainingDatasetSchema } from "../../shared/events.ts";
import { IDENTITY, scanned } from "../../shared/testing/recording_sink.ts";
import { writeDataset } from "./dataset_json.ts";
import { FusedSeconds } from "./fused_seconds.ts";
import { PendingSeconds } from "./pending_seconds.ts";

const watts = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(-0.0000012345678901234567),
);
const second = fc.record({
  consumption: watts,
  bitmap: fc.array(fc.boolean(), { minLength: 1, maxLength: 256 }),
});

Deno.test("PendingSeconds keeps what is known of each second, in any order and length", () => {
  const arena = new Arena();
  fc.assert(fc.property(fc.array(second, { maxLength: 30 }), (all) => {
    const seconds = new PendingSeconds(arena);
    for (const [place, { consumption, bitmap: state_bitmap }] of all.entries()) {
      // Each is put before the one that came before it.
      const index = Math.max(0, place - 1);
      seconds.insert(index, 100 + place, place);
      assert.ok(!seconds.hasPower(index) && !seconds.hasStates(index));
      seconds.setStates(index, scanned({ ...IDENTITY, timestamp: 1, state_bitmap }));
      seconds.setPower(index, scanned({ ...IDENTITY, timestamp: 1, consumption }));
      assert.ok(seconds.hasPower(index) && seconds.hasStates(index));
    }
    const order = [...all.entries()].slice(1);
    if (all.length > 0) order.push([0, all[0]!]);
    for (const [index, [place, { consumption, bitmap }]] of order.entries()) {
      assert.deepEqual([seconds.timestamp(index), seconds.place(index)], [100 + place, place]);
      assert.equal(seconds.deviceCount(index), bitmap.length);
      const bytes = new Uint8Array(64);
      const end = seconds.copyWatts(index, bytes, 3);
      assert.equal(new TextDecoder().decode(bytes.subarray(3, end)), JSON.stringify(consumption));
      assert.equal(seconds.copyBitmap(index, bytes, 3), 3 + Math.ceil(bitmap.length / 8));
      bitmap.forEach((isOn, device) =>
        assert.equal(((bytes[3 + (device >> 3)]! >> (device & 7)) & 1) === 1, isOn)
      );
    }
    seconds.release();
    assert.equal(arena.byteCount, 0);
  }));
});

const change = fc.record({
  isRemoved: fc.boolean(),
  place: fc.nat({ max: 9 }),
  devices: fc.constantFrom(1, 8, 33, 256),
});

Deno.test("PendingSeconds inserts and removes anywhere", () => {
  const arena = new Arena();
  fc.assert(fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
    const seconds = new PendingSeconds(arena);
    const expected: { timestamp: number; place: number; devices: number }[] = [];
    for (const [timestamp, { isRemoved, place, devices }] of changes.entries()) {
      const index = Math.min(place, expected.length);
      if (isRemoved && index < expected.length) {
        seconds.remove(index);
        expected.splice(index, 1);
      } else {
        const state_bitmap = new Array(devices).fill(true);
        seconds.insert(index, timestamp, place);
        seconds.setStates(index, scanned({ ...IDENTITY, timestamp: 1, state_bitmap }));
        expected.splice(index, 0, { timestamp, place, devices });
      }
      const all = Array.from({ length: seconds.count }, (_, at) => ({
        timestamp: seconds.timestamp(at),
        place: seconds.place(at),
        devices: seconds.deviceCount(at),
      }));
      assert.deepEqual(all, expected);
    }
    seconds.release();
    assert.equal(arena.byteCount, 0);
  }));
});

Deno.test("writeDataset() writes what JSON.stringify() writes of a session", () => {
  const sessions = fc.integer({ min: 1, max: 256 }).chain((devices) => {
    const bitmap = fc.array(fc.boolean(), { minLength: devices, maxLength: devices });
    return fc.array(fc.record({ consumption: watts, bitmap }), { minLength: 1, maxLength: 80 });
  });
  // Seconds between two readings take up to five bytes.
  const steps = fc.constantFrom(1, 3, 127, 128, 20_000, 3e9);
  fc.assert(fc.property(sessions, steps, (all, stepS) => {
    const arena = new Arena();
    const deviceCount = all[0]!.bitmap.length;
    const fused = new FusedSeconds({ startS: 1_790_000_000, deviceCount, place: 0 }, arena);
    const pending = new PendingSeconds(arena);
    const timestamps = all.map((_, index) => 1_790_000_000 + stepS * index);
    for (const [index, { consumption, bitmap: state_bitmap }] of all.entries()) {
      pending.insert(0, timestamps[index]!, index);
      pending.setPower(0, scanned({ ...IDENTITY, timestamp: 1, consumption }));
      pending.setStates(0, scanned({ ...IDENTITY, timestamp: 1, state_bitmap }));
      fused.add(pending, 0);
      pending.remove(0);
    }
    assert.equal(fused.count, all.length);
    const writer = new ByteWriter();
    writer.text(JSON.stringify(IDENTITY).slice(0, -1));
    writeDataset(writer, fused);
    const text = new TextDecoder().decode(writer.bytes.subarray(0, writer.length));
    const expected = {
      ...IDENTITY,
      session_start: timestamps[0],
      session_end: timestamps.at(-1),
      timestamps,
      consumption: all.map(({ consumption }) => consumption),
      state_bitmaps: all.map(({ bitmap }) => bitmap),
    };
    assert.equal(text, JSON.stringify(expected));
    trainingDatasetSchema.parse(JSON.parse(text));
    fused.clear();
    pending.release();
    assert.equal(arena.byteCount, 0);
  }));
});
