/** The drain of a bridge without a spool whose log is slow: it lasts as long as something moves, and no longer. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { connectAsync } from "mqtt";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import type { Log } from "../../shared/log/log.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { POWER_TOPIC } from "../../shared/topics.ts";
import { DEADLINE, reading, recordsOf, topicOf, withLog } from "./bridge_setup.ts";

/** Longer than a bridge may stand still, all of them together. */
const SECONDS = 40;

/** Takes one append, or a few, and then nothing for `restMs`, until all are there. */
async function takeSlowly(
  { log, lock, restMs, count }: {
    readonly log: Log;
    readonly lock: DatabaseSync;
    readonly restMs: number;
    readonly count: number;
  },
): Promise<void> {
  for (let there = 0; there < count;) {
    lock.exec("rollback");
    await eventually(async () => {
      const found = (await recordsOf(log, POWER_TOPIC)).length;
      assert.ok(found > there);
      there = found;
    }, { deadlineMs: PATIENCE_MS, intervalMs: 1 });
    await lockNow(lock);
    await delay(restMs);
  }
}

/** The bridge may be writing. */
async function lockNow(lock: DatabaseSync): Promise<void> {
  await eventually(() => lock.exec("begin immediate"), { deadlineMs: PATIENCE_MS, intervalMs: 1 });
}

Deno.test("a bridge drains a log that takes a little now and then for longer than --drain-timeout", () =>
  withLog(async ({ log, logPath, start }) => {
    const mosquitto = await startMosquitto();
    const lock = new DatabaseSync(logPath);
    try {
      const bridge = start("--mqtt", mosquitto.url, "--spool", "none", "--drain-timeout", "2s");
      await bridge.ready();
      await lockNow(lock);
      const publisher = await connectAsync(mosquitto.url);
      // Of one household: each append takes two seconds of it.
      for (let second = 0; second < SECONDS; second++) {
        await publisher.publishAsync(topicOf(0), reading(0, second), { qos: 0 });
      }
      await publisher.endAsync();
      await eventually(async () => {
        assert.equal(await bridge.metric("wattstream_bridge_buffered"), SECONDS);
      }, DEADLINE);
      const ended = bridge.stop();
      await takeSlowly({ log, lock, restMs: 500, count: SECONDS });
      lock.exec("rollback");
      assert.equal(await ended, 0);
      const records = await recordsOf(log, POWER_TOPIC);
      assert.equal(records.length, SECONDS);
      const tookMs = records.at(-1)!.appendMs - records[0]!.appendMs;
      assert.ok(tookMs > 2_000, `the drain took longer than its timeout: ${tookMs} ms`);
    } finally {
      lock.close();
      await mosquitto.stop();
    }
  }));

Deno.test("a bridge gives up a drain in which nothing moves, and says what is lost", () =>
  withLog(async ({ logPath, start }) => {
    const mosquitto = await startMosquitto();
    const lock = new DatabaseSync(logPath);
    try {
      const bridge = start("--mqtt", mosquitto.url, "--spool", "none", "--drain-timeout", "500ms");
      await bridge.ready();
      await lockNow(lock);
      const publisher = await connectAsync(mosquitto.url);
      await publisher.publishAsync(topicOf(0), reading(0, 1), { qos: 0 });
      await publisher.endAsync();
      await eventually(async () => {
        assert.equal(await bridge.metric("wattstream_bridge_buffered"), 1);
      }, DEADLINE);
      assert.equal(await bridge.stop(), 1);
      const errors = bridge.lines.filter(({ level }) => level === "error");
      assert.match(errors.map(({ message }) => message).join(), /lost messages of QoS 0/);
      assert.match(String(errors.at(-1)?.error), /log .* locked|has not come to its end/);
    } finally {
      lock.close();
      await mosquitto.stop();
    }
  }));

Deno.test("a bridge that leaves while its log is slow takes in all that the broker still has", () =>
  withLog(async ({ log, logPath, start }) => {
    const mosquitto = await startMosquitto();
    const lock = new DatabaseSync(logPath);
    try {
      // One message at a time: the next comes when the log has the one before.
      const bridge = start(
        ...["--mqtt", mosquitto.url, "--at-stop", "leave", "--receive-maximum", "1"],
        ...["--spool", "none"],
      );
      await bridge.ready();
      await lockNow(lock);
      const publisher = await connectAsync(mosquitto.url);
      for (let second = 0; second < 4; second++) {
        await publisher.publishAsync(topicOf(0), reading(0, second), { qos: 1 });
      }
      await publisher.endAsync();
      await eventually(async () => {
        assert.equal(await bridge.metric("wattstream_bridge_unacknowledged"), 1);
      }, DEADLINE);
      const ended = bridge.stop();
      // Longer than the broker has to be silent to be believed to have nothing more.
      await delay(1_500);
      await takeSlowly({ log, lock, restMs: 1_500, count: 4 });
      lock.exec("rollback");
      assert.equal(await ended, 0);
      assert.equal((await recordsOf(log, POWER_TOPIC)).length, 4);
    } finally {
      lock.close();
      await mosquitto.stop();
    }
  }));
