/** Passwords, certificates and access lists: what a running worker says, and how it ends. */
import assert from "node:assert/strict";
import { openLog } from "../../shared/log/open.ts";
import { type SecureKafka, startKafka } from "../../shared/services/kafka.ts";
import type { KafkaGrant } from "../../shared/services/kafka_security.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { wattstreamTopics } from "../../shared/topics.ts";

Deno.test("a worker whose password or rights are wrong ends and names what to change", async () => {
  const kafka = await startKafka({ security: { protocol: "SASL_SSL" } });
  const secure = kafka.secure!;
  let running: WorkerProcess | undefined;
  try {
    const log = await openLog(kafka.url);
    await log.createTopics(wattstreamTopics(2));
    await log.close();
    const worker = { ...secure.worker };
    const wrong = await failing(secure, { ...worker, password: "geheim-2718" });
    assert.match(wrong, /Correct --kafka-username or --kafka-password/);
    assert.doesNotMatch(wrong, /geheim-2718/);
    const withoutCa = await failing({ ...secure, caPath: undefined }, worker);
    assert.match(withoutCa, /certificates .*--kafka-ca-file/);
    // Each right that is missing is named, one after the other, until all are there.
    const grant = (resource: KafkaGrant["resource"], name: string, ...operations: Operations) =>
      secure.grant({ username: "worker", resource, name, operations });
    assert.match(await failing(secure, worker), /Allow DESCRIBE on topic power/);
    for (const name of ["power", "predictions", "dead-letter"]) {
      await grant("TOPIC", name, "DESCRIBE", "DESCRIBE_CONFIGS");
    }
    assert.match(await failing(secure, worker), /Allow DESCRIBE on topic predictions-memory/);
    await grant("TOPIC", "predictions-memory", "DESCRIBE", "READ", "WRITE");
    assert.match(await failing(secure, worker), /Allow READ on group predictions/);
    await grant("GROUP", "predictions", "READ");
    assert.match(await failing(secure, worker), /Allow WRITE on transactional id predictions-\d/);
    for (const name of ["predictions-0", "predictions-1"]) {
      await grant("TRANSACTIONAL_ID", name, "WRITE");
    }
    assert.match(await failing(secure, worker), /Allow READ on topic power/);
    await grant("TOPIC", "power", "READ");
    running = start(secure, worker);
    await running.ready();
    assert.equal(await running.stop(), 0);
  } finally {
    await running?.end();
    await kafka.stop();
  }
});

Deno.test("a worker that meets an expired certificate ends and says that it must be renewed", async () => {
  const kafka = await startKafka({ security: { protocol: "SASL_SSL", certificateExpired: true } });
  try {
    assert.match(await failing(kafka.secure!, kafka.secure!.admin), /renew.*expired/i);
  } finally {
    await kafka.stop();
  }
});

type Operations = KafkaGrant["operations"];

function start(
  { url, caPath }: Pick<SecureKafka, "url" | "caPath">,
  { username, password }: { readonly username: string; readonly password: string },
): WorkerProcess {
  return startWorker("predictions", [
    ...["--log", url, "--kafka-username", username, "--kafka-password", password],
    ...(caPath === undefined ? [] : ["--kafka-ca-file", caPath]),
  ]);
}

/** What a worker says that ends by itself, with exit code 1: its last line, and nothing else. */
async function failing(
  secure: Pick<SecureKafka, "url" | "caPath">,
  user: { readonly username: string; readonly password: string },
): Promise<string> {
  const worker = start(secure, user);
  assert.equal(await worker.exit(), 1);
  assert.deepEqual(worker.otherLines, []);
  const last = worker.lines.at(-1)!;
  assert.deepEqual([last.message, last.code], ["failed", "auth"]);
  return String(last.error);
}
