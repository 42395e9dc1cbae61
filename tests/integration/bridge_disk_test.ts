/** The spool's disk fails while the log is away: the bridge goes on, counts, and says so. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { connectAsync } from "mqtt";
import { eventually } from "../../shared/eventually.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import type { WorkerProcess } from "../../shared/services/worker_process.ts";
import { onSmallDisk } from "../small_disk.ts";
import { POWER_TOPIC } from "../../shared/topics.ts";
import { DEADLINE, reading, recordsOf, type Setup, topicOf, withLog } from "./bridge_setup.ts";
import { totalOf } from "./bridge_kafka.ts";

interface DiskSetup extends Omit<Setup, "broker"> {
  /** Publishes so many readings, by default at QoS 0, each household's seconds ascending. */
  publish(from: number, to: number, qos?: 0 | 1): Promise<void>;
  /** Takes the log away until the promise of `use` settles. */
  whileAway(use: () => Promise<void>): Promise<void>;
}

function withDiskSetup(run: (setup: DiskSetup) => Promise<void>): Promise<void> {
  return withLog(async (setup) => {
    const mosquitto = await startMosquitto();
    const publisher = await connectAsync(mosquitto.url);
    const whileAway = async (use: () => Promise<void>) => {
      const lock = new DatabaseSync(setup.logPath);
      try {
        lock.exec("begin immediate");
        await use();
        lock.exec("rollback");
      } finally {
        lock.close();
      }
    };
    const publish = async (from: number, to: number, qos: 0 | 1 = 0) => {
      for (let second = from; second < to; second++) {
        await publisher.publishAsync(topicOf(second % 7), reading(second % 7, second), { qos });
      }
    };
    try {
      const start = (...args: string[]) => setup.start("--mqtt", mosquitto.url, ...args);
      await run({ ...setup, start, publish, whileAway });
    } finally {
      await publisher.endAsync();
      await mosquitto.stop();
    }
  });
}

function dropped(bridge: WorkerProcess, reason: string): Promise<number> {
  return bridge.metric(`wattstream_bridge_dropped_total{reason="${reason}"}`);
}

/** Every message is in the log or counted as dropped, and each household's are in order. */
async function assertAccounted(
  { log }: DiskSetup,
  bridge: WorkerProcess,
  published: number,
): Promise<void> {
  const appended = 'wattstream_bridge_appended_total{topic="power"}';
  await eventually(async () => {
    const drops = await totalOf(bridge, "wattstream_bridge_dropped_total");
    assert.equal(await bridge.metric(appended) + drops, published);
    assert.equal(await totalOf(bridge, "wattstream_bridge_received_total"), published);
  }, DEADLINE);
  const latest = new Map<string, number>();
  const records = await recordsOf(log, POWER_TOPIC);
  for (const { key, value } of records) {
    const household = new TextDecoder().decode(key!);
    const { timestamp } = JSON.parse(new TextDecoder().decode(value!));
    assert.ok(timestamp > (latest.get(household) ?? 0), `${household} is in order`);
    latest.set(household, timestamp);
  }
  assert.equal(records.length, await bridge.metric(appended));
  await bridge.ready();
}

function complaintsOf({ lines }: WorkerProcess, message: RegExp): number {
  return lines.filter((line) => line.level === "error" && message.test(line.message)).length;
}

Deno.test("bridge goes on with a full spool: drops the newest, counts them, says so once", () =>
  withDiskSetup(async (setup) => {
    const { start, publish, whileAway } = setup;
    const spool = await Deno.makeTempDir();
    const bridge = start(
      ...["--spool", spool, "--spool-bytes", "50000"],
      ...["--buffer-messages", "100", "--receive-maximum", "100"],
    );
    await bridge.ready();
    await whileAway(async () => {
      await publish(0, 2000);
      await eventually(async () => {
        assert.ok(await dropped(bridge, "spool_full") > 1000);
        assert.equal((await bridge.get("/readyz")).status, 503);
      }, DEADLINE);
      assert.ok(await bridge.metric("wattstream_bridge_spool_bytes") <= 50_000);
    });
    await assertAccounted(setup, bridge, 2000);
    await publish(2000, 2100);
    await assertAccounted(setup, bridge, 2100);
    assert.equal(complaintsOf(bridge, /the spool is full; raise --spool-bytes/), 1);
    assert.equal(await bridge.stop(), 0);
    await Deno.remove(spool, { recursive: true });
  }));

Deno.test("bridge goes on with a full disk: drops, counts, says so, and uses it again", () =>
  onSmallDisk("size=256k", ({ path: spool }) =>
    withDiskSetup(async (setup) => {
      const { start, publish, whileAway } = setup;
      const bridge = start(
        ...["--spool", spool, "--buffer-messages", "500", "--receive-maximum", "100"],
      );
      await bridge.ready();
      await whileAway(async () => {
        await publish(0, 4000);
        await eventually(async () => {
          assert.ok(await dropped(bridge, "spool_failed") > 500);
        }, DEADLINE);
      });
      await assertAccounted(setup, bridge, 4000);
      assert.equal(complaintsOf(bridge, /the spool's disk fails/), 1);
      const drops = await totalOf(bridge, "wattstream_bridge_dropped_total");
      await whileAway(async () => {
        await publish(4000, 4500);
        await eventually(async () => {
          assert.equal(await bridge.metric("wattstream_bridge_spool_messages"), 500);
        }, DEADLINE);
      });
      await assertAccounted(setup, bridge, 4500);
      assert.equal(await totalOf(bridge, "wattstream_bridge_dropped_total"), drops);
      assert.equal(await bridge.stop(), 0);
    })));

Deno.test("bridge goes on with a read-only disk: keeps what the buffer holds, drops the rest", () =>
  onSmallDisk("size=256k,ro", ({ path: spool }) =>
    withDiskSetup(async (setup) => {
      const { start, publish, whileAway } = setup;
      const bridge = start(
        ...["--spool", spool, "--buffer-messages", "500", "--receive-maximum", "100"],
      );
      await bridge.ready();
      await whileAway(async () => {
        await publish(0, 2000);
        await eventually(async () => {
          const drops = await dropped(bridge, "spool_failed");
          assert.ok(drops >= 1000 && drops <= 1500, `${drops}`);
        }, DEADLINE);
      });
      await assertAccounted(setup, bridge, 2000);
      assert.equal(complaintsOf(bridge, /the spool cannot be opened/), 1);
      assert.equal(await bridge.stop(), 0);
    })));

Deno.test("bridge goes on when its disk becomes read-only, and uses it again once it is not", () =>
  onSmallDisk("size=4m", ({ path: spool, remount }) =>
    withDiskSetup(async (setup) => {
      const { start, publish, whileAway } = setup;
      const bridge = start(
        ...["--spool", spool, "--buffer-messages", "500", "--receive-maximum", "100"],
      );
      await bridge.ready();
      await remount("ro");
      await whileAway(async () => {
        await publish(0, 2000);
        await eventually(async () => {
          const drops = await dropped(bridge, "spool_failed");
          assert.ok(drops >= 1000 && drops <= 1500, `${drops}`);
        }, DEADLINE);
      });
      await assertAccounted(setup, bridge, 2000);
      assert.equal(complaintsOf(bridge, /the spool's disk takes nothing/), 1);
      await remount("rw");
      const spooled = () => bridge.metric("wattstream_bridge_spool_messages");
      const drops = () => totalOf(bridge, "wattstream_bridge_dropped_total");
      let published = 2000;
      await whileAway(async () => {
        // The disk is tried again a second after it failed.
        await eventually(async () => {
          await publish(published, published += 10);
          assert.ok(await spooled() > 0);
        }, DEADLINE);
        const [spooledBefore, dropsBefore] = [await spooled(), await drops()];
        await publish(published, published += 1000);
        await eventually(async () => {
          assert.ok(await spooled() >= spooledBefore + 1000);
        }, DEADLINE);
        assert.equal(await drops(), dropsBefore);
      });
      await assertAccounted(setup, bridge, published);
      assert.equal(await bridge.stop(), 0);
    })));

Deno.test("bridge holds QoS 1 back while its disk is full, loses none and goes on with room", () =>
  onSmallDisk("size=256k", ({ path: spool, remount }) =>
    withDiskSetup(async (setup) => {
      const { start, publish, whileAway } = setup;
      const bridge = start(
        ...["--spool", spool, "--buffer-messages", "500", "--receive-maximum", "100"],
      );
      await bridge.ready();
      await whileAway(async () => {
        await publish(0, 4000, 1);
        await eventually(async () => {
          assert.ok(await bridge.metric("wattstream_bridge_spool_messages") > 500);
          assert.ok(await bridge.metric("wattstream_bridge_unacknowledged") > 0);
        }, DEADLINE);
        const held = await bridge.metric("wattstream_bridge_spool_messages");
        // Room on the disk: what was held back goes there, although the log is still away.
        await remount("size=2m");
        await eventually(async () => {
          assert.ok(await bridge.metric("wattstream_bridge_spool_messages") > held);
          assert.equal(await bridge.metric("wattstream_bridge_unacknowledged"), 0);
        }, DEADLINE);
      });
      await assertAccounted(setup, bridge, 4000);
      assert.equal(await totalOf(bridge, "wattstream_bridge_dropped_total"), 0);
      assert.equal(await bridge.stop(), 0);
    })));
