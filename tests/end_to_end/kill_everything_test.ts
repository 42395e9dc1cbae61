/**
 * SIGKILL of every process at random, gateway, publisher and supervisor too: whatever dies is started
 * again as it was, nobody mends anything, and in the end all that devices published is in the log once,
 * as it was, and households have been told what the log has. CI kills for some time;
 * `WATTSTREAM_KILL_MINUTES=10` is the full size, `WATTSTREAM_KILL_SEED` repeats the choices.
 *
 *   devices ─▶ Mosquitto ─▶ gateway ─▶ Mosquitto ─▶ deno task dev: bridge, workers, console, simulator
 *                                          ▲                             log ─▶ publisher ─┐
 *                                          └───────────────────────────────────────────────┘
 *
 * The second Mosquitto is stopped by SIGTERM and started again. SIGKILL it does not stand: it loses what
 * it has acknowledged and not saved (`autosave_interval`), which no process of ours has any more.
 */
import assert from "node:assert/strict";
import { connectAsync, type MqttClient } from "mqtt";
import type { Disaggregated, Household, Model, Reading } from "../../shared/events.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import type { Log } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { answerTopic } from "../../shared/mqtt/topics.ts";
import { pause } from "../../shared/pause.ts";
import { type Mosquitto, startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import {
  DISAGGREGATED_TOPIC,
  HOUSEHOLD_TOPIC,
  MODELS_TOPIC,
  POWER_TOPIC,
} from "../../shared/topics.ts";
import { Devices, METERS } from "../integration/gateway_devices.ts";
import { assertAllRight, eventsOf, ofHousehold } from "../integration/gateway_judgement.ts";
import { DevProcess, inFolder } from "./dev_process.ts";

const MINUTES = Number(Deno.env.get("WATTSTREAM_KILL_MINUTES") ?? 0.75);
const SEED = Number(Deno.env.get("WATTSTREAM_KILL_SEED") ?? Date.now() % 1e9);
/** Longest pause between two kills. */
const PAUSE_MS_MAX = 6_000;
const ARRIVAL = { deadlineMs: PATIENCE_MS, intervalMs: 1000 };

const WORKERS = [
  ...["bridge", "predictions", "training", "disaggregation", "simulator", "console"] as const,
];
const TARGETS = ["gateway", "publisher", "broker", "supervisor", ...WORKERS] as const;
type Target = typeof TARGETS[number];

/** Gateway, publisher and supervisor, each as it runs now. */
class Everything {
  readonly kills = new Map<Target, number>(TARGETS.map((target) => [target, 0]));
  gateway: WorkerProcess;
  /** Once there is a log. */
  publisher: WorkerProcess | undefined;
  dev: DevProcess;
  readonly #startPublisher: () => WorkerProcess;
  readonly #uplink: Mosquitto;
  readonly #startGateway: () => WorkerProcess;
  readonly #startDev: () => DevProcess;

  constructor(folder: string, brokers: { readonly local: Mosquitto; readonly uplink: Mosquitto }) {
    const { local, uplink } = brokers;
    this.#uplink = uplink;
    this.#startGateway = () =>
      startWorker("gateway", [
        ...["--households", `${folder}/homes.yaml`, "--mqtt", local.url],
        ...["--uplink", uplink.url, "--state", `${folder}/gateway`],
      ]);
    this.#startPublisher = () =>
      startWorker("publisher", ["--log", `sqlite:${folder}/data/log.db`, "--mqtt", uplink.url]);
    // Not by way of `deno task`, which would be killed in its place.
    this.#startDev = () =>
      new DevProcess(
        ["--households", "8", "--data", `${folder}/data`, "--mqtt", uplink.url],
        { isDirect: true },
      );
    this.gateway = this.#startGateway();
    this.dev = this.#startDev();
  }

  async running(): Promise<void> {
    await Promise.all([this.gateway.ready(), this.dev.running()]);
    this.publisher ??= this.#startPublisher();
    await this.publisher.ready();
  }

  /** Kills it, whatever it is doing, and starts it again where nobody else does. */
  async kill(target: Target): Promise<void> {
    assert.ok(!this.dev.hasEnded, `it has ended by itself:\n${this.dev.output}`);
    if (target === "gateway") {
      await this.gateway.kill();
      this.gateway = this.#startGateway();
    } else if (target === "publisher") {
      await this.publisher!.kill();
      this.publisher = this.#startPublisher();
    } else if (target === "broker") {
      await this.#uplink.broker.stop();
      await this.#uplink.broker.start();
    } else if (target === "supervisor") {
      this.dev.kill();
      await this.dev.exit();
      this.dev = this.#startDev();
    } else if (/Ctrl-C ends it/.test(this.dev.output)) this.dev.killWorker(target);
    else return;
    this.kills.set(target, this.kills.get(target)! + 1);
  }

  async end(): Promise<void> {
    await this.gateway.end();
    await this.publisher?.end();
    await this.dev.end();
  }
}

/** What households are told, as whoever comes later finds it. */
class Answers {
  readonly #client: MqttClient;
  readonly #newest = new Map<string, string>();

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload) => {
      // What is empty was taken back.
      if (payload.length === 0) this.#newest.delete(topic);
      else this.#newest.set(topic, payload.toString());
    });
  }

  static async of(url: string): Promise<Answers> {
    const client = await connectAsync(url);
    const answers = new Answers(client);
    await client.subscribeAsync(answerTopic({ username: "+", client_id: "+" }, "disaggregated"), {
      qos: 1,
    });
    return answers;
  }

  /** Whether somebody has been told of a second, and not of names alone. */
  get hasSecond(): boolean {
    return [...this.#newest.values()].some((text) => JSON.parse(text).timestamp !== undefined);
  }

  /** Each household's newest second, and the energy of all of them, are those of the log. */
  async assertOf(log: Log): Promise<void> {
    // A supervisor that is started again draws other devices: as many are told as the household names,
    // and where it names none, as its newest model has.
    const deviceCounts = new Map<string, number>();
    for (const topic of [MODELS_TOPIC, HOUSEHOLD_TOPIC]) {
      for (const event of await eventsOf<Model | Household>(log, topic)) {
        deviceCounts.set(answerTopic(event, "disaggregated"), event.devices.length);
      }
    }
    const sums = new Map<string, { timestamp: number; energyWs: number[] }>();
    for (const second of await eventsOf<Disaggregated>(log, DISAGGREGATED_TOPIC)) {
      const topic = answerTopic(second, "disaggregated");
      const energyWs = sums.get(topic)?.energyWs ?? [];
      for (const [device, watts] of second.watts.entries()) {
        energyWs[device] = (energyWs[device] ?? 0) + (watts ?? 0);
      }
      sums.set(topic, { timestamp: second.timestamp, energyWs });
    }
    assert.ok(sums.size > 0, "no devices were found");
    for (const [topic, { timestamp, energyWs }] of sums) {
      const deviceCount = deviceCounts.get(topic);
      assert.ok(deviceCount !== undefined, `${topic}: nothing says how many devices it has`);
      const expected = Array.from(
        { length: deviceCount },
        (_, device) => (energyWs[device] ?? 0) / 3_600_000,
      );
      const told = JSON.parse(this.#newest.get(topic) ?? "{}");
      assert.equal(told.timestamp, timestamp, topic);
      assert.deepEqual(
        told.devices.map(({ energy }: { energy: number }) => energy),
        expected,
        topic,
      );
    }
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}

/** Every kind comes once before one comes again. */
async function killAtRandom(everything: Everything): Promise<void> {
  const random = seededRandom(SEED);
  const endMs = performance.now() + MINUTES * 60_000;
  let due: Target[] = [];
  while (performance.now() < endMs || [...everything.kills.values()].includes(0)) {
    await pause(random() * PAUSE_MS_MAX);
    if (due.length === 0) due = [...TARGETS];
    const [target] = due.splice(Math.floor(random() * due.length), 1);
    await everything.kill(target!);
  }
}

/** Until the last reading of each meter that has a clock is in the log. */
async function untilArrived(log: Log, devices: Devices): Promise<void> {
  await eventually(async () => {
    const readings = await eventsOf<Reading>(log, POWER_TOPIC);
    for (const [name, truths] of devices.truths) {
      if (!METERS[name]!.isTimed) continue;
      const found = ofHousehold(readings, name).map(({ consumption }) => consumption);
      assert.ok(found.includes(truths.at(-1)!.watts), name);
    }
  }, ARRIVAL);
}

Deno.test(`every process is killed at random, and the next start needs no repair, seed ${SEED}`, () =>
  inFolder(async (folder) => {
    const [local, uplink] = [await startMosquitto(), await startMosquitto()];
    await Deno.writeTextFile(`${folder}/homes.yaml`, Devices.households());
    const devices = await Devices.connect(local.url, true);
    const answers = await Answers.of(uplink.url);
    const everything = new Everything(folder, { local, uplink });
    try {
      await everything.running();
      // Killed as often as here, hardly anybody has labels for as long as a dataset takes.
      await eventually(() => assert.ok(answers.hasSecond), ARRIVAL);
      // What the clocks are off by is known then.
      await devices.play(2);
      let isOver = false;
      const playing = (async () => {
        while (!isOver) await devices.play(1);
      })();
      try {
        await killAtRandom(everything);
        await everything.running();
      } finally {
        isOver = true;
        await playing;
      }
      // deno-lint-ignore no-console -- what a run was like.
      console.log(Object.fromEntries(everything.kills));
      await devices.play(3);
      const log = await openLog(`sqlite:${folder}/data/log.db`);
      try {
        await untilArrived(log, devices);
        assert.equal(await everything.gateway.stop(), 0);
        everything.dev.interrupt();
        assert.equal(await everything.dev.exit(), 0, everything.dev.output);
        assert.match(everything.dev.output, /Correct: nothing is lost or doubled/);
        // Who has no clock is heard while the gateway runs, and that is killed again and again.
        await assertAllRight(log, devices, 1 / 10);
        await eventually(() => answers.assertOf(log), ARRIVAL);
        assert.equal(await everything.publisher!.stop(), 0);
      } finally {
        await log.close();
      }
    } finally {
      await everything.end();
      await answers.close();
      await devices.close();
      await local.stop();
      await uplink.stop();
    }
  }));
