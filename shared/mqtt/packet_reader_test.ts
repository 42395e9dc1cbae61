import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { type PacketParser, readFrequentPackets } from "./packet_reader.ts";

/** PUBLISH of QoS 0 and 1, the latter with DUP and retain, and a PUBACK, as mqtt-packet reads them. */
const FREQUENT = [
  {
    bytes: Buffer.from([0x30, 5, 0, 1, 0x74, 0x68, 0x69]),
    packet: {
      ...{ cmd: "publish", retain: false, qos: 0, dup: false, length: 5 },
      ...{ topic: "t", payload: Buffer.from("hi") },
    },
  },
  {
    bytes: Buffer.concat([
      Buffer.from([0x3b, 0x88, 1, 0, 2, 0xc3, 0xbc, 1, 2]),
      Buffer.alloc(130, "x"),
    ]),
    packet: {
      ...{ cmd: "publish", retain: true, qos: 1, dup: true, length: 136 },
      ...{ topic: "ü", messageId: 258, payload: Buffer.alloc(130, "x") },
    },
  },
  {
    bytes: Buffer.from([0x40, 2, 1, 2]),
    packet: { cmd: "puback", retain: false, qos: 0, dup: false, length: 2, messageId: 258 },
  },
];

/** PINGREQ, PUBLISH of QoS 2, and ones that are wrong: without topic, too short, a PUBACK of 3. */
const OTHERS = [
  [0xc0, 0],
  [0x34, 5, 0, 1, 0x74, 0, 1],
  [0x30, 2, 0, 0],
  [0x32, 3, 0, 1, 0x74],
  [0x40, 3, 0, 1, 0],
].map((bytes) => Buffer.from(bytes));

/** A parser that writes down what it is given. */
function open() {
  const parsed: number[] = [];
  const packets: object[] = [];
  const parser: PacketParser = {
    parse: (bytes) => parsed.push(...bytes),
    emit: (_, packet) => packets.push(packet),
    on: () => {},
  };
  readFrequentPackets(parser, () => false);
  return { parser, parsed, packets };
}

Deno.test("readFrequentPackets() gives what comes in full, and leaves the rest to the parser", () => {
  const { parser, parsed, packets } = open();
  const all = [FREQUENT[0]!, FREQUENT[1]!, FREQUENT[2]!];
  parser.parse(Buffer.concat([...all.map(({ bytes }) => bytes), ...OTHERS]));
  assert.deepEqual(packets, all.map(({ packet }) => packet));
  assert.deepEqual(parsed, [...Buffer.concat(OTHERS)]);
});

Deno.test("readFrequentPackets() leaves everything behind a length that MQTT does not have", () => {
  const { parser, parsed, packets } = open();
  const bytes = [0x30, 0xff, 0xff, 0xff, 0xff, 1, ...FREQUENT[2]!.bytes];
  parser.parse(Buffer.from(bytes));
  assert.deepEqual(parsed, bytes);
  assert.deepEqual(packets, []);
});

Deno.test("readFrequentPackets() loses and doubles nothing wherever the bytes are cut", () => {
  const one = fc.oneof(
    fc.constantFrom(...FREQUENT.map(({ bytes }) => bytes)),
    fc.constantFrom(...OTHERS),
  );
  const runs = fc.tuple(fc.array(one, { maxLength: 20 }), fc.array(fc.nat(40), { maxLength: 30 }));
  fc.assert(fc.property(runs, ([pieces, cuts]) => {
    const taken: Buffer[] = [];
    const parser: PacketParser = {
      parse: (bytes) => taken.push(bytes),
      emit: (_, packet) => {
        const index = FREQUENT.findIndex((each) => isSame(each.packet, packet));
        return taken.push(FREQUENT[index]!.bytes);
      },
      on: () => {},
    };
    readFrequentPackets(parser, () => false);
    const bytes = Buffer.concat(pieces);
    let start = 0;
    for (const cut of [...cuts, bytes.length]) {
      parser.parse(bytes.subarray(start, start + cut));
      start += cut;
    }
    assert.deepEqual(Buffer.concat(taken), bytes);
  }));
});

function isSame(a: object, b: object): boolean {
  try {
    assert.deepEqual(b, a);
    return true;
  } catch {
    return false;
  }
}
