/**
 * Bridges between a real Mosquitto and a real Kafka while everything fails in turn. CI runs a small
 * size; `WATTSTREAM_BRIDGE_READINGS=200000 WATTSTREAM_BRIDGE_CONNECTIONS=500
 * WATTSTREAM_KAFKA_AWAY=30` is the full one.
 */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { checkLog } from "../../shared/oracle/check_log.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { eventually } from "../../shared/eventually.ts";
import { startWorker } from "../../shared/services/worker_process.ts";
import {
  DEAD_LETTER_TOPIC,
  DEFAULT_PARTITION_COUNT,
  POWER_TOPIC,
  PREDICTIONS_GROUP,
  TICK_HEADER,
} from "../../shared/topics.ts";
import {
  DEADLINE,
  Fleet,
  type KafkaWorld,
  totalOf,
  unreadyWith,
  untilMetric,
  withKafka,
} from "./bridge_kafka.ts";

const READINGS = Number(Deno.env.get("WATTSTREAM_BRIDGE_READINGS") ?? 3000);
const CONNECTIONS = Number(Deno.env.get("WATTSTREAM_BRIDGE_CONNECTIONS") ?? 20);
const KAFKA_AWAY_MS = Number(Deno.env.get("WATTSTREAM_KAFKA_AWAY") ?? 1) * 1000;
const READINGS_EACH = Math.ceil(READINGS / CONNECTIONS);

/** Prints the figures of a run in full size. */
function report(figures: Record<string, number>): void {
  // deno-lint-ignore no-console -- a test whose figures are asked for.
  if (Deno.env.has("WATTSTREAM_BRIDGE_READINGS")) console.log(JSON.stringify(figures));
}

Deno.test("two bridges lose and reorder nothing at QoS 1, whatever is killed, restarted or away", () =>
  withKafka(async (world) => {
    const { kafka, mosquitto, log } = world;
    const start = (index: number) =>
      world.bridge("--share", `${index}/2`, "--client-id", `bridge-${index}`);
    const bridges = [start(0), start(1)];
    await Promise.all(bridges.map((bridge) => bridge.ready()));
    const fleet = await Fleet.connect(mosquitto.url, {
      name: "meter",
      households: CONNECTIONS,
      readingsEach: READINGS_EACH,
      qos: 1,
    });
    const kill = async (index: number) => {
      await bridges[index]!.kill();
      bridges[index] = start(index);
    };
    const restartMosquitto = async () => {
      await mosquitto.broker.stop();
      await mosquitto.broker.start();
    };
    const stopKafka = async () => {
      await kafka.brokers[0]!.stop();
      await delay(KAFKA_AWAY_MS); // the time it is away is what is tested
      await unreadyWith(bridges[1]!, /log|Kafka|answer/i);
      await kafka.brokers[0]!.start();
    };
    const faults = [
      () => kill(0),
      restartMosquitto,
      stopKafka,
      () => kill(1),
      restartMosquitto,
      () => kill(0),
    ];
    const publishing = fleet.publish();
    for (const [index, fault] of faults.entries()) {
      const due = fleet.count * (index + 1) / (faults.length + 2);
      await eventually(() => assert.ok(fleet.published >= due), DEADLINE);
      await fault();
    }
    await publishing;
    await Promise.all(bridges.map((bridge) => bridge.ready()));
    const repetitions = await eventually(() => fleet.assertComplete(log), DEADLINE);
    for await (const record of log.read({ topic: DEAD_LETTER_TOPIC })) {
      assert.fail(`${record.value}`);
    }
    for (const bridge of bridges) assert.equal(await bridge.stop(), 0);
    await fleet.end();
    const { correctness, outcomes } = await predictAndCheck(world);
    assert.equal(correctness.windows_matching, correctness.windows_expected);
    assert.deepEqual([correctness.lost, correctness.duplicated], [0, 0]);
    assert.equal(outcomes.predictions.used, fleet.count);
    // One that comes again after its windows have closed is late instead.
    const { duplicate, late } = outcomes.predictions;
    assert.equal(duplicate + late, repetitions);
    report({ readings: fleet.count, repetitions, windows: correctness.windows_expected });
  }));

/** Runs the predictions worker over the log and asks the oracle. */
async function predictAndCheck({ kafka, log }: KafkaWorld) {
  const appender = log.appender();
  await appender.append(Array.from({ length: DEFAULT_PARTITION_COUNT }, (_, partition) => ({
    topic: POWER_TOPIC,
    partition,
    key: null,
    value: null,
    headers: { [TICK_HEADER]: "true" },
  })));
  await appender.close();
  const worker = startWorker("predictions", ["--log", kafka.url]);
  try {
    const [power] = await log.describe([POWER_TOPIC]);
    await eventually(async () => {
      const committed = (await log.groupOffsets(PREDICTIONS_GROUP)).get(POWER_TOPIC) ?? [];
      for (const { partition, endOffset } of power!.partitions) {
        assert.ok((committed[partition] ?? 0) >= endOffset);
      }
    }, DEADLINE);
    assert.equal(await worker.stop(), 0);
  } finally {
    await worker.end();
  }
  return await checkLog(log, DEFAULT_SEMANTICS);
}

Deno.test("a bridge loses no QoS 0 while Kafka is away, although it is killed meanwhile", () =>
  withKafka(async ({ kafka, log, mosquitto, bridge: start }) => {
    const folder = await Deno.makeTempDir();
    const options = { households: CONNECTIONS, readingsEach: Math.ceil(READINGS_EACH / 3), qos: 0 };
    const fleets = await Promise.all(
      ["before", "away", "killed"].map((name) =>
        Fleet.connect(mosquitto.url, { ...options, name, qos: 0 })
      ),
    );
    const [before, away, killed] = fleets as [Fleet, Fleet, Fleet];
    const spooled = "wattstream_bridge_spool_messages";
    try {
      let bridge = start("--spool", `${folder}/spool`);
      await bridge.ready();
      await before.publish();
      await untilMetric(bridge, 'wattstream_bridge_appended_total{topic="power"}', before.count);
      await kafka.brokers[0]!.stop();
      const published = away.publish();
      await unreadyWith(bridge, /log|Kafka|answer/i);
      await published;
      await untilMetric(bridge, spooled, away.count);
      await bridge.kill();
      bridge = start("--spool", `${folder}/spool`);
      await eventually(async () => {
        assert.equal(await bridge.metric("wattstream_bridge_connected"), 1);
      }, DEADLINE);
      await killed.publish();
      await untilMetric(bridge, spooled, away.count + killed.count);
      await delay(KAFKA_AWAY_MS);
      await unreadyWith(bridge, /log|Kafka|answer/i);
      await kafka.brokers[0]!.start();
      await bridge.ready();
      await untilMetric(bridge, spooled, 0);
      for (const fleet of fleets) await fleet.assertComplete(log);
      assert.equal(await totalOf(bridge, "wattstream_bridge_dropped_total"), 0);
      assert.equal(await bridge.stop(), 0);
      report({ readings: before.count + away.count + killed.count });
    } finally {
      for (const fleet of fleets) await fleet.end();
      await Deno.remove(folder, { recursive: true });
    }
  }));
