/** The bridge as a process between real brokers and a real log. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { type DeadLetter, deadLetterSchema, type Reading } from "../../shared/events.ts";
import type { Log, LogRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../shared/mqtt/embedded_broker.ts";
import { eventually } from "../../shared/testing/eventually.ts";
import { startMosquitto } from "../../shared/testing/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/testing/worker_process.ts";
import { DEAD_LETTER_TOPIC, POWER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";

const DEADLINE = { deadlineMs: 60_000, intervalMs: 50 };
const CLIENT_ID = "wattstream-bridge";

interface Bench {
  readonly broker: EmbeddedBroker;
  readonly log: Log;
  readonly logPath: string;
  start(...args: string[]): WorkerProcess;
}

/** An embedded broker, a log with its topics, and bridges that are gone afterwards. */
async function withBench(run: (bench: Bench) => Promise<void>): Promise<void> {
  const broker = await startEmbeddedBroker();
  try {
    await withLog(({ log, logPath, start }) =>
      run({
        broker,
        log,
        logPath,
        start: (...args) => start("--mqtt", broker.url, "--mqtt-version", "3.1.1", ...args),
      })
    );
  } finally {
    await broker.close();
  }
}

async function withLog(run: (bench: Omit<Bench, "broker">) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const logPath = `${folder}/log.db`;
  const log = await openLog(`sqlite:${logPath}`);
  const bridges: WorkerProcess[] = [];
  const start = (...args: string[]) => {
    const bridge = startWorker("bridge", ["--log", `sqlite:${logPath}`, ...args]);
    bridges.push(bridge);
    return bridge;
  };
  try {
    await log.createTopics(wattstreamTopics());
    await run({ log, logPath, start });
  } finally {
    for (const bridge of bridges) await endOf(bridge);
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function endOf(bridge: WorkerProcess): Promise<void> {
  try {
    await bridge.kill();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended already
    await bridge.exit();
  }
}

async function recordsOf(log: Log, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of log.read({ topic })) records.push(record);
  return records;
}

function eventOf<T>(record: LogRecord): T {
  return JSON.parse(new TextDecoder().decode(record.value!));
}

function reading(household: number, second: number): string {
  return JSON.stringify({
    client_id: `flat-${household}`,
    username: "anna",
    timestamp: 1_790_000_000 + second,
    consumption: second,
  });
}

function topicOf(household: number): string {
  return `energy/anna/flat-${household}/power`;
}

/** Households that publish their readings one after the other, each on its own connection. */
class Publishers {
  readonly #clients: MqttClient[];
  #second = 0;
  #isStopping = false;
  #publishing: Promise<void> = Promise.resolve();

  static async connect(url: string, count: number, options: IClientOptions): Promise<Publishers> {
    const clients = Array.from({ length: count }, () => connectAsync(url, options));
    return new Publishers(await Promise.all(clients));
  }

  constructor(clients: MqttClient[]) {
    this.#clients = clients;
  }

  get second(): number {
    return this.#second;
  }

  start(): void {
    this.#publishing = (async () => {
      for (; !this.#isStopping; this.#second++) {
        const message = this.#second;
        await Promise.all(
          this.#clients.map((client, household) =>
            client.publishAsync(topicOf(household), reading(household, message), { qos: 1 })
          ),
        );
      }
    })();
  }

  /** Ends publishing; the number of readings that each household has published. */
  async stop(): Promise<number> {
    this.#isStopping = true;
    await this.#publishing;
    await Promise.all(this.#clients.map((client) => client.endAsync()));
    return this.#second;
  }
}

/** Every household's readings are in the log, in order when only the first of each is looked at. */
async function assertComplete(log: Log, households: number, published: number): Promise<void> {
  const seconds = new Map<string, Set<number>>();
  for (const record of await recordsOf(log, POWER_TOPIC)) {
    const { client_id, consumption } = eventOf<Reading>(record);
    assert.equal(new TextDecoder().decode(record.key!), client_id);
    const seen = seconds.get(client_id) ?? new Set();
    seconds.set(client_id, seen.add(consumption));
  }
  for (let household = 0; household < households; household++) {
    const seen = seconds.get(`flat-${household}`) ?? new Set();
    const expected = Array.from({ length: published }, (_, second) => second);
    assert.equal(seen.size, published, `flat-${household} is complete`);
    assert.deepEqual([...seen], expected, `flat-${household} is in order`);
  }
  assert.deepEqual(await recordsOf(log, DEAD_LETTER_TOPIC), []);
}

Deno.test("bridge loses and reorders nothing although it is killed again and again", () =>
  withBench(async ({ broker, log, start }) => {
    const households = 8;
    let bridge = start();
    await bridge.ready();
    const publishers = await Publishers.connect(broker.url, households, {});
    publishers.start();
    for (let kill = 0; kill < 3; kill++) {
      const { second } = publishers;
      await eventually(() => assert.ok(publishers.second >= second + 100), DEADLINE);
      await bridge.kill();
      await eventually(() => assert.ok(broker.pendingFor(CLIENT_ID) >= 500), DEADLINE);
      bridge = start();
      await bridge.ready();
    }
    const published = await publishers.stop();
    await eventually(() => assert.equal(broker.pendingFor(CLIENT_ID), 0), DEADLINE);
    await assertComplete(log, households, published);
    const appended = await bridge.metric('wattstream_bridge_appended_total{topic="power"}');
    assert.equal(await bridge.metric('wattstream_bridge_received_total{kind="power"}'), appended);
    assert.equal(await bridge.metric("wattstream_bridge_unacknowledged"), 0);
    assert.equal(await bridge.stop(), 0);
  }));

Deno.test("bridge gets its messages back from Mosquitto over MQTT 5 after a SIGKILL", () =>
  withLog(async ({ log, start }) => {
    const mosquitto = await startMosquitto({ extra: "max_inflight_messages 0" });
    try {
      const households = 8;
      let bridge = start("--mqtt", mosquitto.url);
      await bridge.ready();
      const publishers = await Publishers.connect(mosquitto.url, households, {
        protocolVersion: 5,
      });
      publishers.start();
      for (let kill = 0; kill < 2; kill++) {
        const { second } = publishers;
        await eventually(() => assert.ok(publishers.second >= second + 100), DEADLINE);
        await bridge.kill();
        bridge = start("--mqtt", mosquitto.url);
        await bridge.ready();
      }
      const published = await publishers.stop();
      await eventually(() => assertComplete(log, households, published), DEADLINE);
      assert.equal(await bridge.stop(), 0);
    } finally {
      await mosquitto.stop();
    }
  }));

Deno.test("bridge acknowledges a message only once the log has it", () =>
  withBench(async ({ broker, log, logPath, start }) => {
    const bridge = start();
    await bridge.ready();
    const publisher = await connectAsync(broker.url);
    const lock = new DatabaseSync(logPath);
    try {
      lock.exec("begin immediate");
      await publisher.publishAsync(topicOf(1), reading(1, 1), { qos: 1 });
      await eventually(async () => {
        assert.equal(await bridge.metric("wattstream_bridge_unacknowledged"), 1);
      }, DEADLINE);
      assert.equal(broker.pendingFor(CLIENT_ID), 1, "it is not acknowledged");
      lock.exec("rollback");
    } finally {
      lock.close();
    }
    await eventually(() => assert.equal(broker.pendingFor(CLIENT_ID), 0), DEADLINE);
    assert.equal((await recordsOf(log, POWER_TOPIC)).length, 1);
    await publisher.endAsync();
  }));

Deno.test("bridge drains at SIGTERM and leaves the rest to its successor", () =>
  withBench(async ({ broker, log, start }) => {
    const first = start();
    await first.ready();
    const publishers = await Publishers.connect(broker.url, 4, {});
    publishers.start();
    await eventually(() => assert.ok(publishers.second >= 100), DEADLINE);
    assert.equal(await first.stop(), 0);
    const second = start();
    await second.ready();
    const published = await publishers.stop();
    await eventually(() => assert.equal(broker.pendingFor(CLIENT_ID), 0), DEADLINE);
    await assertComplete(log, 4, published);
    const records = (await recordsOf(log, POWER_TOPIC)).length;
    assert.equal(
      records,
      4 * published,
      "a drained bridge causes no redelivery of what it took in",
    );
    assert.equal(await second.stop(), 0);
  }));

Deno.test("bridge turns what is no event into dead letters, and counts each message once", () =>
  withBench(async ({ broker, log, start }) => {
    const bridge = start();
    await bridge.ready();
    const publisher = await connectAsync(broker.url);
    const good = reading(1, 1);
    const messages: [payload: string | Uint8Array, topic: string, reason?: DeadLetter["reason"]][] =
      [
        ["{", topicOf(1), "invalid"],
        [Uint8Array.of(0xff, 0), topicOf(1), "invalid"],
        [good.replace(":1}", ':"1"}'), topicOf(1), "invalid"],
        [good.replace("1790000001", "1790000001000"), topicOf(1), "invalid"],
        [good, topicOf(2), "forged"],
        [good, topicOf(1)],
        ['{"client_id":"flat-1","username":"anna","consumption":7}', topicOf(1)],
      ];
    for (const [payload, topic] of messages) {
      await publisher.publishAsync(topic, payload as string, { qos: 1 });
    }
    await publisher.publishAsync(topicOf(1), good, { qos: 0 });
    await eventually(async () => {
      assert.equal(await bridge.metric('wattstream_bridge_received_total{kind="power"}'), 8);
    }, DEADLINE);
    assert.equal(await bridge.metric('wattstream_bridge_appended_total{topic="power"}'), 3);
    assert.equal(await bridge.metric('wattstream_bridge_dead_letters_total{reason="invalid"}'), 4);
    assert.equal(await bridge.metric('wattstream_bridge_dead_letters_total{reason="forged"}'), 1);
    assert.equal(await bridge.metric("wattstream_bridge_stamped_total"), 1);
    const letters = (await recordsOf(log, DEAD_LETTER_TOPIC)).map((record) =>
      deadLetterSchema.parse(eventOf(record))
    );
    assert.deepEqual(
      letters.map(({ reason }) => reason).sort(),
      ["forged", "invalid", "invalid", "invalid", "invalid"],
    );
    const stamped = (await recordsOf(log, POWER_TOPIC)).filter(({ headers }) =>
      headers["wattstream-stamped"] === "true"
    );
    assert.equal(stamped.length, 1);
    await publisher.endAsync();
    assert.equal(await bridge.stop(), 0);
  }));
