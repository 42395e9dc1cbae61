import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { packetSieve, takePackets } from "./packet_sieve.ts";

const PUBACK = Buffer.from([0x40, 2, 1, 2]);
const PINGRESP = Buffer.from([0xd0, 0]);
/** Longer than what is held until its end has come. */
const LONG = Buffer.concat([Buffer.from([0x30, 0x80, 0x80, 8]), Buffer.alloc(2 ** 17, "x")]);

/** Writes down what becomes of each byte, PUBACK packets being taken. */
function open() {
  const taken: Buffer[] = [];
  const passed: Buffer[] = [];
  const all: Buffer[] = [];
  const sieve = packetSieve({
    take(bytes, { start, end }) {
      if (bytes[start] !== PUBACK[0]) return false;
      taken.push(bytes.subarray(start, end));
      all.push(bytes.subarray(start, end));
      return true;
    },
    pass(bytes) {
      passed.push(bytes);
      all.push(bytes);
    },
  });
  return { sieve, taken, passed, all };
}

Deno.test("packetSieve() takes each packet whole and passes on the others, wherever the bytes are cut", () => {
  const pieces = fc.array(fc.constantFrom(PUBACK, PINGRESP, LONG), { maxLength: 8 });
  const runs = fc.tuple(pieces, fc.array(fc.nat(2 ** 15), { maxLength: 20 }));
  fc.assert(fc.property(runs, ([packets, cuts]) => {
    const { sieve, taken, all } = open();
    const bytes = Buffer.concat(packets);
    let start = 0;
    for (const cut of [...cuts, bytes.length]) {
      sieve(bytes.subarray(start, start + cut));
      start += cut;
    }
    assert.ok(taken.every((each) => each.equals(PUBACK)));
    assert.equal(taken.length, packets.filter((each) => each === PUBACK).length);
    assert.ok(Buffer.concat(all).equals(bytes));
  }));
});

Deno.test("packetSieve() passes on a long packet as it comes", () => {
  const { sieve, passed } = open();
  sieve(LONG.subarray(0, 5));
  assert.deepEqual(passed, [LONG.subarray(0, 5)]);
});

Deno.test("takePackets() leaves the others to whoever the stream is piped to", () => {
  const stream = new PassThrough();
  let takenCount = 0;
  takePackets(stream, (bytes, { start }) => {
    const isTaken = bytes[start] === PUBACK[0];
    if (isTaken) takenCount++;
    return isTaken;
  });
  const rest = stream.pipe(new PassThrough());
  stream.write(Buffer.concat([PUBACK, PINGRESP, PUBACK]));
  assert.deepEqual(rest.read(), PINGRESP);
  assert.equal(takenCount, 2);
});
