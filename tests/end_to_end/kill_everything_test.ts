/**
 * SIGKILL of every process at random, gateway and supervisor too: whatever dies is started again as it
 * was, nobody mends anything, and in the end all that devices published is in the log once, as it was.
 * CI kills for some time; `WATTSTREAM_KILL_MINUTES=10` is the full size, `WATTSTREAM_KILL_SEED` repeats
 * the choices.
 *
 *   devices ─▶ Mosquitto ─▶ gateway ─▶ Mosquitto ─▶ deno task dev: bridge, workers, console, simulator
 */
import assert from "node:assert/strict";
import type { Reading } from "../../shared/events.ts";
import { eventually } from "../../shared/eventually.ts";
import type { Log } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { pause } from "../../shared/pause.ts";
import { type Mosquitto, startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import { POWER_TOPIC } from "../../shared/topics.ts";
import { Devices, METERS } from "../integration/gateway_devices.ts";
import { assertAllRight, eventsOf, ofHousehold } from "../integration/gateway_judgement.ts";
import { DevProcess, inFolder } from "./dev_process.ts";

const MINUTES = Number(Deno.env.get("WATTSTREAM_KILL_MINUTES") ?? 0.75);
const SEED = Number(Deno.env.get("WATTSTREAM_KILL_SEED") ?? Date.now() % 1e9);
/** Longest pause between two kills. */
const PAUSE_MS_MAX = 6_000;
const ARRIVAL = { deadlineMs: 180_000, intervalMs: 1000 };

const WORKERS = [
  ...["bridge", "predictions", "training", "disaggregation", "simulator", "console"] as const,
];
const TARGETS = ["gateway", "supervisor", ...WORKERS] as const;
type Target = typeof TARGETS[number];

/** Gateway and supervisor, each as it runs now. */
class Everything {
  readonly kills = new Map<Target, number>(TARGETS.map((target) => [target, 0]));
  gateway: WorkerProcess;
  dev: DevProcess;
  readonly #startGateway: () => WorkerProcess;
  readonly #startDev: () => DevProcess;

  constructor(folder: string, brokers: { readonly local: Mosquitto; readonly uplink: Mosquitto }) {
    const { local, uplink } = brokers;
    this.#startGateway = () =>
      startWorker("gateway", [
        ...["--households", `${folder}/homes.yaml`, "--mqtt", local.url],
        ...["--uplink", uplink.url, "--state", `${folder}/gateway`],
      ]);
    // Not by way of `deno task`, which would be killed in its place.
    this.#startDev = () =>
      new DevProcess(
        ["--households", "3", "--data", `${folder}/data`, "--mqtt", uplink.url],
        { isDirect: true },
      );
    this.gateway = this.#startGateway();
    this.dev = this.#startDev();
  }

  /** Kills it, whatever it is doing, and starts it again where nobody else does. */
  async kill(target: Target): Promise<void> {
    assert.ok(!this.dev.hasEnded, `it has ended by itself:\n${this.dev.output}`);
    if (target === "gateway") {
      await this.gateway.kill();
      this.gateway = this.#startGateway();
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
    await this.dev.end();
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
    const everything = new Everything(folder, { local, uplink });
    try {
      await Promise.all([everything.gateway.ready(), everything.dev.running()]);
      // What the clocks are off by is known then.
      await devices.play(2);
      let isOver = false;
      const playing = (async () => {
        while (!isOver) await devices.play(1);
      })();
      try {
        await killAtRandom(everything);
        await Promise.all([everything.gateway.ready(), everything.dev.running()]);
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
      } finally {
        await log.close();
      }
    } finally {
      await everything.end();
      await devices.close();
      await local.stop();
      await uplink.stop();
    }
  }));
