/**
 * The log is away for long, on brokers as they come, which keep 1,000 messages for a client and drop
 * what exceeds them without a word; and the bridge is killed meanwhile. CI runs a small size;
 * `WATTSTREAM_OUTAGE_HOUSEHOLDS=1000 WATTSTREAM_OUTAGE_S=120` is the full one.
 */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { openLog } from "../../shared/log/open.ts";
import { startHiveMq } from "../../shared/services/testing/hivemq.ts";
import { startKafka } from "../../shared/services/kafka.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import { totalOf } from "./bridge_kafka.ts";
import { PacedDevices } from "./paced_devices.ts";

const HOUSEHOLDS = Number(Deno.env.get("WATTSTREAM_OUTAGE_HOUSEHOLDS") ?? 300);
const AWAY_S = Number(Deno.env.get("WATTSTREAM_OUTAGE_S") ?? 16);
const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 100 };
/** Fewer than a broker keeps for a bridge that is dead: beyond, nobody can help. */
const PUBLISHED_WHILE_DEAD = 600;
/** More than a broker keeps. */
const PUBLISHED_MIN = 2000;
/** Messages that the broker may have for the bridge when that is killed. */
const LAG_MAX = 200;
const RECEIVED = "wattstream_bridge_received_total";
const SPOOLED = "wattstream_bridge_spool_messages";

interface Broker {
  readonly url: string;
  stop(): Promise<void>;
}

/** Debian's, with nothing but a listener that lets everyone in: the settings are its defaults. */
function startStockMosquitto(): Promise<Broker> {
  return startMosquitto({ extra: "persistence false\nmax_queued_messages 1000" });
}

async function outage(startBroker: () => Promise<Broker>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const [kafka, broker] = await Promise.all([startKafka(), startBroker()]);
  const log = await openLog(kafka.url);
  const bridges: WorkerProcess[] = [];
  const start = () => {
    const urls = ["--log", kafka.url, "--mqtt", broker.url];
    const bridge = startWorker("bridge", [...urls, "--state", `${folder}/state`]);
    bridges.push(bridge);
    return bridge;
  };
  try {
    await log.createTopics(wattstreamTopics());
    let bridge = start();
    await bridge.ready();
    const devices = await PacedDevices.connect(broker.url, HOUSEHOLDS);
    devices.start();
    await eventually(() => assert.ok(devices.acknowledged > HOUSEHOLDS), DEADLINE);
    await kafka.brokers[0]!.suspend();
    await delay(AWAY_S * 500); // how much is published meanwhile is what is tested
    await eventually(async () => assert.ok(await bridge.metric(SPOOLED) > 0), DEADLINE);
    devices.allow(PUBLISHED_WHILE_DEAD);
    // What the broker has for the bridge and has not sent yet counts too.
    await eventually(async () => {
      const { acknowledged } = devices;
      const taken = await totalOf(bridge, RECEIVED) + await bridge.metric(SPOOLED);
      assert.ok(acknowledged - taken < LAG_MAX);
    }, DEADLINE);
    const killedS = devices.elapsedS;
    await bridge.kill();
    bridge = start();
    await eventually(async () => {
      assert.equal(await bridge.metric("wattstream_bridge_connected"), 1);
    }, DEADLINE);
    const backS = devices.elapsedS;
    devices.allow(Infinity);
    await delay(AWAY_S * 500);
    // A busy machine takes longer for it.
    await eventually(() => assert.ok(devices.acknowledged > PUBLISHED_MIN), DEADLINE);
    const spooled = await bridge.metric(SPOOLED);
    const resumedMs = performance.now();
    await kafka.brokers[0]!.resume();
    // The devices go on.
    await eventually(async () => assert.equal(await bridge.metric(SPOOLED), 0), DEADLINE);
    const drainedMs = performance.now() - resumedMs;
    await devices.stop();
    const arrived = await eventually(async () => {
      const judged = await devices.judge(log);
      const { lost, lostBetweenS, disordered } = judged;
      const figures = { lost, lostBetweenS, disordered, killedS, backS };
      assert.deepEqual(figures, { ...figures, lost: 0, disordered: 0 });
      return judged;
    }, { ...DEADLINE, intervalMs: 1000 });
    assert.equal(await bridge.stop(), 0);
    report({ ...arrived, spooled, deadS: backS - killedS, drainedS: drainedMs / 1000 });
  } finally {
    for (const bridge of bridges) await bridge.end();
    await log.close();
    await broker.stop();
    await kafka.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Prints the figures of a run in full size. */
function report(figures: Record<string, unknown>): void {
  // deno-lint-ignore no-console -- a test whose figures are asked for.
  if (Deno.env.has("WATTSTREAM_OUTAGE_HOUSEHOLDS")) console.log(JSON.stringify(figures));
}

Deno.test("a bridge loses nothing of a stock Mosquitto while Kafka hangs, though it is killed", () =>
  outage(startStockMosquitto));

Deno.test("a bridge loses nothing of HiveMQ CE while Kafka hangs, though it is killed", () =>
  outage(startHiveMq));
