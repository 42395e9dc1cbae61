/**
 * Brokers and topics whose settings refuse what a task needs, each on a real broker: the error names
 * the setting, the topic and what to do.
 */
import assert from "node:assert/strict";
import { hasCode } from "../../errors.ts";
import { eventually, PATIENCE_MS } from "../../eventually.ts";
import { type Kafka, startKafka } from "../../services/kafka.ts";
import { runKafkaTool } from "../../services/kafka_java.ts";
import type { Log, NewRecord, TaskLog } from "../log.ts";
import { openLog } from "../open.ts";
import { openKafkaLog } from "./kafka_log.ts";

const GROUP = { group: "predictions", inputs: ["power"] };

Deno.test("a transaction.max.timeout.ms below ours is an error that names it, and ours", async () => {
  await onKafka({ settings: { "transaction.max.timeout.ms": "20000" } }, async ({ log }) => {
    await log.createTopics([{ name: "power", partitions: 1 }]);
    await refused(
      runOnce(log, (task) => task.loadMemory()),
      "topic",
      /Raise transaction\.max\.timeout\.ms of the brokers to 30000 or more: .* predictions-0/,
    );
  });
});

Deno.test("a topic too small for a batch is an error that names it, and what is large enough", async () => {
  await onKafka({ settings: { "message.max.bytes": "1500000" } }, async ({ log, kafka }) => {
    const names = ["power", "predictions", "brokers-default"];
    await log.createTopics(names.map((name) => ({ name, partitions: 1 })));
    await setTopic(kafka, "predictions", "max.message.bytes=1000");
    const small = record("predictions", 2_000);
    await refused(
      append(log, small),
      "topic",
      /Raise max\.message\.bytes of topic predictions to 1000000 or more/,
    );
    await refused(
      runOnce(log, async (task) => {
        await task.loadMemory();
        await task.commit({ records: [small], memory: new Map(), offsets: [0] });
      }),
      "topic",
      /Raise max\.message\.bytes of topic predictions to 1000000 or more/,
    );
    // Larger than any batch of ours: what this one record takes.
    const large = record("brokers-default", 1_600_000);
    await refused(
      append(log, large),
      "topic",
      /of topic brokers-default to 1600\d{3} or more \(message\.max\.bytes of the brokers/,
    );
    // Enough as the error says.
    await setTopic(kafka, "predictions", "max.message.bytes=1000000");
    await eventually(() => append(log, small), { deadlineMs: PATIENCE_MS });
  });
});

Deno.test("a memory topic that may not be created, or in so many copies, is an error that says how", async () => {
  await onKafka({ security: { protocol: "SASL_PLAINTEXT" } }, async ({ log, kafka }) => {
    await log.createTopics([{ name: "power", partitions: 1 }]);
    const secure = kafka.secure!;
    const grant = { username: "worker", resource: "TOPIC", name: "power" } as const;
    await secure.grant({ ...grant, operations: ["READ", "DESCRIBE"] });
    await secure.grant({ ...grant, name: "predictions-memory", operations: ["DESCRIBE"] });
    await secure.grant({ ...grant, resource: "GROUP", name: "predictions", operations: ["READ"] });
    const worker = await openLog(secure.url, {
      kafkaUsername: "worker",
      kafkaPassword: secure.worker.password,
    });
    try {
      await refused(
        runOnce(worker, () => Promise.resolve()),
        "auth",
        /Create topic predictions-memory first \(deno task topics create\), or allow CREATE/,
      );
    } finally {
      await worker.close();
    }
    const copies = await openLog(kafka.url, { kafkaReplication: 3 });
    try {
      await refused(
        runOnce(copies, () => Promise.resolve()),
        "topic",
        /Choose --kafka-replication .* for topic predictions-memory/,
      );
    } finally {
      await copies.close();
    }
  });
});

Deno.test("a memory topic that is gone is an error, not a memory that is empty", async () => {
  await onKafka({}, async ({ log, kafka }) => {
    await log.createTopics([{ name: "power", partitions: 1 }]);
    await runOnce(log, async (task) => {
      await task.loadMemory();
      await task.commit({ records: [], memory: new Map([["a", "1"]]), offsets: [0] });
    });
    await runKafkaTool(kafka.runtime, {
      className: "org.apache.kafka.tools.TopicCommand",
      args: ["--bootstrap-server", address(kafka), "--delete", "--topic", "predictions-memory"],
    });
    const other = await openLog(kafka.url);
    try {
      await eventually(() =>
        refused(
          runOnce(other, () => Promise.resolve()),
          "unavailable",
          /Restore topic predictions-memory: it is gone, though group predictions has committed/,
        ), { deadlineMs: PATIENCE_MS });
    } finally {
      await other.close();
    }
  });
});

Deno.test("fewer copies in sync than min.insync.replicas is an error that names it and the topic", async () => {
  await onKafka({ brokers: 3 }, async ({ kafka }) => {
    const log = await openKafkaLog(kafka.url, { nowMs: Date.now, patienceMs: 8_000 });
    try {
      await log.createTopics(["power", "predictions"].map((name) => ({ name, partitions: 1 })));
      await runOnce(log, (task) => task.loadMemory());
      await setTopic(kafka, "predictions", "min.insync.replicas=3");
      await kafka.brokers[2]!.kill();
      const message =
        /Start the brokers that are missing, or lower min\.insync\.replicas of topic predictions/;
      // Until Kafka has noticed that one is gone, it waits for it.
      await eventually(
        () => refused(append(log, record("predictions", 10)), "unavailable", message),
        { deadlineMs: PATIENCE_MS },
      );
      await refused(
        runOnce(log, async (task) => {
          await task.loadMemory();
          await task.commit({
            records: [record("predictions", 10)],
            memory: new Map(),
            offsets: [0],
          });
        }),
        "unavailable",
        message,
      );
      await setTopic(kafka, "predictions", "min.insync.replicas=2");
      await eventually(() => append(log, record("predictions", 10)), { deadlineMs: PATIENCE_MS });
    } finally {
      await log.close();
    }
  });
});

async function onKafka(
  options: Parameters<typeof startKafka>[0],
  body: (world: { kafka: Kafka; log: Log }) => Promise<void>,
): Promise<void> {
  const kafka = await startKafka(options);
  const log = await openLog(kafka.url);
  try {
    await body({ kafka, log });
  } finally {
    await log.close();
    await kafka.stop();
  }
}

/** Runs the only task of the group until `body` is done. */
async function runOnce(log: Log, body: (task: TaskLog) => Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  await log.runTasks(GROUP, async (task) => {
    await body(task);
    stop.abort();
  }, stop.signal);
}

async function append(log: Log, record: NewRecord): Promise<void> {
  const appender = log.appender();
  try {
    await appender.append([record]);
  } finally {
    await appender.close();
  }
}

async function refused(
  attempt: Promise<unknown>,
  code: Parameters<typeof hasCode>[1],
  message: RegExp,
): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(hasCode(error, code), String(error));
    assert.match(error.message, message);
    return true;
  });
}

function record(topic: string, size: number): NewRecord {
  return { topic, partition: 0, key: null, value: "x".repeat(size) };
}

async function setTopic(kafka: Kafka, topic: string, setting: string): Promise<void> {
  await runKafkaTool(kafka.runtime, {
    className: "kafka.admin.ConfigCommand",
    args: [
      ...["--bootstrap-server", address(kafka), "--alter"],
      ...["--entity-type", "topics", "--entity-name", topic, "--add-config", setting],
    ],
  });
}

function address(kafka: Kafka): string {
  return kafka.url.replace("kafka://", "");
}
