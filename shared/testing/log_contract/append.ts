/** The contract of topics and of `Appender`. */
import assert from "node:assert/strict";
import { ByteRange } from "../../bytes/byte_range.ts";
import { hasCode, WattstreamError } from "../../errors.ts";
import type { Log, LogRecord, NewData, NewRecord } from "../../log/log.ts";
import { partitionOf } from "../../log/partition.ts";
import { type ContractTest, readCount, soon, text, valuesOf } from "./world.ts";

/** Clocks of the storage and of this process may differ by this. */
const SKEW_MS = 1000;

/** Keys and their murmur2 as the Java client computes it. */
const JAVA_MURMUR2 = {
  "21": -973932308,
  foobar: -790332482,
  "a-little-bit-long-string": -985981536,
  "a-little-bit-longer-string": -1486304829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
  abc: 479470107,
};

export function appendContract(test: ContractTest): void {
  test("createTopics() leaves existing topics as they are", async ({ log, name, topic }) => {
    const old = await topic("old", 3);
    await append(log, [{ topic: old, key: "a", value: "kept" }]);
    await log.createTopics([
      { name: old, partitions: 5 },
      { name: name("new"), partitions: 2, logAppendTime: true },
    ]);
    const described = await log.describe([old, name("new")]);
    assert.deepEqual(
      described.map((one) => [one.name, one.partitions.length]),
      [[name("new"), 2], [old, 3]],
    );
    assert.deepEqual(valuesOf(await readCount(log, old, 1)), ["kept"]);
  });

  test("Appender puts a record where its partition key belongs, under its own", async ({ log, topic }) => {
    const own = await topic("own", 7);
    const keys = ["home-1", "home-2", "home-3"];
    await append(
      log,
      keys.map((key) => ({ topic: own, key: `anna/${key}`, partitionKey: key, value: key })),
    );
    const records = await readCount(log, own, keys.length);
    assert.deepEqual(
      records.map(({ key, partition }) => [text(key), partition]).sort(),
      keys.map((key) => [`anna/${key}`, partitionOf(key, 7)]),
    );
  });

  test("describe() tells what is there, by name", async ({ log, name, topic }) => {
    const topics = [await topic("b", 2), await topic("a", 1)];
    await append(log, [{ topic: topics[0]!, key: null, value: "value", partition: 1 }]);
    await soon(async () => {
      const [a, b, ...others] = await log.describe([...topics, name("missing")]);
      assert.deepEqual([a!.name, b!.name, others], [name("a"), name("b"), []]);
      assert.deepEqual(b!.partitions.map((one) => one.partition), [0, 1]);
      const [empty, filled] = b!.partitions;
      assert.equal(empty!.startOffset, empty!.endOffset);
      assert.ok(filled!.startOffset < filled!.endOffset && filled!.bytes > 0);
    });
    const all = await log.describe();
    assert.deepEqual(
      all.map((one) => one.name).filter((one) => topics.includes(one)),
      [name("a"), name("b")],
    );
    assert.ok(all.filter((one) => topics.includes(one.name)).every((one) => one.logAppendTime));
  });

  test("append() puts a key where the Java client does", async ({ log, topic }) => {
    const into = await topic("keyed", 7);
    const keys = Object.keys(JAVA_MURMUR2) as (keyof typeof JAVA_MURMUR2)[];
    await append(log, keys.map((key) => ({ topic: into, key, value: key })));
    for (const record of await readCount(log, into, keys.length)) {
      const hash = JAVA_MURMUR2[text(record.key) as keyof typeof JAVA_MURMUR2];
      assert.equal(record.partition, (hash & 0x7fffffff) % 7, `partition of ${text(record.key)}`);
    }
  });

  test("append() takes a named partition rather than that of the key", async ({ log, topic }) => {
    const into = await topic("named", 3);
    const partitions = [0, 1, 2];
    await append(
      log,
      partitions.map((partition) => ({ topic: into, key: "abc", value: "x", partition })),
    );
    const found = (await readCount(log, into, 3)).map((record) => record.partition);
    assert.deepEqual(found.sort(), partitions);
    await assert.rejects(
      append(log, [{ topic: into, key: "abc", value: "x", partition: 3 }]),
      WattstreamError,
    );
  });

  test("append() finds a partition for records without a key", async ({ log, topic }) => {
    const into = await topic("keyless", 3);
    const values = Array.from({ length: 20 }, (_, index) => `${index}`);
    await append(log, values.map((value) => ({ topic: into, key: null, value })));
    const found = valuesOf(await readCount(log, into, values.length));
    assert.deepEqual(found.sort(), values.toSorted());
  });

  test("append() keeps the order of a key across calls", async ({ log, topic }) => {
    const into = await topic("ordered", 3);
    const keys = Array.from({ length: 7 }, (_, index) => `key-${index}`);
    const appender = log.appender();
    // Small calls and large ones, none of which waits for the one before.
    const sizes = [1, 700, 2, 700, 3, 600, 1, 1];
    let next = 0;
    const calls = sizes.map((size) => {
      const values = Array.from({ length: size }, () => `${next++}`);
      const records = values.flatMap((value) => keys.map((key) => ({ topic: into, key, value })));
      return appender.append(records);
    });
    await Promise.all(calls);
    await appender.close();
    const found = await readCount(log, into, keys.length * next);
    const byKey = Map.groupBy(found, (record) => text(record.key));
    const ascending = Array.from({ length: next }, (_, index) => `${index}`);
    assert.equal(byKey.size, keys.length);
    for (const records of byKey.values()) assert.deepEqual(valuesOf(records), ascending);
  });

  test("append() keeps keys, values and headers exactly", async ({ log, topic }) => {
    const into = await topic("exact");
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const cases: (Omit<NewRecord, "topic">)[] = [
      { key: null, value: null },
      { key: null, value: null, headers: { "wattstream-tick": "" } },
      { key: "", value: "" },
      { key: "Zählerstand ⚡", value: '{"text":"\u0000 \u{1F50C}"}' },
      { key: bytes, value: bytes, headers: { a: "1", "ü": "ö" } },
      { key: new ByteRange().set(bytes, 3, 7), value: new ByteRange().set(bytes, 0, 200) },
      { key: "tombstone", value: null, headers: {} },
    ];
    await append(log, cases.map((one) => ({ topic: into, ...one })));
    const found = await readCount(log, into, cases.length);
    const utf8 = (data: NewData) => {
      if (data instanceof ByteRange) return data.view();
      return typeof data === "string" ? new TextEncoder().encode(data) : data;
    };
    assert.deepEqual(
      found.map(({ key, value, headers }) => [plain(key), plain(value), { ...headers }]),
      cases.map(({ key, value, headers }) => [utf8(key), utf8(value), headers ?? {}]),
    );
    assert.ok(found.every((record) => record.topic === into && record.partition === 0));
  });

  test("append() stamps ascending append times", async ({ log, topic }) => {
    const into = await topic("stamped", 2);
    const startedMs = Date.now();
    for (let call = 0; call < 30; call++) {
      await append(log, [0, 1].map((partition) => record(into, partition, `${call}`)));
    }
    const endedMs = Date.now();
    const byPartition = Map.groupBy(await readCount(log, into, 60), (one) => one.partition);
    for (const records of byPartition.values()) {
      const times = records.map((one) => one.appendMs);
      assert.deepEqual(times, times.toSorted((left, right) => left - right));
      assert.ok(times[0]! >= startedMs - SKEW_MS && times.at(-1)! <= endedMs + SKEW_MS);
    }
  });

  test("append() refuses a topic that does not exist", async ({ log, name }) => {
    await assert.rejects(
      append(log, [{ topic: name("missing"), key: "a", value: "b" }]),
      (error) => hasCode(error, "unavailable") && error.message.includes(name("missing")),
    );
  });

  test("append() takes several megabytes at once", async ({ log, topic }) => {
    const into = await topic("large", 2);
    const small = Array.from(
      { length: 3000 },
      (_, index) => record(into, index % 2, `${index}`, 1000),
    );
    await append(log, [...small, record(into, 0, "big", 500_000)]);
    const found = await readCount(log, into, 3001);
    const ofFirst = found.filter((one) => one.partition === 0).map((one) =>
      text(one.value)!.trim()
    );
    const even = Array.from({ length: 1500 }, (_, index) => `${2 * index}`);
    assert.deepEqual(ofFirst, [...even, "big"]);
    assert.ok(found.some((one) => one.value!.length === 500_000));
  });

  test("append() is seen by every log on the same storage", async ({ log, open, topic }) => {
    const into = await topic("shared");
    const other = await open();
    await append(log, [record(into, 0, "first")]);
    assert.deepEqual(valuesOf(await readCount(other, into, 1)), ["first"]);
    await append(other, [record(into, 0, "second")]);
    const found: LogRecord[] = await readCount(log, into, 2);
    assert.deepEqual(valuesOf(found), ["first", "second"]);
    assert.ok(found[0]!.offset < found[1]!.offset);
  });
}

/** Appends with an appender of its own. */
export async function append(log: Log, records: readonly NewRecord[]): Promise<void> {
  const appender = log.appender();
  try {
    await appender.append(records);
  } finally {
    await appender.close();
  }
}

/** A record without key, its value filled up with blanks to `size` bytes. */
export function record(topic: string, partition: number, value: string, size = 0): NewRecord {
  return { topic, partition, key: null, value: value.padEnd(size) };
}

/** A client may hand out views of its own class (`Buffer`). */
function plain(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : new Uint8Array(bytes);
}
