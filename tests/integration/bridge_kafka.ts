/** What tests of the bridge between a real Mosquitto and a real Kafka have in common. */
import assert from "node:assert/strict";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { type Reading, readingSchema } from "../../shared/events.ts";
import type { Log } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { type Kafka, startKafka } from "../../shared/services/kafka.ts";
import { type Mosquitto, startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { POWER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";
import { stateArgs } from "./bridge_setup.ts";

/** Long enough for a busy machine and for the full sizes. */
export const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 200 };

export interface KafkaWorld {
  readonly kafka: Kafka;
  readonly mosquitto: Mosquitto;
  readonly log: Log;
  /** Starts a bridge between the two; it is gone afterwards. */
  bridge(...args: string[]): WorkerProcess;
}

export async function withKafka(run: (world: KafkaWorld) => Promise<void>): Promise<void> {
  const kafka = await startKafka();
  const mosquitto = await startMosquitto({ extra: "max_inflight_messages 0" });
  const log = await openLog(kafka.url);
  const workers: WorkerProcess[] = [];
  const folder = await Deno.makeTempDir();
  const bridge = (...args: string[]) => {
    const worker = startWorker("bridge", [
      ...["--log", kafka.url, "--mqtt", mosquitto.url, ...stateArgs(folder, args), ...args],
    ]);
    workers.push(worker);
    return worker;
  };
  try {
    await log.createTopics(wattstreamTopics());
    await run({ kafka, mosquitto, log, bridge });
  } finally {
    for (const worker of workers) await worker.end();
    await log.close();
    await mosquitto.stop();
    await kafka.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

export interface FleetOptions {
  /** Tells the fleet's households from others in the same log. */
  readonly name: string;
  readonly households: number;
  readonly readingsEach: number;
  readonly qos: 0 | 1;
}

/** Households that publish a reading a second of event time, each on its own connection. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #clients: MqttClient[];
  /** Event time of each household's first reading: the last one is not ahead of now. */
  readonly #startS: number;
  #published = 0;

  static async connect(url: string, options: FleetOptions): Promise<Fleet> {
    const mqtt: IClientOptions = { protocolVersion: 5, reconnectPeriod: 200, keepalive: 60 };
    const clients: MqttClient[] = [];
    for (let household = 0; household < options.households; household++) {
      clients.push(await connectAsync(url, mqtt));
    }
    return new Fleet(options, clients);
  }

  constructor(options: FleetOptions, clients: MqttClient[]) {
    this.#options = options;
    this.#clients = clients;
    this.#startS = Math.floor(Date.now() / 1000) - options.readingsEach - 60;
  }

  get count(): number {
    return this.#options.households * this.#options.readingsEach;
  }

  get published(): number {
    return this.#published;
  }

  /** Publishes everything; a reading goes out once the one before is acknowledged. */
  async publish(): Promise<void> {
    await Promise.all(
      this.#clients.map((client, household) => this.#publishAll(client, household)),
    );
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.endAsync(true)));
  }

  /**
   * All that was published is in the log, each household's in order but for repetitions.
   * @returns how many records are repetitions.
   */
  async assertComplete(log: Log): Promise<number> {
    const { households, readingsEach, name } = this.#options;
    const seen = new Map<string, number[]>();
    let repetitions = 0;
    for await (const { value } of log.read({ topic: POWER_TOPIC })) {
      const { client_id, timestamp } = readingSchema.parse(
        JSON.parse(new TextDecoder().decode(value!)),
      );
      if (!client_id.startsWith(`${name}-`)) continue;
      const seconds = seen.get(client_id) ?? [];
      seen.set(client_id, seconds);
      const second = timestamp - this.#startS;
      if (seconds.length > 0 && second <= seconds.at(-1)!) repetitions++;
      else seconds.push(second);
    }
    const expected = Array.from({ length: readingsEach }, (_, index) => index);
    for (let household = 0; household < households; household++) {
      const seconds = seen.get(`${name}-${household}`) ?? [];
      assert.deepEqual(seconds, expected, `${name}-${household}: ${seconds.length} in order`);
    }
    return repetitions;
  }

  async #publishAll(client: MqttClient, household: number): Promise<void> {
    const { readingsEach, qos, name } = this.#options;
    const client_id = `${name}-${household}`;
    for (let index = 0; index < readingsEach; index++) {
      const reading: Reading = {
        client_id,
        username: "anna",
        timestamp: this.#startS + index,
        consumption: index,
      };
      const topic = `energy/anna/${client_id}/power`;
      await client.publishAsync(topic, JSON.stringify(reading), { qos });
      this.#published++;
    }
  }
}

/** The sum of a metric over all its labels. */
export async function totalOf(worker: WorkerProcess, name: string): Promise<number> {
  const { text } = await worker.get("/metrics");
  return text.split("\n").filter((line) =>
    line.startsWith(`${name}{`) || line.startsWith(`${name} `)
  )
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** Waits until a metric has this value. */
export async function untilMetric(
  worker: WorkerProcess,
  name: string,
  expected: number,
): Promise<void> {
  await eventually(async () => assert.equal(await worker.metric(name), expected), DEADLINE);
}

/** Waits until `/readyz` refuses with a text that matches. */
export async function unreadyWith(worker: WorkerProcess, text: RegExp): Promise<void> {
  await eventually(async () => {
    const answer = await worker.get("/readyz");
    assert.equal(answer.status, 503);
    assert.match(answer.text, text);
  }, DEADLINE);
}
