/** Records of other clients, transactions that end in every way, and other clients' view of ours. */
import { Admin } from "@platformatic/kafka";
import assert from "node:assert/strict";
import { Kafka as KafkaJs, logLevel, type Producer } from "kafkajs";
import { hasCode } from "../../errors.ts";
import { eventually, PATIENCE_MS } from "../../eventually.ts";
import { type Kafka, startKafka } from "../../services/kafka.ts";
import { runKafkaTool } from "../../services/kafka_java.ts";
import type { Fetched, Log, LogRecord, TaskLog } from "../log.ts";
import { openLog } from "../open.ts";

let kafka: Kafka;
let log: Log;

Deno.test.beforeAll(async () => {
  kafka = await startKafka();
  // kafkajs says at every start that its partitioner has changed.
  Deno.env.set("KAFKAJS_NO_PARTITIONER_WARNING", "1");
});

Deno.test.afterAll(() => kafka.stop());

Deno.test.beforeEach(async () => {
  log = await openLog(kafka.url);
});

Deno.test.afterEach(() => log.close());

Deno.test("read() takes keys, headers and tombstones of kafkajs as they are", async () => {
  await topic("headers");
  await withProducer({}, (producer) =>
    producer.send({
      topic: "headers",
      messages: [
        { key: "house", value: "1", headers: { source: "meter", empty: "" } },
        { key: "house", value: null },
        { key: null, value: "no key" },
        { key: "", value: "" },
      ],
    }));
  const found = await readAll("headers");
  assert.deepEqual(found.map((record) => [text(record.key), text(record.value), record.headers]), [
    ["house", "1", { source: "meter", empty: "" }],
    ["house", null, {}],
    [null, "no key", {}],
    ["", "", {}],
  ]);
});

Deno.test("append() and kafkajs put a key into the same partition", async () => {
  await topic("partitions", 7);
  const keys = Array.from({ length: 50 }, (_, index) => `household-${index}`);
  const appender = log.appender();
  await appender.append(keys.map((key) => ({ topic: "partitions", key, value: "ours" })));
  await appender.close();
  await withProducer({}, (producer) =>
    producer.send({
      topic: "partitions",
      messages: keys.map((key) => ({ key, value: "theirs" })),
    }));
  const byKey = Map.groupBy(await readAll("partitions"), (record) => text(record.key));
  assert.equal(byKey.size, keys.length);
  for (const records of byKey.values()) {
    assert.equal(records.length, 2);
    assert.equal(records[0]!.partition, records[1]!.partition);
  }
});

for (const codec of ["gzip", "snappy", "lz4", "zstd"] as const) {
  Deno.test(`read() takes ${codec} batches of the Java producer`, async () => {
    await topic(`java-${codec}`);
    const values = Array.from({ length: 500 }, (_, index) => `value ${index} `.repeat(20));
    await runKafkaTool(kafka.runtime, {
      className: "org.apache.kafka.tools.ConsoleProducer",
      args: [
        "--bootstrap-server",
        address(),
        "--topic",
        `java-${codec}`,
        "--compression-codec",
        codec,
        "--reader-property",
        "parse.key=true",
        "--reader-property",
        "key.separator=:",
      ],
      input: values.map((value, index) => `k${index % 3}:${value}\n`).join(""),
    });
    const found = await readAll(`java-${codec}`);
    assert.deepEqual(found.map((record) => text(record.value)), values);
    assert.equal(text(found[1]!.key), "k1");
  });

  Deno.test(`append() writes ${codec} batches that the Java consumer takes`, async () => {
    await topic(`ours-${codec}`);
    const packing = await openLog(kafka.url, { kafkaCompression: codec });
    const values = Array.from({ length: 500 }, (_, index) => `value ${index}`.repeat(20));
    const appender = packing.appender();
    await appender.append(
      values.map((value) => ({ topic: `ours-${codec}`, key: "k", value, headers: { a: "b" } })),
    );
    await packing.close();
    const printed = await runKafkaTool(kafka.runtime, {
      className: "org.apache.kafka.tools.consumer.ConsoleConsumer",
      args: [
        "--bootstrap-server",
        address(),
        "--topic",
        `ours-${codec}`,
        "--from-beginning",
        "--max-messages",
        "500",
      ],
    });
    assert.deepEqual(printed.trimEnd().split("\n"), values);
    const [described] = await log.describe([`ours-${codec}`]);
    assert.ok(described!.partitions[0]!.bytes < 20_000, "it is compressed");
  });
}

Deno.test("read() leaves out what one producer aborts again and again", async () => {
  await topic("aborted");
  await withProducer({ transactionalId: "foreign" }, async (producer) => {
    for (let turn = 0; turn < 6; turn++) {
      const transaction = await producer.transaction();
      for (const part of ["a", "b"]) {
        await transaction.send({ topic: "aborted", messages: [{ value: `${turn}${part}` }] });
      }
      await (turn % 3 === 2 ? transaction.commit() : transaction.abort());
    }
  });
  // Kafka says that a transaction has ended before its partitions know.
  await eventually(async () => {
    const values = (await readAll("aborted")).map((record) => text(record.value));
    assert.deepEqual(values, ["2a", "2b", "5a", "5b"]);
  }, { deadlineMs: PATIENCE_MS });
});

Deno.test("fetch() is not at the end while a transaction is open", async () => {
  await topic("open");
  await withProducer({ transactionalId: "slow" }, async (producer) => {
    const transaction = await producer.transaction();
    await transaction.send({ topic: "open", messages: [{ value: "open" }] });
    await runOnce({ group: "open-readers", inputs: ["open"] }, async (task, signal) => {
      await task.loadMemory();
      const offsets = await task.committedOffsets();
      // Longer than a broker holds a fetch that it has nothing for.
      const [during] = await task.fetch(offsets, 1_500, signal) as [Fetched];
      assert.deepEqual([during.records, during.atEndMs], [[], undefined]);
      await transaction.abort();
      await eventually(async () => {
        const [after] = await task.fetch(offsets, 100, signal) as [Fetched];
        assert.deepEqual(after.records, []);
        offsets[0] = after.nextOffset;
        assert.ok(after.atEndMs !== undefined);
      }, { deadlineMs: PATIENCE_MS });
    });
  });
});

Deno.test("fetch() and read() say so when records that are needed have been removed", async () => {
  await topic("removed");
  const appender = log.appender();
  await appender.append(["a", "b"].map((value) => ({ topic: "removed", key: null, value })));
  await appender.close();
  const admin = new Admin({ clientId: "foreign", bootstrapBrokers: [address()] });
  await admin.deleteRecords({
    topics: [{ name: "removed", partitions: [{ partition: 0, offset: 1n }] }],
  });
  await admin.close();
  const isRetention = (error: unknown) =>
    hasCode(error, "retention") && /removed\/0/.test(`${error}`);
  await runOnce({ group: "removed-readers", inputs: ["removed"] }, async (task, signal) => {
    await task.loadMemory();
    assert.deepEqual(await task.committedOffsets(), [1]);
    await assert.rejects(task.fetch([0], PATIENCE_MS, signal), isRetention);
  });
  await assert.rejects(Array.fromAsync(log.read({ topic: "removed", from: [0] })), isRetention);
  assert.deepEqual((await readAll("removed")).map((record) => text(record.value)), ["b"]);
});

Deno.test("commit() is seen by a kafkajs consumer of committed records, as a whole", async () => {
  await topic("in");
  await topic("out", 3);
  const values = Array.from({ length: 300 }, (_, index) => `${index}`);
  await runOnce({ group: "writers", inputs: ["in"] }, async (task) => {
    await task.loadMemory();
    const offsets = await task.committedOffsets();
    for (let start = 0; start < values.length; start += 50) {
      const records = values.slice(start, start + 50).map((value) => ({
        topic: "out",
        key: value,
        value,
      }));
      await task.commit({ records, memory: new Map([["start", `${start}`]]), offsets });
    }
  });
  const seen = await consumeWithKafkaJs("out", values.length);
  assert.deepEqual(seen.toSorted(), values.toSorted());
});

Deno.test("groupOffsets() agrees with Kafka's own tool", async () => {
  await topic("lagging", 2);
  const appender = log.appender();
  await appender.append([0, 0, 0, 1].map((partition) => ({
    topic: "lagging",
    partition,
    key: null,
    value: "x",
  })));
  await appender.close();
  const stop = new AbortController();
  let count = 0;
  await log.runTasks({ group: "laggards", inputs: ["lagging"] }, async (task) => {
    await task.loadMemory();
    await task.commit({ records: [], memory: new Map(), offsets: [1] });
    if (++count === 2) stop.abort();
  }, stop.signal);
  // Kafka says that a transaction has ended before the group's coordinator knows.
  await eventually(async () => {
    assert.deepEqual(await log.groupOffsets("laggards"), new Map([["lagging", [1, 1]]]));
  }, { deadlineMs: PATIENCE_MS });
  const printed = await runKafkaTool(kafka.runtime, {
    className: "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    args: [
      "--bootstrap-server",
      address(),
      "--describe",
      "--group",
      "laggards",
    ],
  });
  const rows = printed.split("\n").filter((line) => line.startsWith("laggards")).map((line) =>
    line.split(/\s+/).slice(1, 6)
  );
  assert.deepEqual(rows.toSorted(), [["lagging", "0", "1", "3", "2"], [
    "lagging",
    "1",
    "1",
    "1",
    "0",
  ]]);
});

async function topic(name: string, partitions = 1): Promise<void> {
  await log.createTopics([{ name, partitions, logAppendTime: true }]);
}

function address(): string {
  return kafka.url.replace("kafka://", "");
}

function client(): KafkaJs {
  return new KafkaJs({
    brokers: [address()],
    clientId: "foreign",
    logLevel: logLevel.NOTHING,
  });
}

async function withProducer(
  options: { transactionalId?: string },
  body: (producer: Producer) => Promise<unknown>,
): Promise<void> {
  const producer = client().producer({ ...options, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  try {
    await body(producer);
  } finally {
    await producer.disconnect();
  }
}

async function consumeWithKafkaJs(name: string, count: number): Promise<string[]> {
  const consumer = client().consumer({ groupId: `foreign-${name}`, readUncommitted: false });
  const seen: string[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: name, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        seen.push(message.value!.toString());
        return Promise.resolve();
      },
    });
    await eventually(() => assert.ok(seen.length >= count), { deadlineMs: PATIENCE_MS });
  } finally {
    await consumer.disconnect();
  }
  return seen;
}

function readAll(name: string): Promise<LogRecord[]> {
  return Array.fromAsync(log.read({ topic: name }));
}

/** Runs the only task of a group until `body` is done. */
async function runOnce(
  group: { group: string; inputs: string[] },
  body: (task: TaskLog, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  await log.runTasks(group, async (task, signal) => {
    await body(task, signal);
    stop.abort();
  }, stop.signal);
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes);
}
