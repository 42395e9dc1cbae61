/** A pipeline on real Kafka and Mosquitto, watched by a real Prometheus whose rules are quickened. */
import { connectAsync, type MqttClient } from "mqtt";
import type { Log } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { pause } from "../../shared/pause.ts";
import { type Kafka, startKafka } from "../../shared/services/kafka.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { Prometheus, startPrometheus } from "../../shared/services/prometheus.ts";
import { loadRules, quickened } from "../../shared/services/prometheus_rules.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { wattstreamTopics } from "../../shared/topics.ts";

/** Minutes of the rules are three seconds, and Prometheus looks every other second. */
const QUICKER = 20;
const INTERVAL_S = 2;
const PARTITIONS = 3;
/** So little that the messages of half a minute fill more than half of it. */
const SPOOL_BYTES = 60_000;
export const WORKERS = [
  "gateway",
  "bridge",
  "predictions",
  "training",
  "disaggregation",
  "publisher",
  "simulator",
] as const;
/** A meter that the gateway listens to, at the same broker. */
const METER_TOPIC = "meter/power";
const GATEWAY_HOUSEHOLDS = `households:
  - user: berta
    client_id: house
    power: { topic: ${METER_TOPIC}, watts: $, unit: W }
`;
/** Of each worker, where a test fails. */
const LINES_SHOWN = 20;
/** The log's machine stands still for so long each time, and takes something in between. */
const SLOW_PULSE_MS = { still: 4000, moving: 200 };

export type WorkerName = typeof WORKERS[number];

export interface Pipeline {
  readonly kafka: Kafka;
  readonly log: Log;
  readonly prometheus: Prometheus;
  readonly meters: Meters;
  /** Starts a worker, at the address that Prometheus knows. */
  start(name: WorkerName): WorkerProcess;
}

/**
 * Runs `body` with all of it, but without a worker, and has nothing run after it.
 * @throws what `body` throws, with what the workers said last.
 */
export async function withPipeline(body: (pipeline: Pipeline) => Promise<void>): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "wattstream-watched-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const kafka = await startKafka();
  stack.defer(() => kafka.stop());
  const mosquitto = await startMosquitto();
  stack.defer(() => mosquitto.stop());
  const log = await openLog(kafka.url);
  stack.defer(() => log.close());
  await log.createTopics(wattstreamTopics(PARTITIONS));
  const ports = freePorts(WORKERS.length);
  const addressOf = (name: WorkerName) => `127.0.0.1:${ports[WORKERS.indexOf(name)]}`;
  await Deno.mkdir(`${folder}/prometheus`);
  const prometheus = await startPrometheus({
    targets: WORKERS.map((worker) => ({ worker, address: addressOf(worker) })),
    rules: quickened(await loadRules(), QUICKER),
    intervalS: INTERVAL_S,
    folder: `${folder}/prometheus`,
  });
  stack.defer(() => prometheus.kill());
  await Deno.writeTextFile(`${folder}/homes.yaml`, GATEWAY_HOUSEHOLDS);
  const args: Readonly<Record<WorkerName, readonly string[]>> = {
    gateway: [
      ...["--households", `${folder}/homes.yaml`, "--state", `${folder}/gateway`],
      ...["--mqtt", mosquitto.url, "--uplink", mosquitto.url],
    ],
    bridge: [
      ...["--log", kafka.url, "--mqtt", mosquitto.url, "--state", `${folder}/bridge`],
      ...["--spool-bytes", String(SPOOL_BYTES)],
    ],
    predictions: ["--log", kafka.url, "--kafka-instance", "predictions-0"],
    training: ["--log", kafka.url, "--kafka-instance", "training-0"],
    disaggregation: ["--log", kafka.url, "--kafka-instance", "disaggregation-0"],
    publisher: [
      ...["--log", kafka.url, "--kafka-instance", "publisher-0"],
      ...["--mqtt", mosquitto.url],
    ],
    simulator: ["--mqtt", mosquitto.url, "--users", "2"],
  };
  const started: WorkerProcess[] = [];
  const start = (name: WorkerName) => {
    const worker = startWorker(name, [...args[name], "--http", addressOf(name)]);
    stack.defer(() => worker.end());
    started.push(worker);
    return worker;
  };
  const client = await connectAsync(mosquitto.url, { protocolVersion: 5 });
  const meters = new Meters(client);
  stack.defer(() => meters.close());
  try {
    await body({ kafka, log, prometheus, meters, start });
  } catch (cause) {
    const said = started.flatMap(({ lines }) => lines.slice(-LINES_SHOWN));
    throw new Error(said.map((line) => JSON.stringify(line)).join("\n"), { cause });
  }
}

/** A broker whose machine has hardly any time for it, until it is let go. */
export class SlowBroker {
  readonly #server: Kafka["brokers"][number];
  readonly #over = new AbortController();
  readonly #running: Promise<void>;

  constructor(server: Kafka["brokers"][number]) {
    this.#server = server;
    this.#running = this.#run();
  }

  async letGo(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await this.#server.suspend();
      await pause(SLOW_PULSE_MS.still, signal);
      await this.#server.resume();
      await pause(SLOW_PULSE_MS.moving, signal);
    }
  }
}

/** What a meter sends that is not right. */
export type Fault = "garbage" | "future" | "late";

const HOUSEHOLDS = 6;
const AHEAD_S = 3600;

/** Meters that publish each second, and also what is not right, once told. */
export class Meters {
  readonly #client: MqttClient;
  readonly #timer: ReturnType<typeof setInterval>;
  #faults: readonly Fault[] = [];

  constructor(client: MqttClient) {
    this.#client = client;
    this.#timer = setInterval(() => this.#publish(), 1000);
  }

  /** From now on they send these too, each second. */
  send(...faults: readonly Fault[]): void {
    this.#faults = faults;
  }

  /** Safe twice. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#client.endAsync(true);
  }

  #publish(): void {
    const nowS = Math.floor(Date.now() / 1000);
    for (let household = 0; household < HOUSEHOLDS; household++) {
      this.#event(`home-${household}`, nowS);
    }
    this.#send(METER_TOPIC, "120");
    if (this.#faults.includes("late")) this.#event("home-1", nowS - AHEAD_S);
    if (this.#faults.includes("future")) this.#event("home-0", nowS + AHEAD_S);
    if (this.#faults.includes("garbage")) this.#send("energy/anna/home-0/power", "{");
  }

  #event(client_id: string, timestamp: number): void {
    const of = { client_id, username: "anna", timestamp };
    const topic = `energy/anna/${client_id}`;
    this.#send(`${topic}/power`, JSON.stringify({ ...of, consumption: 100 }));
    this.#send(`${topic}/device-state`, JSON.stringify({ ...of, state_bitmap: [true, false] }));
  }

  /** Not waited for: while the bridge is full, the broker keeps it. */
  #send(topic: string, payload: string): void {
    this.#client.publish(topic, payload, { qos: 1 });
  }
}
