/** The bridge's spool as it comes: where it is, and what it takes over from the broker. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { connectAsync } from "mqtt";
import { eventually } from "../../shared/eventually.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import type { WorkerProcess } from "../../shared/services/worker_process.ts";
import { POWER_TOPIC } from "../../shared/topics.ts";
import {
  CLIENT_ID,
  DEADLINE,
  eventOf,
  reading,
  recordsOf,
  topicOf,
  withLog,
  withSetup,
} from "./bridge_setup.ts";

/** Takes a log on SQLite away until the promise of `use` settles. */
async function whileAway(logPath: string, use: () => Promise<void>): Promise<void> {
  const lock = new DatabaseSync(logPath);
  try {
    lock.exec("begin immediate");
    await use();
    lock.exec("rollback");
  } finally {
    lock.close();
  }
}

/** Publishes these seconds of a household at QoS 1. */
async function publish(url: string, from: number, to: number): Promise<void> {
  const publisher = await connectAsync(url);
  for (let second = from; second < to; second++) {
    await publisher.publishAsync(topicOf(1), reading(1, second), { qos: 1 });
  }
  await publisher.endAsync();
}

async function untilSpooled(bridge: WorkerProcess, count: number): Promise<void> {
  await eventually(async () => {
    assert.equal(await bridge.metric("wattstream_bridge_spool_messages"), count);
    assert.equal(await bridge.metric("wattstream_bridge_unacknowledged"), 0);
  }, DEADLINE);
}

Deno.test("bridge acknowledges QoS 1 once its spool has it, and its successor goes on there", () =>
  withSetup(async ({ broker, log, logPath, start }) => {
    const first = start();
    await first.ready();
    await whileAway(logPath, async () => {
      await publish(broker.url, 0, 500);
      await untilSpooled(first, 500);
      assert.equal(broker.pendingFor(CLIENT_ID), 0, "the broker keeps nothing for us");
      await first.kill();
    });
    const second = start();
    await second.ready();
    await publish(broker.url, 500, 510);
    await untilSpooled(second, 0);
    await eventually(async () => {
      const seconds = (await recordsOf(log, POWER_TOPIC))
        .map((record) => eventOf<{ consumption: number }>(record).consumption);
      assert.deepEqual(seconds, Array.from({ length: 510 }, (_, second) => second));
    }, DEADLINE);
    assert.equal(await second.metric("wattstream_bridge_redelivered_total"), 0);
    assert.equal(await second.stop(), 0);
  }));

Deno.test("bridge that stops while the log is away leaves its spool, and exits with 0", () =>
  withSetup(async ({ broker, log, logPath, start }) => {
    const first = start();
    await first.ready();
    await whileAway(logPath, async () => {
      await publish(broker.url, 0, 100);
      await untilSpooled(first, 100);
      assert.equal(await first.stop(), 0);
    });
    const left = first.lines.find(({ message }) => /in the spool: the log is away/.test(message));
    assert.deepEqual([left?.broker, left?.spool], [0, 100]);
    const second = start();
    await eventually(async () => {
      assert.equal((await recordsOf(log, POWER_TOPIC)).length, 100);
    }, DEADLINE);
    assert.equal(await second.stop(), 0);
  }));

Deno.test("bridge that leaves for good empties its spool first", () =>
  withLog(async ({ log, logPath, start }) => {
    const mosquitto = await startMosquitto();
    try {
      const bridge = start("--mqtt", mosquitto.url, "--at-stop", "leave");
      await bridge.ready();
      await whileAway(logPath, async () => {
        await publish(mosquitto.url, 0, 3000);
        await untilSpooled(bridge, 3000);
      });
      assert.equal(await bridge.stop(), 0);
      assert.equal((await recordsOf(log, POWER_TOPIC)).length, 3000);
    } finally {
      await mosquitto.stop();
    }
  }));
