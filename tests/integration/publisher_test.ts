/**
 * The publisher as a process, killed again and again, between a real log and a real Mosquitto with
 * the access list of `deploy/mosquitto`: counters are the log's sum, never fall, and each user reads
 * their own.
 */
import assert from "node:assert/strict";
import { connectAsync, type MqttClient } from "mqtt";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { openLog } from "../../shared/log/open.ts";
import { pause } from "../../shared/pause.ts";
import { startKafka } from "../../shared/services/kafka.ts";
import { type Mosquitto, startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import { AnsweredSeconds } from "./answered_seconds.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 50 };
const PASSWORDS = { publisher: "publisher-secret", anna: "anna-secret", berta: "berta-secret" };
const ACCESS_LIST = new URL("../../deploy/mosquitto/acl", import.meta.url);
const KILLS = 5;
const DEVICES = ["kettle", "iron"];
/** The same client id: nobody but the user tells them apart. */
const HOUSEHOLDS = [
  { username: "anna", client_id: "flat-1" },
  { username: "berta", client_id: "flat-1" },
] as const;
type Household = typeof HOUSEHOLDS[number];

Deno.test("SQLite: the publisher's counters are the log's sum, however often it is killed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await check(`sqlite:${folder}/log.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Kafka: the publisher's counters are the log's sum, however often it is killed", async () => {
  const kafka = await startKafka();
  try {
    await check(kafka.url);
  } finally {
    await kafka.stop();
  }
});

async function check(logUrl: string): Promise<void> {
  const seed = Math.floor(Math.random() * 2 ** 32);
  // deno-lint-ignore no-console -- replays the kills and the watts.
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  const log = await openLog(logUrl);
  const accessList = await Deno.readTextFile(ACCESS_LIST);
  const mosquitto = await startMosquitto({ passwords: PASSWORDS, accessList });
  const readers: Reader[] = [];
  const seconds = new AnsweredSeconds(log, { households: HOUSEHOLDS, devices: DEVICES, random });
  let worker: WorkerProcess | undefined;
  try {
    await log.createTopics(wattstreamTopics(2));
    for (const each of HOUSEHOLDS) readers.push(await Reader.open(mosquitto, each));
    await seconds.introduce();
    worker = startPublisher(logUrl, mosquitto);
    for (let kill = 0; kill < KILLS; kill++) {
      await seconds.appendUntil(async () => {
        await readers[0]!.until(seconds.lastTimestamp);
        await pause(random() * 300);
      });
      await worker.kill();
      await seconds.append(3);
      worker = startPublisher(logUrl, mosquitto);
    }
    await seconds.append(3);
    for (const reader of readers) {
      await eventually(() => {
        const { timestamp, devices } = JSON.parse(reader.newest!);
        assert.equal(timestamp, seconds.lastTimestamp);
        const energy = devices.map((device: { energy: number }) => device.energy);
        assert.deepEqual(energy, seconds.energyOf(reader.household));
        assert.deepEqual(devices.map((device: { name: string }) => device.name), DEVICES);
      }, DEADLINE);
      assert.deepEqual(reader.problems, []);
    }
    // Who comes later is told the same at once.
    const late = await Reader.open(mosquitto, HOUSEHOLDS[0]);
    readers.push(late);
    await eventually(() => assert.equal(late.newest, readers[0]!.newest), DEADLINE);
    assert.equal(await worker.stop(), 0);
  } finally {
    await worker?.end();
    for (const reader of readers) await reader.close();
    await seconds.close();
    await mosquitto.stop();
    await log.close();
  }
}

function startPublisher(logUrl: string, mosquitto: Mosquitto): WorkerProcess {
  const { publisher: password } = PASSWORDS;
  return startWorker("publisher", [
    ...["--log", logUrl, "--kafka-instance", "publisher-0", "--mqtt", mosquitto.url],
    ...["--mqtt-username", "publisher", "--mqtt-password", password],
  ]);
}

/** A user who subscribes to everything, and notes what is not theirs or falls. */
class Reader {
  readonly household: Household;
  newest: string | undefined;
  readonly problems: string[] = [];
  readonly #client: MqttClient;
  #energy: readonly number[] = [0, 0];

  private constructor(household: Household, client: MqttClient) {
    this.household = household;
    this.#client = client;
    client.on("message", (topic, payload) => this.#take(topic, payload.toString()));
  }

  static async open(mosquitto: Mosquitto, household: Household): Promise<Reader> {
    const { username } = household;
    const client = await connectAsync(mosquitto.url, { username, password: PASSWORDS[username] });
    const reader = new Reader(household, client);
    await client.subscribeAsync("energy/#", { qos: 1 });
    return reader;
  }

  /** Resolves once a second has come that is no older than this. */
  async until(timestamp: number): Promise<void> {
    await eventually(() => {
      assert.ok(this.newest !== undefined, "nothing has come");
      assert.ok(JSON.parse(this.newest).timestamp >= timestamp, this.newest);
    }, DEADLINE);
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }

  #take(topic: string, payload: string): void {
    if (!topic.startsWith(`energy/${this.household.username}/`)) {
      this.problems.push(`not theirs: ${topic}`);
    }
    if (payload === "" || !topic.endsWith("/disaggregated")) return;
    this.newest = payload;
    const energy = JSON.parse(payload).devices.map((device: { energy: number }) => device.energy);
    if (this.#energy.some((before, device) => energy[device] < before)) {
      this.problems.push(`fell from ${this.#energy} to ${energy}`);
    }
    this.#energy = energy;
  }
}
