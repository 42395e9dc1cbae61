/**
 * The KafkaUsers of the manifests on a real broker with Kafka's authorizer: without any one of its rights
 * a worker ends and names what is missing. (With all of them the pipeline runs: node_test.ts.)
 */
import assert from "node:assert/strict";
import { openLog } from "../../shared/log/open.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker } from "../../shared/services/worker_process.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import {
  type AclManifest,
  makeOperatedKafka,
  type OperatedKafka,
  startOperated,
  type UserManifest,
} from "../../scripts/deploy/verify/kafka.ts";
import { ofKind, render } from "./objects.ts";
import { appendInputs, publishAll } from "./rights_inputs.ts";

const WORKERS = ["bridge", "predictions", "training"] as const;
type Worker = typeof WORKERS[number];

/** As the worker names them. */
const KINDS: Readonly<Record<string, string>> = {
  topic: "topic",
  group: "group",
  transactionalId: "transactional id",
};

interface World {
  readonly kafka: OperatedKafka;
  readonly secureUrl: string;
  readonly caPath: string;
  readonly mqttUrl: string;
}

/** Every single right of a user. */
const rightsOf = ({ spec }: UserManifest): AclManifest[] =>
  spec.authorization.acls.flatMap(({ resource, operations }) =>
    operations.map((operation) => ({ resource, operations: [operation] }))
  );

/** Runs a worker that meets work of each kind, until it ends by itself; what it says last. */
async function lastWords(name: Worker, { kafka, secureUrl, caPath, mqttUrl }: World) {
  const state = await Deno.makeTempDir();
  const worker = startWorker(name, [
    ...["--log", secureUrl, "--kafka-ca-file", caPath],
    ...["--kafka-username", name, "--kafka-password", kafka.passwords.get(name)!],
    ...(name === "bridge"
      ? ["--mqtt", mqttUrl, "--state", state]
      : ["--quiet-timeout", "1s", "--kafka-session-timeout", "6s"]),
  ]);
  const publishing = new AbortController();
  const feeding = name === "bridge"
    ? publishAll(mqttUrl, publishing.signal)
    : appendInputs(kafka.url);
  try {
    const exit = await Promise.race([worker.exit(), timeout()]);
    assert.equal(exit, 1, JSON.stringify(worker.lines.at(-1)));
    return worker.lines.findLast(({ message }) => message === "failed")!;
  } finally {
    publishing.abort();
    await feeding;
    await worker.end();
    await Deno.remove(state, { recursive: true });
  }
}

let timer: ReturnType<typeof setTimeout> | undefined;
function timeout(): Promise<string> {
  clearTimeout(timer);
  return new Promise((resolve) => {
    timer = setTimeout(() => resolve("it did not end: it can do without this right"), 60_000);
  });
}

Deno.test("a worker without one of the rights of its KafkaUser ends, and names that right", async (t) => {
  const users = (ofKind(await render("microk8s"), "KafkaUser") as UserManifest[])
    .filter(({ metadata }) => WORKERS.includes(metadata.name as Worker));
  const folder = await Deno.makeTempDir();
  const [port] = freePorts(1);
  const kafka = await makeOperatedKafka({
    users,
    folder,
    addresses: [`127.0.0.1:${port}`],
    listen: "127.0.0.1",
  });
  const mosquitto = await startMosquitto();
  try {
    await startOperated(kafka, users);
    const log = await openLog(kafka.url);
    await log.createTopics(wattstreamTopics(2));
    await log.close();
    const world = {
      kafka,
      secureUrl: `kafkas://127.0.0.1:${port}`,
      caPath: `${folder}/ca.pem`,
      mqttUrl: mosquitto.url,
    };
    for (const user of users) {
      const name = user.metadata.name as Worker;
      for (const right of rightsOf(user)) {
        const { type, name: resource } = right.resource;
        await t.step(`${name} without ${right.operations[0]} on ${type} ${resource}`, async () => {
          await kafka.revoke(name, [right]);
          try {
            const { code, error } = await lastWords(name, world);
            assert.equal(code, "auth", String(error));
            const operation = right.operations[0]!.replace(/(?<=[a-z])(?=[A-Z])/, "_")
              .toUpperCase();
            // Writing and reading have describing in them, which is asked for first.
            const named = new RegExp(
              `^Allow (${operation}|DESCRIBE) on ${KINDS[type]} .*${resource}`,
            );
            assert.match(String(error), named);
          } finally {
            await kafka.grant(name, [right]);
          }
        });
      }
    }
  } finally {
    clearTimeout(timer);
    await mosquitto.stop();
    await kafka.broker.kill();
    await Deno.remove(folder, { recursive: true });
  }
});
