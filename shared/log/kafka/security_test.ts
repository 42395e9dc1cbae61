/** Passwords, certificates and access lists: each refusal is an error that names what to change. */
import assert from "node:assert/strict";
import { hasCode } from "../../errors.ts";
import { type Kafka, type SecureKafka, startKafka } from "../../services/kafka.ts";
import type { KafkaGrant } from "../../services/kafka_security.ts";
import type { Log } from "../log.ts";
import { openLog } from "../open.ts";
import type { KafkaOptions } from "./cluster/options.ts";

let kafka: Kafka;
let secure: SecureKafka;

Deno.test.beforeAll(async () => {
  kafka = await startKafka({ security: { protocol: "SASL_SSL" } });
  secure = kafka.secure!;
  await use(kafka.url, {}, (log) => log.createTopics([{ name: "power", partitions: 1 }]));
});

Deno.test.afterAll(() => kafka.stop());

Deno.test("openLog() logs in with PLAIN and SCRAM over TLS", async () => {
  for (const kafkaMechanism of ["PLAIN", "SCRAM-SHA-512"] as const) {
    const topics = await use(
      secure.url,
      { ...admin(), kafkaMechanism },
      (log) => log.describe(["power"]),
    );
    assert.equal(topics.length, 1);
  }
});

Deno.test("openLog() takes the password from a file", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, `${secure.admin.password}\n`);
    const { kafkaPassword: _, ...options } = admin();
    await use(
      secure.url,
      { ...options, kafkaPasswordFile: path },
      (log) => log.describe(["power"]),
    );
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a wrong password is an auth error that does not repeat it", async () => {
  for (const kafkaMechanism of ["PLAIN", "SCRAM-SHA-512"] as const) {
    const options = { ...admin(), kafkaPassword: "geheim-2718", kafkaMechanism };
    await refused(secure.url, options, (error) => {
      assert.match(error.message, /--kafka-password/);
      assert.doesNotMatch(Deno.inspect(error, { depth: 20 }), /geheim-2718/);
    });
  }
});

Deno.test("a mechanism that the broker does not offer is an auth error", async () => {
  const options = { ...admin(), kafkaMechanism: "SCRAM-SHA-256" as const };
  await refused(secure.url, options, (error) => assert.match(error.message, /--kafka-mechanism/));
});

Deno.test("a certificate of an unknown authority is an auth error", async () => {
  const { kafkaCaFile: _, ...options } = admin();
  await refused(secure.url, options, (error) => assert.match(error.message, /--kafka-ca-file/));
});

Deno.test("TLS where there is none is an auth error, none where there is TLS unavailable", async () => {
  const url = kafka.url.replace("kafka:", "kafkas:");
  await refused(url, {}, (error) => assert.match(error.message, /kafkas:/));
  const { kafkaCaFile: _, ...options } = admin();
  // The broker closes the connection, as one that is about to end would.
  await assert.rejects(
    use(secure.url.replace("kafkas:", "kafka:"), options, (log) => log.describe()),
    (error) => hasCode(error, "unavailable") && /kafkas:/.test(error.message),
  );
});

Deno.test("an expired certificate is an auth error", async () => {
  const expired = await startKafka({
    security: { protocol: "SASL_SSL", certificateExpired: true },
  });
  try {
    const { url, caPath, admin: { username, password } } = expired.secure!;
    const options = { kafkaUsername: username, kafkaPassword: password, kafkaCaFile: caPath };
    await refused(url, options, (error) => {
      assert.match(error.message, /renew/);
      assert.match(error.message, /expired/i);
    });
  } finally {
    await expired.stop();
  }
});

Deno.test("each missing right is an auth error that names right and resource", async () => {
  const worker = { ...admin(), kafkaUsername: "worker", kafkaPassword: secure.worker.password };
  const grant = (
    resource: KafkaGrant["resource"],
    name: string,
    ...operations: KafkaGrant["operations"]
  ) => secure.grant({ username: "worker", resource, name, operations });
  const problem = () =>
    use(secure.url, worker, async (log) => {
      const appender = log.appender();
      await appender.append([{ topic: "power", key: "k", value: "v" }]);
      const stop = new AbortController();
      await log.runTasks({ group: "readers", inputs: ["power"] }, async (task, signal) => {
        await task.loadMemory();
        const offsets = await task.committedOffsets();
        await task.fetch(offsets, 500, signal);
        const records = [{ topic: "power", key: "k", value: "v" }];
        await task.commit({ records, memory: new Map([["a", "b"]]), offsets });
        stop.abort();
      }, stop.signal);
      await log.describe(["power"]);
    }).then(() => "none", (error) => {
      assert.ok(hasCode(error, "auth"), Deno.inspect(error));
      return error.message.replace(/ \(kafka-acls\).*/, "");
    });
  assert.equal(await problem(), "Allow DESCRIBE on topic power");
  await grant("TOPIC", "power", "DESCRIBE");
  assert.equal(await problem(), "Allow WRITE on topic power");
  await grant("TOPIC", "power", "WRITE");
  assert.equal(await problem(), "Allow DESCRIBE on topic readers-memory");
  await grant("TOPIC", "readers-memory", "DESCRIBE");
  assert.equal(await problem(), "Allow DESCRIBE on group readers");
  await grant("GROUP", "readers", "DESCRIBE");
  assert.equal(
    await problem(),
    "Create topic readers-memory first (deno task topics create), or allow CREATE on it",
  );
  await grant("TOPIC", "readers-memory", "CREATE");
  assert.equal(await problem(), "Allow READ on group readers");
  await grant("GROUP", "readers", "READ");
  assert.equal(await problem(), "Allow WRITE on transactional id readers-0");
  await grant("TRANSACTIONAL_ID", "readers-0", "WRITE");
  assert.equal(await problem(), "Allow READ on topic power");
  await grant("TOPIC", "power", "READ");
  assert.equal(await problem(), "Allow WRITE on topic readers-memory");
  await grant("TOPIC", "readers-memory", "WRITE");
  assert.equal(await problem(), "Allow DESCRIBE_CONFIGS on topic power");
  // Now there is something in the memory.
  assert.equal(await problem(), "Allow READ on topic readers-memory");
  await grant("TOPIC", "readers-memory", "READ");
  assert.equal(await problem(), "Allow DESCRIBE_CONFIGS on topic power");
  await grant("TOPIC", "power", "DESCRIBE_CONFIGS");
  assert.equal(await problem(), "none");
});

Deno.test("a broker that is not there is unavailable, and said to be at once", async () => {
  const log = await openLog("kafka://127.0.0.1:1");
  try {
    await assert.rejects(
      log.describe(),
      (error) => hasCode(error, "unavailable") && /Start Kafka.*127\.0\.0\.1:1/.test(error.message),
    );
  } finally {
    await log.close();
  }
});

function admin(): KafkaOptions {
  return {
    kafkaUsername: secure.admin.username,
    kafkaPassword: secure.admin.password,
    kafkaCaFile: secure.caPath,
  };
}

async function use<T>(
  url: string,
  options: KafkaOptions,
  body: (log: Log) => Promise<T>,
): Promise<T> {
  const log = await openLog(url, options);
  try {
    return await body(log);
  } finally {
    await log.close();
  }
}

async function refused(
  url: string,
  options: KafkaOptions,
  check: (error: Error) => void,
): Promise<void> {
  await assert.rejects(use(url, options, (log) => log.describe()), (error) => {
    assert.ok(hasCode(error, "auth"), Deno.inspect(error));
    check(error);
    return true;
  });
}
