/** A bridge whose broker was killed is back before the queue of a stock broker is full. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { connectAsync } from "mqtt";
import { eventually } from "../../shared/eventually.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { POWER_TOPIC } from "../../shared/topics.ts";
import {
  DEADLINE,
  eventOf,
  reading,
  recordsOf,
  topicOf,
  unreadyWith,
  withLog,
} from "./bridge_setup.ts";

/** So long that pauses which go on doubling are several seconds. */
const AWAY_MS = 20_000;
const READINGS = 3000;
/** 400 readings/s: the 1,000 that a stock Mosquitto keeps for a client come in 2.5 s. */
const BATCH = { readings: 20, intervalMs: 50 };

Deno.test("a bridge is back before a stock Mosquitto that was killed drops anything", () =>
  withLog(async ({ log, start }) => {
    // Sessions outlive a SIGKILL, so what is lost is what does not fit into the queue.
    const mosquitto = await startMosquitto({
      extra: "max_queued_messages 1000\nautosave_interval 1\nautosave_on_changes true",
    });
    try {
      const bridge = start("--mqtt", mosquitto.url);
      await bridge.ready();
      await mosquitto.broker.kill();
      await unreadyWith(bridge, /not connected to the broker/);
      await delay(AWAY_MS); // the time it is away is what is tested
      await mosquitto.broker.start();
      const device = await connectAsync(mosquitto.url, { protocolVersion: 5 });
      for (let second = 0; second < READINGS; second += BATCH.readings) {
        await Promise.all(Array.from({ length: BATCH.readings }, (_, index) => {
          return device.publishAsync(topicOf(1), reading(1, second + index), { qos: 1 });
        }));
        await delay(BATCH.intervalMs);
      }
      await eventually(async () => {
        const records = await recordsOf(log, POWER_TOPIC);
        assert.deepEqual(
          records.map((record) => eventOf<{ consumption: number }>(record).consumption),
          Array.from({ length: READINGS }, (_, second) => second),
        );
      }, DEADLINE);
      await device.endAsync();
      assert.equal(await bridge.stop(), 0);
    } finally {
      await mosquitto.stop();
    }
  }));
