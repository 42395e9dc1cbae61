import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { finished } from "node:stream/promises";
import fc from "fast-check";
import { type Publication, PublishStream } from "./publish_stream.ts";

const PAYLOAD_BYTES_MAX = 150;

interface Packet {
  readonly bytes: readonly number[];
  /** What is to be taken out; undefined where the bytes are to pass. */
  readonly publication: Publication | undefined;
}

function withLength(head: number, body: readonly number[]): number[] {
  const length = [];
  let rest = body.length;
  do {
    length.push(rest % 128 + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return [head, ...length, ...body];
}

interface PublishFields {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly messageId: number;
  readonly dup: boolean;
  readonly retain: boolean;
  /** Of MQTT 5, bytes. */
  readonly properties: readonly number[];
}

function publish(fields: PublishFields, isV5: boolean): Packet {
  const { topic, payload, qos, messageId, dup, retain, properties } = fields;
  const topicBytes = [...new TextEncoder().encode(topic)];
  const bytes = withLength(0x30 | Number(dup) << 3 | qos << 1 | Number(retain), [
    ...[topicBytes.length >> 8, topicBytes.length & 255],
    ...topicBytes,
    ...(qos > 0 ? [messageId >> 8, messageId & 255] : []),
    ...(isV5 ? [properties.length, ...properties] : []),
    ...payload,
  ]);
  if (qos === 2 || topic === "") return { bytes, publication: undefined };
  const id = qos === 1 ? messageId : undefined;
  const kept = payload.slice(0, PAYLOAD_BYTES_MAX);
  return { bytes, publication: { topic, payload: kept, messageId: id, dup, retain } };
}

/** Runs bytes, cut into chunks of these sizes in turn, through a stream. */
async function run(
  bytes: Buffer,
  options: { readonly sizes: readonly number[]; readonly isV5: boolean; readonly pause?: boolean },
) {
  const publications: Publication[] = [];
  const passed: Buffer[] = [];
  const stream = new PublishStream({
    isV5: options.isV5,
    payloadBytesMax: PAYLOAD_BYTES_MAX,
    onPublish: (publication) => {
      publications.push({ ...publication, payload: new Uint8Array(publication.payload) });
      return options.pause ? Promise.resolve() : undefined;
    },
  });
  stream.on("data", (chunk: Buffer) => passed.push(chunk));
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const size = options.sizes[turn % options.sizes.length]!;
    stream.write(bytes.subarray(start, start + size));
    start += size;
  }
  stream.end();
  await finished(stream);
  return { publications, passed: Buffer.concat(passed) };
}

const published = fc.record<PublishFields>({
  topic: fc.string({ maxLength: 20, unit: "grapheme" }),
  payload: fc.uint8Array({ maxLength: 300 }),
  qos: fc.integer({ min: 0, max: 2 }),
  messageId: fc.integer({ min: 1, max: 65_535 }),
  dup: fc.boolean(),
  retain: fc.boolean(),
  properties: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 10 }),
});
const other: fc.Arbitrary<Packet> = fc.tuple(
  fc.constantFrom(0x20, 0x40, 0x62, 0x90, 0xb0, 0xd0, 0xe0, 0xf0),
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 200 }),
).map(([head, body]) => ({ bytes: withLength(head, body), publication: undefined }));

Deno.test("PublishStream takes out every PUBLISH of QoS 0 and 1 and passes all else, however cut", async () => {
  const property = fc.asyncProperty(
    fc.boolean(),
    fc.array(fc.oneof(published, other), { maxLength: 20 }),
    fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
    fc.boolean(),
    async (isV5, drawn, sizes, pause) => {
      const packets = drawn.map((each) => "topic" in each ? publish(each, isV5) : each);
      const bytes = Buffer.from(packets.flatMap((packet) => packet.bytes));
      const { publications, passed } = await run(bytes, { sizes, isV5, pause });
      assert.deepEqual(publications, packets.flatMap(({ publication }) => publication ?? []));
      const expected = packets.filter(({ publication }) => publication === undefined)
        .flatMap((packet) => packet.bytes);
      assert.deepEqual([...passed], expected);
    },
  );
  await fc.assert(property, { numRuns: 300 });
});

Deno.test("PublishStream does not wait for the end of a payload that is cut off anyway", async () => {
  const topics: string[] = [];
  const stream = new PublishStream({
    isV5: false,
    payloadBytesMax: PAYLOAD_BYTES_MAX,
    onPublish: ({ topic, payload }) => {
      topics.push(topic);
      assert.equal(payload.length, topic === "a" ? PAYLOAD_BYTES_MAX : 0);
      return undefined;
    },
  });
  stream.resume();
  const chunk = Buffer.alloc(64 * 1024);
  // QoS 1 with an id of 1 and a payload of 8 MiB.
  stream.write(Buffer.from([0x32, 0x85, 0x80, 0x80, 0x04, 0, 1, 0x61, 0, 1]));
  for (let left = 8 * 1024 * 1024; left > 0; left -= chunk.length) {
    stream.write(chunk);
    assert.deepEqual(topics, ["a"]);
  }
  stream.end(Buffer.from([0x30, 3, 0, 1, 0x62]));
  await finished(stream);
  assert.deepEqual(topics, ["a", "b"]);
});

Deno.test("PublishStream leaves what is malformed to mqtt.js", async () => {
  for (
    const bytes of [
      [0x30, 0], // no topic
      [0x30, 3, 0, 9, 0x61], // a topic longer than the packet
      [0x32, 5, 0, 1, 0x61, 0, 0], // QoS 1 without an id
      [0x36, 5, 0, 1, 0x61, 0, 1], // QoS 3
      [0x30, 0xff, 0xff, 0xff, 0xff], // no such length
    ]
  ) {
    const { publications, passed } = await run(Buffer.from(bytes), { sizes: [2], isV5: false });
    assert.deepEqual(publications, []);
    assert.deepEqual([...passed], bytes);
  }
});

Deno.test("PublishStream waits for room before the next message", async () => {
  const room = Promise.withResolvers<void>();
  const topics: string[] = [];
  const stream = new PublishStream({
    isV5: false,
    payloadBytesMax: PAYLOAD_BYTES_MAX,
    onPublish: ({ topic }) => {
      topics.push(topic);
      return topics.length === 1 ? room.promise : undefined;
    },
  });
  stream.resume();
  stream.write(Buffer.from([0x30, 3, 0, 1, 0x61, 0x30, 3, 0, 1, 0x62]));
  await Promise.resolve();
  assert.deepEqual(topics, ["a"]);
  room.resolve();
  stream.end();
  await finished(stream);
  assert.deepEqual(topics, ["a", "b"]);
});
