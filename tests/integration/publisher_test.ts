/**
 * The publisher as a process, killed again and again, between a real log and a real Mosquitto with
 * the access list of `deploy/mosquitto`: counters are the log's sum, never fall, and each user reads
 * their own.
 */
import assert from "node:assert/strict";
import { connectAsync, type MqttClient } from "mqtt";
import { eventually } from "../../shared/eventually.ts";
import type { Disaggregated } from "../../shared/events.ts";
import type { Appender, Log, NewRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { pause } from "../../shared/pause.ts";
import { startKafka } from "../../shared/services/kafka.ts";
import { type Mosquitto, startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import { wattstreamTopics } from "../../shared/topics.ts";

const DEADLINE = { deadlineMs: 60_000, intervalMs: 50 };
const PASSWORDS = { publisher: "publisher-secret", anna: "anna-secret", berta: "berta-secret" };
const ACCESS_LIST = new URL("../../deploy/mosquitto/acl", import.meta.url);
const KILLS = 5;
const DEVICES = ["kettle", "iron"];
const WATT_SECONDS_PER_KWH = 3_600_000;
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
  const seconds = new Seconds(log, random);
  let worker: WorkerProcess | undefined;
  try {
    await log.createTopics(wattstreamTopics(2));
    for (const { username } of HOUSEHOLDS) readers.push(await Reader.open(mosquitto, username));
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
        assert.deepEqual(energy, seconds.energyOf(reader.username));
        assert.deepEqual(devices.map((device: { name: string }) => device.name), DEVICES);
      }, DEADLINE);
      assert.deepEqual(reader.problems, []);
    }
    // Who comes later is told the same at once.
    const late = await Reader.open(mosquitto, "anna");
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

/** What the log is told, second by second, and the sum of it. */
class Seconds {
  readonly #appender: Appender;
  readonly #random: () => number;
  readonly #startS = Math.floor(Date.now() / 1000) - 100_000;
  readonly #wattSeconds = new Map<string, number[]>();
  #count = 0;

  constructor(log: Log, random: () => number) {
    this.#appender = log.appender();
    this.#random = random;
  }

  get lastTimestamp(): number {
    return this.#startS + this.#count - 1;
  }

  energyOf(username: string): number[] {
    return this.#wattSeconds.get(username)!.map((each) => each / WATT_SECONDS_PER_KWH);
  }

  /** The names of all devices. */
  async introduce(): Promise<void> {
    await this.#appender.append(HOUSEHOLDS.map((household) => ({
      topic: "household",
      key: `${household.username}/${household.client_id}`,
      partitionKey: household.client_id,
      value: JSON.stringify({ ...household, devices: DEVICES.map((name) => ({ name })) }),
    })));
  }

  /** Some seconds of all households. */
  async append(count: number): Promise<void> {
    for (let second = 0; second < count; second++) {
      this.#count++;
      await this.#appender.append(HOUSEHOLDS.map((household) => this.#second(household)));
    }
  }

  /** Appends until `isOver` resolves. */
  async appendUntil(isOver: () => Promise<void>): Promise<void> {
    await this.append(1);
    let going = true;
    const over = isOver().finally(() => going = false);
    while (going) {
      await this.append(1);
      await pause(20);
    }
    await over;
  }

  #second({ username, client_id }: Household): NewRecord {
    const watts = [Math.round(this.#random() * 20_000) / 10, this.#random() < 0.2 ? null : 61.3];
    const sums = this.#wattSeconds.get(username) ?? [0, 0];
    this.#wattSeconds.set(username, sums.map((sum, device) => sum + (watts[device] ?? 0)));
    const second: Disaggregated = {
      ...{ client_id, username, timestamp: this.lastTimestamp, consumption: 2_000, watts },
      on: watts.map((each) => each === null ? null : 0.9),
      ...{ unexplained: 12, model_version: 1 },
    };
    return { topic: "disaggregated", key: client_id, value: JSON.stringify(second) };
  }

  async close(): Promise<void> {
    await this.#appender.close();
  }
}

/** A user who subscribes to everything, and notes what is not theirs or falls. */
class Reader {
  readonly username: string;
  newest: string | undefined;
  readonly problems: string[] = [];
  readonly #client: MqttClient;
  #energy: readonly number[] = [0, 0];

  private constructor(username: string, client: MqttClient) {
    this.username = username;
    this.#client = client;
    client.on("message", (topic, payload) => this.#take(topic, payload.toString()));
  }

  static async open(mosquitto: Mosquitto, username: "anna" | "berta"): Promise<Reader> {
    const client = await connectAsync(mosquitto.url, { username, password: PASSWORDS[username] });
    const reader = new Reader(username, client);
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
    if (!topic.startsWith(`energy/${this.username}/`)) this.problems.push(`not theirs: ${topic}`);
    if (payload === "" || !topic.endsWith("/disaggregated")) return;
    this.newest = payload;
    const energy = JSON.parse(payload).devices.map((device: { energy: number }) => device.energy);
    if (this.#energy.some((before, device) => energy[device] < before)) {
      this.problems.push(`fell from ${this.#energy} to ${energy}`);
    }
    this.#energy = energy;
  }
}
