/**
 * Two users whose meters have the same client id, from a broker that tells users apart to the outputs
 * of both stream workers, on SQLite and on Kafka: two households, which nothing of each other reaches.
 */
import assert from "node:assert/strict";
import { connectAsync, type MqttClient } from "mqtt";
import type { PredictionWindow, TrainingDataset } from "../../shared/events.ts";
import type { Log } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { checkLog } from "../../shared/oracle/check_log.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { startKafka } from "../../shared/services/kafka.ts";
import { startWorker } from "../../shared/services/worker_process.ts";
import { POWER_TOPIC, TICK_HEADER, wattstreamTopics } from "../../shared/topics.ts";
import { startSecureMosquitto } from "../integration/secure_mosquitto.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 200 };
const PASSWORDS = { bridge: "bridge-secret", alice: "alice-secret", mallory: "mallory-secret" };
const PARTITIONS = 2;
const CLIENT_ID = "home-1";
const START_S = 1_790_000_000;
const SECONDS = 40;

type User = "alice" | "mallory";

/** What tells the two apart: their power, and how many devices they have. */
const HOMES = {
  alice: { startS: START_S, baseW: 1_000, bitmap: [true, false, true] },
  // She begins in the middle of alice's seconds and runs ahead of her.
  mallory: { startS: START_S + SECONDS / 2, baseW: 9_000, bitmap: [false, true] },
} as const;

const secondsOf = (user: User) =>
  Array.from({ length: SECONDS }, (_, index) => HOMES[user].startS + index);
const powerW = (user: User, second: number) => HOMES[user].baseW + second - START_S;

/** Publishes a reading and a state of each of the user's seconds, below the user's own name. */
async function publishAll(client: MqttClient, user: User): Promise<void> {
  const publish = (kind: string, payload: object) =>
    client.publishAsync(`energy/${user}/${CLIENT_ID}/${kind}`, JSON.stringify(payload), { qos: 1 });
  for (const timestamp of secondsOf(user)) {
    const identity = { client_id: CLIENT_ID, username: user, timestamp };
    await publish("power", { ...identity, consumption: powerW(user, timestamp) });
    await publish("device-state", { ...identity, state_bitmap: HOMES[user].bitmap });
  }
}

async function outputsOf<T extends { username: string }>(log: Log, topic: string, user: User) {
  const outputs: T[] = [];
  for await (const { value } of log.read({ topic })) {
    const output: T = JSON.parse(new TextDecoder().decode(value!));
    if (output.username === user) outputs.push(output);
  }
  return outputs;
}

/** Publishes as both users, and waits until all that must come of it is in the log. */
async function tryOn(logUrl: string): Promise<void> {
  const log = await openLog(logUrl);
  const mosquitto = await startSecureMosquitto(PASSWORDS);
  const workers = [];
  const clients: MqttClient[] = [];
  try {
    await log.createTopics(wattstreamTopics(PARTITIONS));
    const passwordPath = `${mosquitto.folder}/bridge-password`;
    await Deno.writeTextFile(passwordPath, PASSWORDS.bridge);
    const broker = [
      ...["--mqtt", mosquitto.url, "--mqtt-ca", mosquitto.caPath, "--mqtt-username", "bridge"],
      ...["--mqtt-password-file", passwordPath],
    ];
    for (
      const [name, args] of [["bridge", broker], ["predictions", []], ["training", []]] as const
    ) {
      workers.push(startWorker(name, ["--log", logUrl, ...args]));
    }
    await Promise.all(workers.map((worker) => worker.ready()));
    const ca = await Deno.readTextFile(mosquitto.caPath);
    const connect = async (username: User) => {
      const password = PASSWORDS[username];
      const client = await connectAsync(mosquitto.url, { ca, username, password });
      clients.push(client);
      return client;
    };
    const [alice, mallory] = await Promise.all([connect("alice"), connect("mallory")]);
    await Promise.all([publishAll(mallory, "mallory"), publishAll(alice, "alice")]);
    await eventually(async () => {
      for (const topic of await log.describe(["power", "device-state"])) {
        const records = topic.partitions.reduce((sum, { endOffset }) => sum + endOffset, 0);
        assert.equal(records, 2 * SECONDS);
      }
    }, DEADLINE);
    const appender = log.appender();
    await appender.append(Array.from({ length: PARTITIONS }, (_, partition) => ({
      ...{ topic: POWER_TOPIC, partition, key: null, value: null },
      headers: { [TICK_HEADER]: "test" },
    })));
    await appender.close();
    await eventually(() => assertApart(log), DEADLINE);
    for (const worker of workers) assert.equal(await worker.stop(), 0);
  } finally {
    for (const client of clients) await client.endAsync(true);
    for (const worker of workers) await worker.end();
    await mosquitto.stop();
    await log.close();
  }
}

/** Each has all windows and one dataset of their own, with their own values; none is a duplicate. */
async function assertApart(log: Log): Promise<void> {
  for (const user of ["alice", "mallory"] as const) {
    const seconds = secondsOf(user);
    const windows = await outputsOf<PredictionWindow>(log, "predictions", user);
    assert.equal(windows.length, SECONDS + DEFAULT_SEMANTICS.windowS - 1, user);
    for (const { timestamps, consumption } of windows) {
      assert.deepEqual(consumption, timestamps.map((second) => powerW(user, second)));
    }
    assert.deepEqual(await outputsOf<TrainingDataset>(log, "dataset2train", user), [{
      ...{ client_id: CLIENT_ID, username: user },
      ...{ session_start: seconds[0], session_end: seconds.at(-1), timestamps: seconds },
      consumption: seconds.map((second) => powerW(user, second)),
      state_bitmaps: seconds.map(() => HOMES[user].bitmap),
    }]);
  }
  const { correctness, outcomes, log: counts } = await checkLog(log, DEFAULT_SEMANTICS);
  const { lost, duplicated, unexpected } = correctness;
  assert.deepEqual({ lost, duplicated, unexpected }, { lost: 0, duplicated: 0, unexpected: 0 });
  assert.deepEqual([outcomes.total.duplicate, outcomes.total.late, counts.dead_letter], [0, 0, 0]);
}

Deno.test("two users with one client id have windows and datasets of their own, on SQLite", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await tryOn(`sqlite:${folder}/log.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("two users with one client id have windows and datasets of their own, on Kafka", async () => {
  const kafka = await startKafka();
  try {
    await tryOn(kafka.url);
  } finally {
    await kafka.stop();
  }
});
