/**
 * Start order on a real Kafka with real processes: workers that are there before Kafka, or before its
 * topics, wait unready and say why, once; and what a person must put right ends them with its name.
 */
import assert from "node:assert/strict";
import { openLog } from "../../shared/log/open.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { type Kafka, startKafka } from "../../shared/services/kafka.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { wattstreamTopics } from "../../shared/topics.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 100 };
const PARTITIONS = 2;
const NAMES = ["bridge", "predictions", "training"] as const;

Deno.test("workers started before Kafka, and before its topics, wait unready and go on", async () => {
  await using world = await startWorld();
  const { kafka } = world;
  const [broker] = kafka.brokers;
  await broker!.kill();
  const workers = NAMES.map((name) => world.start(name));
  await Promise.all(workers.map((worker) => untilUnready(worker, /Start Kafka or correct --log/)));
  await broker!.start();
  await Promise.all(workers.map((worker) => untilUnready(worker, /Create the topics first/)));
  const log = await openLog(kafka.url);
  try {
    await log.createTopics(wattstreamTopics(PARTITIONS));
    await Promise.all(workers.map((worker) => worker.ready()));
    const timestamp = Math.floor(Date.now() / 1000);
    const append = async (key: string, at: number) => {
      const reading = { client_id: key, username: "u", timestamp: at, consumption: 1 };
      const appender = log.appender();
      await appender.append([{ topic: "power", key, value: JSON.stringify(reading) }]);
      await appender.close();
    };
    await append("home", timestamp - 60);
    await append("home", timestamp);
    await eventually(async () => {
      const [described] = await log.describe(["predictions"]);
      const count = described!.partitions.reduce((sum, { endOffset }) => sum + endOffset, 0);
      assert.ok(count >= 15);
    }, DEADLINE);
  } finally {
    await log.close();
  }
  for (const worker of workers) {
    assertFewWarnings(worker);
    assert.equal(await worker.stop(), 0);
  }
});

Deno.test("a worker told to stop while it waits for Kafka ends at once with exit code 0", async () => {
  await using world = await startWorld();
  await world.kafka.brokers[0]!.kill();
  const workers = NAMES.map((name) => world.start(name));
  await Promise.all(workers.map((worker) => untilUnready(worker, /Start Kafka/)));
  assert.deepEqual(await Promise.all(workers.map((worker) => worker.stop())), [0, 0, 0]);
});

Deno.test("topics that are not as they must be end a worker that names what to change", async () => {
  await using world = await startWorld();
  const log = await openLog(world.kafka.url);
  try {
    const topics = wattstreamTopics(PARTITIONS).map((topic) =>
      topic.name === "power" ? { ...topic, logAppendTime: false } : topic
    );
    await log.createTopics(topics);
    for (const name of NAMES) {
      await world.fails(name, /Set message\.timestamp\.type=LogAppendTime on topic power/);
    }
  } finally {
    await log.close();
  }
});

Deno.test("inputs of unequal partition counts end a worker that names both", async () => {
  await using world = await startWorld();
  const log = await openLog(world.kafka.url);
  try {
    const topics = wattstreamTopics(PARTITIONS).map((topic) =>
      topic.name === "device-state" ? { ...topic, partitions: 3 } : topic
    );
    await log.createTopics(topics);
    for (const name of ["bridge", "training"] as const) {
      await world.fails(
        name,
        /same number of partitions: .*(device-state has 3.*power has 2|power has 2.*device-state has 3)/,
      );
    }
    // It reads one of them only.
    const worker = world.start("predictions");
    await worker.ready();
    assert.equal(await worker.stop(), 0);
  } finally {
    await log.close();
  }
});

/** A broker for each test, and the workers started on it. */
async function startWorld() {
  const [kafka, mosquitto] = await Promise.all([startKafka(), startMosquitto()]);
  const folder = await Deno.makeTempDir();
  const workers: WorkerProcess[] = [];
  const start = (name: string): WorkerProcess => {
    const mqtt = name === "bridge" ? ["--mqtt", mosquitto.url, "--state", folder] : [];
    const worker = startWorker(name, ["--log", kafka.url, ...mqtt]);
    workers.push(worker);
    return worker;
  };
  return {
    kafka: kafka as Kafka,
    start,
    async fails(name: string, message: RegExp): Promise<void> {
      const worker = start(name);
      assert.equal(await worker.exit(), 1);
      assert.match(String(worker.lines.at(-1)?.error), message);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all(workers.map((worker) => worker.end()));
      await Promise.all([kafka.stop(), mosquitto.stop()]);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Until the worker says that it is not ready, and why. */
async function untilUnready(worker: WorkerProcess, reason: RegExp): Promise<void> {
  await eventually(async () => {
    const { status, text } = await worker.get("/readyz");
    assert.equal(status, 503);
    assert.match(text, reason);
  }, DEADLINE);
}

/** One line for each reason to wait, and none of it again within 10 s. */
function assertFewWarnings(worker: WorkerProcess): void {
  const warnings = worker.lines.filter(({ level }) => level !== "info");
  const times = warnings.map(({ time }) => Date.parse(String(time)));
  assert.ok(warnings.length > 0, "it has said nothing");
  assert.ok(
    warnings.length <= 2 + (times.at(-1)! - times[0]!) / 10_000,
    Deno.inspect(warnings),
  );
}
