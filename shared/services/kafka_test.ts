import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  Admin,
  type AdminOptions,
  ConfigResourceTypes,
  ListOffsetTimestamps,
  Producer,
} from "@platformatic/kafka";
import { eventually, PATIENCE_MS } from "../eventually.ts";
import { runKafkaTool } from "./kafka_java.ts";
import {
  checkAlive,
  type Kafka,
  type KafkaOptions,
  type SecureKafka,
  startKafka,
} from "./kafka.ts";

Deno.test("startKafka() keeps records and port when a broker is killed and started", async () => {
  const folder = await withKafka({}, async (kafka) => {
    const broker = kafka.brokers[0]!;
    const pid = broker.pid;
    await withAdmin(kafka.url, (admin) => admin.createTopics({ topics: ["power"], partitions: 1 }));
    await runKafkaTool(kafka.runtime, {
      className: "org.apache.kafka.tools.ConsoleProducer",
      args: [`--bootstrap-server=${brokersOf(kafka.url)}`, "--topic=power"],
      input: "one\ntwo\n",
    });
    await broker.kill();
    await assert.rejects(checkAlive(broker.port, [1]));
    await broker.start();
    assert.notEqual(broker.pid, pid);
    assert.equal(await withAdmin(kafka.url, (admin) => endOffset(admin, "power")), 2n);
    await broker.suspend();
    await assert.rejects(checkAlive(broker.port, [1]));
    await broker.resume();
    await broker.untilAlive([1]);
  });
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});

Deno.test("startKafka() with three brokers takes acknowledged writes while one is away", async () => {
  await withKafka({ brokers: 3 }, async (kafka) => {
    await withAdmin(kafka.url, async (admin) => {
      const [topic] = await admin.createTopics({ topics: ["power"], partitions: 1, replicas: 3 });
      assert.equal(topic!.replicas, 3);
      assert.equal(await settingOf(admin, "power", "min.insync.replicas"), "2");
    });
    await kafka.brokers[0]!.kill();
    await produce(kafka, "by two of three");
    assert.equal(await withAdmin(kafka.url, (admin) => endOffset(admin, "power")), 1n);
  });
});

Deno.test("startKafka() with security binds a user to passwords and access lists", async () => {
  await withKafka({ security: { protocol: "SASL_SSL" } }, async (kafka) => {
    const secure = kafka.secure!;
    assert.match(secure.url, /^kafkas:/);
    for (const mechanism of ["SCRAM-SHA-512", "PLAIN"] as const) {
      const asWorker = await credentials(secure, mechanism, secure.worker.password);
      await withAdmin(secure.url, (admin) => admin.metadata({ topics: [] }), asWorker);
      const asStranger = await credentials(secure, mechanism, "wrong");
      await assert.rejects(withAdmin(secure.url, (admin) => admin.listTopics(), asStranger));
    }
    await withAdmin(kafka.url, (admin) => admin.createTopics({ topics: ["power"], partitions: 1 }));
    const asWorker = await credentials(secure, "SCRAM-SHA-512", secure.worker.password);
    const topicsOfWorker = () => withAdmin(secure.url, (admin) => admin.listTopics(), asWorker);
    assert.deepEqual(await topicsOfWorker(), []);
    const username = secure.worker.username;
    await secure.grant({ username, resource: "TOPIC", name: "power", operations: ["DESCRIBE"] });
    await eventually(async () => assert.deepEqual(await topicsOfWorker(), ["power"]), {
      deadlineMs: PATIENCE_MS,
    });
  });
});

/** Returns the folder that the cluster had. */
async function withKafka(
  options: KafkaOptions,
  body: (kafka: Kafka) => Promise<void>,
): Promise<string> {
  const kafka = await startKafka(options);
  try {
    await body(kafka);
  } finally {
    await kafka.stop();
  }
  return kafka.folder;
}

async function withAdmin<T>(
  url: string,
  body: (admin: Admin) => Promise<T>,
  options: Partial<AdminOptions> = {},
): Promise<T> {
  const admin = new Admin({ clientId: "test", bootstrapBrokers: brokersOf(url), ...options });
  try {
    return await body(admin);
  } finally {
    await admin.close();
  }
}

async function credentials(
  secure: SecureKafka,
  mechanism: "SCRAM-SHA-512" | "PLAIN",
  password: string,
): Promise<Partial<AdminOptions>> {
  const ca = await Deno.readTextFile(secure.caPath!);
  const { username } = secure.worker;
  return { tls: { ca }, sasl: { mechanism, username, password }, retries: 0 };
}

async function settingOf(admin: Admin, topic: string, name: string): Promise<unknown> {
  const [described] = await admin.describeConfigs({
    resources: [{
      resourceType: ConfigResourceTypes.TOPIC,
      resourceName: topic,
      configurationKeys: [name],
    }],
  });
  return described!.configs[0]!.value;
}

/** Writes one record that every replica in sync has taken. */
async function produce(kafka: Kafka, value: string): Promise<void> {
  const producer = new Producer({
    clientId: "test",
    bootstrapBrokers: brokersOf(kafka.url),
    retries: 60,
    retryDelay: 500,
  });
  try {
    const messages = [{ topic: "power", partition: 0, value: Buffer.from(value) }];
    await producer.send({ messages, acks: -1 });
  } finally {
    await producer.close();
  }
}

/** Offset of the next record of the topic's only partition. */
async function endOffset(admin: Admin, topic: string): Promise<bigint> {
  const partitions = [{ partitionIndex: 0, timestamp: ListOffsetTimestamps.LATEST }];
  const [listed] = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
  return listed!.partitions[0]!.offset;
}

function brokersOf(url: string): string[] {
  return url.replace(/^kafkas?:\/\//, "").split(",");
}
