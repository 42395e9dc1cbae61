/** Other clients beside ours, on a real Kafka with running workers: what they write, and what they see. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Kafka as KafkaJs, logLevel, type Producer } from "kafkajs";
import { type DeadLetter, deadLetterSchema } from "../../shared/events.ts";
import { groupLags } from "../../shared/log/lag.ts";
import { partitionOf } from "../../shared/log/partition.ts";
import type { Log, LogRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { checkLog } from "../../shared/oracle/check_log.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { requireCommands } from "../../shared/services/commands.ts";
import { type Kafka, startKafka } from "../../shared/services/kafka.ts";
import { runKafkaTool } from "../../shared/services/kafka_java.ts";
import { noReport } from "../../shared/services/report.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { TICK_HEADER, wattstreamTopics } from "../../shared/topics.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 100 };
const PARTITIONS = 4;
const READINGS = 25;
const CODECS = ["gzip", "snappy", "lz4", "zstd"] as const;
const SEPARATOR = "|";

let kafka: Kafka;
let log: Log;
let workers: WorkerProcess[];

Deno.test.beforeAll(async () => {
  // kafkajs says at every start that its partitioner has changed.
  Deno.env.set("KAFKAJS_NO_PARTITIONER_WARNING", "1");
  kafka = await startKafka();
  log = await openLog(kafka.url);
  await log.createTopics(wattstreamTopics(PARTITIONS));
  workers = ["predictions", "training"].map((name) => startWorker(name, ["--log", kafka.url]));
  await Promise.all(workers.map((worker) => worker.ready()));
});

Deno.test.afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.end()));
  await log.close();
  await kafka.stop();
});

test("readings that kafkajs, kcat and Java's producer write become windows as the bridge's do", async () => {
  const households: string[] = [];
  const take = (name: string) => {
    const own = Array.from({ length: 3 }, (_, index) => `${name}-${index}`);
    households.push(...own);
    return own.flatMap(readingsOf);
  };
  await withProducer({}, async (producer) => {
    await producer.send({ topic: "power", messages: take("kafkajs") });
    await producer.send({ topic: "power", compression: 1, messages: take("kafkajs-gzip") });
  });
  await withProducer({ transactionalId: "meters" }, async (producer) => {
    const committed = await producer.transaction();
    await committed.send({ topic: "power", messages: take("kafkajs-transaction") });
    await committed.commit();
    const aborted = await producer.transaction();
    await aborted.send({ topic: "power", messages: readingsOf("never-committed") });
    await aborted.abort();
  });
  for (const codec of ["none", ...CODECS]) {
    await kcat(["-X", "topic.partitioner=murmur2_random", "-z", codec], take(`kcat-${codec}`));
    await javaProducer(codec, take(`java-${codec}`));
  }
  await settle();
  const windows = Map.groupBy(await Array.fromAsync(log.read({ topic: "predictions" })), keyOf);
  for (const household of households) {
    const own = windows.get(household) ?? [];
    // From the window that ends with the first reading to that which begins with the last.
    assert.equal(own.length, READINGS + 14, household);
    assert.ok(own.every(({ partition }) => partition === partitionOf(household, PARTITIONS)));
  }
  assert.equal(windows.has("never-committed"), false);
});

test("readings that kcat puts into partitions of its own way are misplaced, and said to be", async () => {
  const households = Array.from({ length: 12 }, (_, index) => `crc-${index}`);
  await kcat([], households.flatMap(readingsOf));
  await settle();
  const records = (await Array.fromAsync(log.read({ topic: "power" })))
    .filter((record) => keyOf(record).startsWith("crc-"));
  const isMisplaced = (record: LogRecord) =>
    record.partition !== partitionOf(keyOf(record), PARTITIONS);
  const misplaced = records.filter(isMisplaced);
  assert.equal(records.length, households.length * READINGS);
  assert.ok(misplaced.length > 0, "CRC32 and murmur2 agree about every key");
  const letters = (await deadLetters()).filter(({ reason }) => reason === "misplaced");
  // Each of the two workers says so.
  assert.equal(letters.length, 2 * misplaced.length);
  assert.match(letters[0]!.error, /belongs to partition \d by murmur2/);
});

test("records without key or value, with headers and of nonsense are refused, and nobody falls", async () => {
  const before = (await deadLetters()).length;
  const [reading] = readingsOf("strange") as [{ key: string; value: string }];
  await withProducer({}, (producer) =>
    producer.send({
      topic: "power",
      messages: [
        { key: null, value: reading.value },
        { key: "strange", value: null },
        { key: null, value: null },
        { key: "strange", value: "nonsense" },
        { key: "strange", value: Buffer.from([0xff, 0xfe, 0x00]) },
        { ...reading, headers: { "some-header": "x", list: ["a", "b"], empty: "" } },
      ],
    }));
  await kcat(["-X", "topic.partitioner=murmur2_random", "-Z"], [{ key: "strange", value: "" }]);
  await settle();
  const letters = await deadLetters();
  // The one with headers is a reading as any other; the six others each worker refuses.
  assert.equal(letters.length - before, 2 * 6);
  assert.deepEqual(workers.map((worker) => worker.lines.some(({ level }) => level === "error")), [
    false,
    false,
  ]);
});

test("a kafkajs consumer of committed records sees exactly the windows of the oracle", async () => {
  const expected = (await checkLog(log, DEFAULT_SEMANTICS)).correctness.windows_expected;
  const ours = (await Array.fromAsync(log.read({ topic: "predictions" }))).map(placeAndValueOf);
  assert.ok(expected > 0);
  assert.equal(ours.length, expected);
  const seen = await consumeWithKafkaJs("predictions", expected);
  assert.deepEqual(seen.toSorted(), ours.toSorted());
});

test("kafka-consumer-groups shows members, offsets and lag of the workers' groups", async () => {
  await settle();
  for (const [group, topics] of [["predictions", 1], ["training", 2]] as const) {
    const printed = await runKafkaTool(kafka.runtime, {
      className: "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
      args: ["--bootstrap-server", bootstrap(), "--describe", "--group", group],
    });
    const rows = printed.split("\n").filter((line) => line.startsWith(`${group} `))
      .map((line) => line.split(/\s+/));
    assert.equal(rows.length, topics * PARTITIONS, printed);
    for (const [, topic, , committed, end, lag, member] of rows) {
      if (topic === "power") assert.equal(Number(end) > 0, true, printed);
      // Nothing was ever written to device-state: there is no end to have got to.
      assert.ok(committed === end || end === "0", printed);
      assert.ok(lag === "0" || lag === "-", printed);
      assert.match(member!, /wattstream/, printed);
    }
  }
});

/** The workers outlive each test, and so does the reading of what they write. */
function test(name: string, body: () => Promise<void>): void {
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false }, body);
}

/** Readings of one household, one a second, that are all in time. */
function readingsOf(household: string): { key: string; value: string }[] {
  const startS = Math.floor(Date.now() / 1000) - 2 * READINGS;
  return Array.from({ length: READINGS }, (_, index) => ({
    key: household,
    value: JSON.stringify({
      client_id: household,
      username: "foreign",
      timestamp: startS + index,
      consumption: 100 + index,
    }),
  }));
}

/** Closes what is open, waits until the workers have it all, and has the oracle judge it. */
async function settle(): Promise<void> {
  const appender = log.appender();
  await appender.append(Array.from({ length: PARTITIONS }, (_, partition) => ({
    topic: "power",
    partition,
    key: null,
    value: null,
    headers: { [TICK_HEADER]: "test" },
  })));
  await appender.close();
  await eventually(async () => {
    for (const { group, topic, records } of await groupLags(log)) {
      assert.equal(records, 0, `lag of ${group} on ${topic}`);
    }
  }, DEADLINE);
  const { correctness: right, deadLetters: letters } = await checkLog(log, DEFAULT_SEMANTICS);
  assert.equal(right.windows_matching, right.windows_expected);
  assert.deepEqual([right.lost, right.duplicated, right.unexpected], [0, 0, 0]);
  assert.equal(letters.matching, letters.expected);
  assert.deepEqual([letters.lost, letters.duplicated, letters.unexpected], [0, 0, 0]);
}

async function deadLetters(): Promise<DeadLetter[]> {
  const records = await Array.fromAsync(log.read({ topic: "dead-letter" }));
  return records.map(({ value }) => deadLetterSchema.parse(JSON.parse(textOf(value))));
}

type Messages = readonly { readonly key: string; readonly value: string }[];

function linesOf(messages: Messages): string {
  return messages.map(({ key, value }) => `${key}${SEPARATOR}${value}\n`).join("");
}

async function kcat(args: readonly string[], messages: Messages): Promise<void> {
  const { kcat } = await requireCommands(["kcat"], noReport);
  await using child = new Deno.Command(kcat, {
    args: ["-P", "-b", bootstrap(), "-t", "power", "-K", SEPARATOR, ...args],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const sending = new Blob([linesOf(messages)]).stream().pipeTo(child.stdin);
  const [{ success, stderr }] = await Promise.all([child.output(), sending]);
  assert.ok(success, new TextDecoder().decode(stderr));
}

async function javaProducer(codec: string, messages: Messages): Promise<void> {
  await runKafkaTool(kafka.runtime, {
    className: "org.apache.kafka.tools.ConsoleProducer",
    args: [
      ...["--bootstrap-server", bootstrap(), "--topic", "power", "--compression-codec", codec],
      ...["--reader-property", "parse.key=true", "--reader-property", `key.separator=${SEPARATOR}`],
    ],
    input: linesOf(messages),
  });
}

function kafkaJs(): KafkaJs {
  return new KafkaJs({ brokers: [bootstrap()], clientId: "foreign", logLevel: logLevel.NOTHING });
}

async function withProducer(
  options: { readonly transactionalId?: string },
  body: (producer: Producer) => Promise<unknown>,
): Promise<void> {
  const producer = kafkaJs().producer({ ...options, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  try {
    await body(producer);
  } finally {
    await producer.disconnect();
  }
}

/** All that a consumer gets up to the ends of the partitions, but at least `count`. */
async function consumeWithKafkaJs(topic: string, count: number): Promise<string[]> {
  const consumer = kafkaJs().consumer({ groupId: `foreign-${topic}`, readUncommitted: false });
  const ends = (await log.describe([topic]))[0]!.partitions;
  const reached = new Map<number, number>();
  const seen: string[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachBatch: ({ batch }) => {
        for (const { value } of batch.messages) seen.push(`${batch.partition} ${value}`);
        reached.set(batch.partition, Number(batch.lastOffset()) + 1);
        return Promise.resolve();
      },
    });
    await eventually(() => {
      assert.ok(seen.length >= count, `${seen.length} of ${count}`);
      for (const { partition, endOffset } of ends) {
        assert.ok(endOffset === 0 || (reached.get(partition) ?? 0) >= endOffset - 1);
      }
    }, DEADLINE);
  } finally {
    await consumer.disconnect();
  }
  return seen;
}

function bootstrap(): string {
  return kafka.url.replace("kafka://", "");
}

function keyOf({ key }: LogRecord): string {
  return key === null ? "" : textOf(key);
}

function placeAndValueOf({ partition, value }: LogRecord): string {
  return `${partition} ${textOf(value)}`;
}

function textOf(bytes: Uint8Array | null): string {
  return new TextDecoder().decode(bytes ?? new Uint8Array());
}
