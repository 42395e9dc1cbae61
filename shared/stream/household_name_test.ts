import assert from "node:assert/strict";
import { Arena } from "../bytes/arena.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { hashMemory, memoryOf } from "../bytes/memory.ts";
import { scanned } from "../testing/recording_sink.ts";
import { HouseholdName } from "./household_name.ts";

const encoder = new TextEncoder();

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  write(writer);
  return new TextDecoder().decode(writer.bytes.subarray(0, writer.length));
}

for (const [client_id, username] of [["home-1", "ada"], ["grün 🏠", 'a"b\n'], ["\u0000", "\\"]]) {
  Deno.test(`HouseholdName is ${JSON.stringify([client_id, username])} as text, JSON and key`, () => {
    const identity = { client_id: client_id!, username: username! };
    const arena = new Arena();
    const name = new HouseholdName(scanned({ ...identity, timestamp: 1, consumption: 1 }), arena);
    assert.deepEqual([name.client_id, name.username], [client_id, username]);
    const names = JSON.stringify(identity).slice(0, -1);
    assert.equal(written((writer) => name.write(writer)), client_id + names);
    assert.equal(name.keyLength, encoder.encode(client_id).length);
    const key = memoryOf(`(${client_id})`);
    const { length } = key.bytes;
    assert.ok(name.hasKey(key, 1, length - 1));
    assert.equal(name.keyHash, hashMemory(key, 1, length - 1));
    assert.ok(!name.hasKey(key, 0, length - 1));
    assert.ok(!name.hasKey(key, 0, length - 2));
    const value = memoryOf(` ${names},"timestamp":1}`);
    assert.ok(name.begins(value, 1, value.bytes.length));
    assert.ok(!name.begins(value, 0, value.bytes.length));
    assert.ok(!name.begins(value, 1, 1 + encoder.encode(names).length), "the value ends there");
    const other = { ...identity, username: `${username}2` };
    assert.ok(!name.isOf(scanned({ ...other, timestamp: 1, consumption: 1 })));
    name.release();
    assert.equal(arena.byteCount, 0);
  });
}
