/** Writing and reading record batches, against each other and against the client's own code. */
import { crc32c, createRecordsBatch, Reader, readRecordsBatches } from "@platformatic/kafka";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { hasCode } from "../../../errors.ts";
import type { NewRecord } from "../../log.ts";
import * as format from "./batch_format.ts";
import { readPlaces, scanBatches } from "./batch_reader.ts";
import { BatchWriter, signBatch } from "./batch_writer.ts";
import type { Compression } from "../cluster/options.ts";
import type { AbortedTransaction } from "../cluster/protocol.ts";

const TIME_MS = 1_700_000_000_123;

function write(
  records: readonly Omit<NewRecord, "topic">[],
  options: { compression?: Compression; producerId?: bigint; isTransactional?: boolean } = {},
): Buffer {
  const writer = new BatchWriter();
  for (const record of records) assert.ok(writer.add({ topic: "t", ...record }));
  const { producerId = 7n, isTransactional = false } = options;
  const batch = writer.finish(TIME_MS, options.compression ?? "none");
  signBatch(batch, { producerId, epoch: 3, isTransactional }, 11);
  return batch;
}

/** As the log would hold them: each batch at its offset, with a right checksum. */
function logOf(batches: readonly Buffer[], firstOffset = 0): Buffer {
  let offset = firstOffset;
  for (const batch of batches) {
    batch.writeBigInt64BE(BigInt(offset), 0);
    offset += batch.readInt32BE(format.LAST_OFFSET_DELTA_AT) + 1;
  }
  return Buffer.concat(batches);
}

function read(bytes: Uint8Array, offset = 0, aborted: readonly AbortedTransaction[] = []) {
  const { batches, nextOffset } = scanBatches({ topic: "t", partition: 2, offset, bytes, aborted });
  const places = readPlaces({ topic: "t", partition: 2 }, batches);
  const records = Array.from({ length: places.count }, (_, index) => places.record(index));
  return { values: records.map(({ value }) => value && text(value)), records, nextOffset };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The client's writer stands in for a broker that ends a transaction. */
function marker(type: 0 | 1, producerId: bigint): Buffer {
  const key = Buffer.from([0, 0, 0, type]);
  const value = Buffer.from([0, 0, 0, 0, 0, 0]);
  const message = { topic: "t", key, value, timestamp: BigInt(TIME_MS) };
  const bytes = Buffer.from(createRecordsBatch([message], { producerId, producerEpoch: 3 }).buffer);
  return withAttributes(bytes, format.CONTROL | format.TRANSACTIONAL);
}

function withAttributes(batch: Buffer, attributes: number): Buffer {
  batch.writeInt16BE(attributes, format.ATTRIBUTES_AT);
  batch.writeUInt32BE(crc32c(batch.subarray(format.ATTRIBUTES_AT)), format.CRC_AT);
  return batch;
}

const anyText = fc.oneof(fc.string({ unit: "grapheme" }), fc.constant(""));
const anyData = fc.oneof(fc.constant(null), anyText, fc.uint8Array({ maxLength: 300 }));
const anyRecord = fc.record({
  key: anyData,
  value: anyData,
  headers: fc.dictionary(fc.stringMatching(/^[a-zü]{1,8}$/), anyText, { maxKeys: 3 }),
});

function bytesOf(data: string | Uint8Array | null): Uint8Array | null {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}

for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
  Deno.test(`readPlaces() reads what BatchWriter writes (${compression})`, () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 200 }), (records) => {
        const { records: found, nextOffset } = read(
          logOf([write(records, { compression })], 40),
          40,
        );
        assert.equal(nextOffset, 40 + records.length);
        found.forEach((record, index) => {
          const { key, value, headers } = records[index]!;
          assert.deepEqual([record.key, record.value], [bytesOf(key), bytesOf(value)]);
          assert.deepEqual({ ...record.headers }, { ...headers });
          assert.deepEqual(
            [record.topic, record.partition, record.offset, record.appendMs],
            ["t", 2, 40 + index, TIME_MS],
          );
        });
      }),
      { numRuns: 50 },
    );
  });
}

Deno.test("BatchWriter writes what the client reads", () => {
  const batch = write([{ key: "k", value: "v", headers: { a: "b" } }, { key: null, value: null }], {
    isTransactional: true,
  });
  const [read] = readRecordsBatches(Reader.from(batch));
  assert.deepEqual(
    [read!.producerId, read!.producerEpoch, read!.firstSequence, read!.attributes],
    [7n, 3, 11, format.TRANSACTIONAL],
  );
  assert.deepEqual(read!.records.map(({ key, value }) => [key?.toString(), value?.toString()]), [
    ["k", "v"],
    [undefined, undefined],
  ]);
  assert.equal(read!.crc, crc32c(batch.subarray(format.ATTRIBUTES_AT)));
});

Deno.test("BatchWriter ends a batch before it grows too large, and takes one large record", () => {
  const writer = new BatchWriter(1_000);
  const record = (size: number) => ({ topic: "t", key: null, value: "x".repeat(size) });
  assert.ok(writer.add(record(400)));
  assert.ok(writer.add(record(500)));
  assert.ok(!writer.add(record(100)));
  assert.ok(writer.finish(0, "none").length <= 1_000);
  assert.ok(writer.add(record(5_000)));
  assert.ok(!writer.add(record(1)));
  const large = writer.finish(0, "none");
  signBatch(large, { producerId: 1n, epoch: 0, isTransactional: false }, 0);
  assert.equal(read(large).values[0]!.length, 5_000);
});

Deno.test("readPlaces() reads the times of producer and log, however far apart", () => {
  const messages = [0n, 5n, -7n, 2_000_000_000n].map((delta) => ({
    topic: "t",
    key: Buffer.from("k"),
    value: Buffer.from("v"),
    timestamp: BigInt(TIME_MS) + delta,
  }));
  const batch = Buffer.from(createRecordsBatch(messages).buffer);
  const times = () => read(batch).records.map(({ appendMs }) => appendMs - TIME_MS);
  assert.deepEqual(times(), [0, 5, -7, 2_000_000_000]);
  withAttributes(batch, format.LOG_APPEND_TIME);
  assert.deepEqual(times(), [2e9, 2e9, 2e9, 2e9]);
});

Deno.test("readPlaces() leaves out records below the offset asked for", () => {
  const log = logOf(
    [write([value("a"), value("b"), value("c")]), write([value("d")])],
    10,
  );
  assert.deepEqual(read(log, 12).values, ["c", "d"]);
  assert.deepEqual(read(log, 13).values, ["d"]);
  assert.deepEqual(read(log, 14), { values: [], records: [], nextOffset: 14 });
});

Deno.test("scanBatches() leaves a batch that was cut off for the next fetch", () => {
  const log = logOf([write([value("a")]), write([value("b")])]);
  for (const missing of [1, 30, 61, 65]) {
    assert.deepEqual(read(log.subarray(0, log.length - missing)).nextOffset, 1);
  }
});

/**
 * Producer 7 aborts twice and commits once, producer 8 commits in between:
 *
 *   0 a7  1 b8  2 c7  3 ✗7  4 ✓8  5 d7  6 ✗7  7 e7  8 ✓7  9 f
 */
Deno.test("scanBatches() leaves out aborted transactions, each up to its own marker", () => {
  const of = (name: string, producerId: bigint) =>
    write([value(name)], { producerId, isTransactional: true });
  const log = logOf([
    of("a", 7n),
    of("b", 8n),
    of("c", 7n),
    marker(0, 7n),
    marker(1, 8n),
    of("d", 7n),
    marker(0, 7n),
    of("e", 7n),
    marker(1, 7n),
    write([value("f")], { producerId: 7n }),
  ]);
  const aborted = [{ producerId: 7n, firstOffset: 0 }, { producerId: 7n, firstOffset: 5 }];
  assert.deepEqual(read(log, 0, aborted).values, ["b", "e", "f"]);
  assert.equal(read(log, 0, aborted).nextOffset, 10);
  // From the middle of an aborted transaction.
  assert.deepEqual(read(log.subarray(write([value("a")]).length), 1, aborted).values, [
    "b",
    "e",
    "f",
  ]);
});

Deno.test("scanBatches() and readPlaces() refuse what is damaged or too old, and says where it stands", () => {
  const damaged = logOf([write([value("a")])], 17);
  damaged[damaged.length - 1]! ^= 1;
  const old = logOf([write([value("a")])], 17);
  old[format.MAGIC_AT] = 1;
  const unknown = withAttributes(logOf([write([value("a")])], 17), 6);
  const broken = withAttributes(logOf([write([value("a")])], 17), 1);
  for (
    const [batch, problem] of [
      [damaged, /checksum/],
      [old, /version 1/],
      [unknown, /compression number 6/],
      [broken, /gzip/],
    ] as const
  ) {
    assert.throws(
      () => read(batch, 17),
      (error) =>
        hasCode(error, "topic") && problem.test(error.message) && /17 of t\/2/.test(error.message),
    );
  }
});

function value(text: string) {
  return { key: null, value: text };
}
