/**
 * The KafkaUsers of the manifests on a real broker with Kafka's authorizer: with its rights a worker
 * works, and without any one of them it ends and names what is missing.
 */
import assert from "node:assert/strict";
import { openLog } from "../../shared/log/open.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import {
  type LogLine,
  startWorker,
  type WorkerProcess,
} from "../../shared/services/worker_process.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import {
  makeOperatedKafka,
  type OperatedKafka,
  startOperated,
  type UserManifest,
} from "../../scripts/deploy/verify/kafka.ts";
import { ofKind, render, rightsOf } from "./objects.ts";
import { appendInputs, publishAll } from "./rights_inputs.ts";

const WORKERS = ["bridge", "predictions", "training", "disaggregation", "publisher"] as const;
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

function ownFlags(name: Worker, mqttUrl: string, state: string): string[] {
  if (name === "bridge") return ["--mqtt", mqttUrl, "--state", state];
  const patience = ["--kafka-session-timeout", "6s"];
  if (name === "publisher") return [...patience, "--mqtt", mqttUrl];
  if (name === "disaggregation") return patience;
  return [...patience, "--quiet-timeout", "1s"];
}

/** Runs a worker that meets work of each kind. */
async function run<T>(
  name: Worker,
  { kafka, secureUrl, caPath, mqttUrl }: World,
  use: (worker: WorkerProcess) => Promise<T>,
): Promise<T> {
  const state = await Deno.makeTempDir();
  const worker = startWorker(name, [
    ...["--log", secureUrl, "--kafka-ca-file", caPath],
    ...["--kafka-username", name, "--kafka-password", kafka.passwords.get(name)!],
    ...ownFlags(name, mqttUrl, state),
  ]);
  const publishing = new AbortController();
  const feeding = name === "bridge"
    ? publishAll(mqttUrl, publishing.signal)
    : appendInputs(kafka.url);
  try {
    return await use(worker);
  } finally {
    publishing.abort();
    await feeding;
    await worker.end();
    await Deno.remove(state, { recursive: true });
  }
}

/** What it has done at least once, when it has used all of its rights. */
const WORK: Readonly<Record<Worker, readonly string[]>> = {
  bridge: [
    ...["power", "device-state", "household"].map((topic) =>
      `wattstream_bridge_appended_total{topic="${topic}"}`
    ),
    'wattstream_bridge_dead_letters_total{reason="invalid"}',
  ],
  predictions: ['wattstream_outputs_total{topic="predictions"}', "wattstream_dead_letters_total"],
  training: ['wattstream_outputs_total{topic="dataset2train"}', "wattstream_dead_letters_total"],
  disaggregation: [
    ...["disaggregated", "models"].map((topic) => `wattstream_outputs_total{topic="${topic}"}`),
    "wattstream_dead_letters_total",
  ],
  publisher: [
    'wattstream_publisher_published_total{kind="disaggregated"}',
    "wattstream_dead_letters_total",
  ],
};

/** Runs a worker until it has done its work, and stops it. */
async function work(name: Worker, world: World): Promise<void> {
  await run(name, world, async (worker) => {
    for (const metric of WORK[name]) {
      await eventually(async () => {
        const count = await worker.metric(metric);
        assert.ok(count > 0, `${metric} is ${count}: ${JSON.stringify(worker.lines.at(-1))}`);
      }, { deadlineMs: PATIENCE_MS });
    }
    assert.equal(await worker.stop(), 0);
  });
}

/** What a worker says last, that ends by itself. */
async function lastWords(name: Worker, world: World): Promise<LogLine> {
  return await run(name, world, async (worker) => {
    const exit = await Promise.race([worker.exit(), timeout()]);
    assert.equal(exit, 1, JSON.stringify(worker.lines.at(-1)));
    return worker.lines.findLast(({ message }) => message === "failed")!;
  });
}

let timer: ReturnType<typeof setTimeout> | undefined;
function timeout(): Promise<string> {
  clearTimeout(timer);
  return new Promise((resolve) => {
    timer = setTimeout(() => resolve("it did not end: it can do without this right"), PATIENCE_MS);
  });
}

Deno.test("a worker works with the rights of its KafkaUser; without one of them it ends, and names it", async (t) => {
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
      // Also leaves a memory, which it must read from then on.
      await t.step(`${name} works with its rights`, () => work(name, world));
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
