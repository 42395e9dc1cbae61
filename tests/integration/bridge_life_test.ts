/** The life of a bridge: what it waits for, what ends it, and what it leaves behind. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { connectAsync } from "mqtt";
import { openLog } from "../../shared/log/open.ts";
import { startEmbeddedBroker } from "../../shared/mqtt/embedded_broker.ts";
import { eventually } from "../../shared/eventually.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { startWorker } from "../../shared/services/worker_process.ts";
import { POWER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";
import {
  assertComplete,
  CLIENT_ID,
  DEADLINE,
  Publishers,
  reading,
  recordsOf,
  topicOf,
  unreadyWith,
  withLog,
  withSetup,
} from "./bridge_setup.ts";

Deno.test("bridge waits, unready, for the log's topics and then for the broker", async () => {
  const folder = await Deno.makeTempDir();
  const [port] = freePorts(1);
  const log = await openLog(`sqlite:${folder}/log.db`);
  const bridge = startWorker("bridge", [
    ...["--log", `sqlite:${folder}/log.db`, "--mqtt", `mqtt://127.0.0.1:${port}`],
    ...["--mqtt-version", "3.1.1", "--state", `${folder}/state`],
  ]);
  try {
    await unreadyWith(bridge, /Create the topics first, missing: power, device-state, dead-letter/);
    await log.createTopics(wattstreamTopics());
    await unreadyWith(bridge, /not connected to the broker: .*ECONNREFUSED/);
    const broker = await startEmbeddedBroker({ port: port! });
    await bridge.ready();
    assert.equal(await bridge.metric("wattstream_bridge_connected"), 1);
    await broker.close();
    await unreadyWith(bridge, /not connected to the broker/);
    const again = await startEmbeddedBroker({ port: port! });
    await bridge.ready();
    assert.equal(await bridge.stop(), 0);
    await again.close();
    const complaints = bridge.lines.filter(({ level }) => level === "warning");
    assert.ok(complaints.length <= 4, "one line in 10 s for each of the two sides");
  } finally {
    await bridge.end();
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("bridge lists every bad flag at once and exits with 2", async () => {
  const bridge = startWorker("bridge", ["--mqtt", "http://x", "--receive-maximum", "0", "--what"]);
  assert.equal(await bridge.exit(), 2);
  const text = bridge.otherLines.join("\n");
  for (const name of ["--what", "--mqtt", "--receive-maximum", "--log"]) {
    assert.match(text, new RegExp(`${name}: `));
  }
});

Deno.test("bridge ends with a clear line where the broker refuses its password", () =>
  withLog(async ({ start }) => {
    const mosquitto = await startMosquitto({ passwords: { bridge: "right" } });
    try {
      const bridge = start(
        ...["--mqtt", mosquitto.url, "--mqtt-username", "bridge", "--mqtt-password", "wrong"],
      );
      assert.equal(await bridge.exit(), 1);
      assert.match(String(bridge.lines.at(-1)?.error), /--mqtt-username and the password/);
    } finally {
      await mosquitto.stop();
    }
  }));

Deno.test("bridge goes on after its broker was restarted, and loses nothing", () =>
  withLog(async ({ log, start }) => {
    const mosquitto = await startMosquitto();
    try {
      const bridge = start("--mqtt", mosquitto.url);
      await bridge.ready();
      const publishers = await Publishers.connect(mosquitto.url, 4, {
        protocolVersion: 5,
        reconnectPeriod: 100,
      });
      publishers.start();
      await eventually(() => assert.ok(publishers.second >= 50), DEADLINE);
      await mosquitto.broker.stop();
      await unreadyWith(bridge, /not connected to the broker/);
      await mosquitto.broker.start();
      await bridge.ready();
      const { second } = publishers;
      await eventually(() => assert.ok(publishers.second >= second + 50), DEADLINE);
      const published = await publishers.stop();
      await eventually(() => assertComplete(log, 4, published), DEADLINE);
      assert.equal(await bridge.stop(), 0);
    } finally {
      await mosquitto.stop();
    }
  }));

Deno.test("bridge leaves what the log did not take to its successor, and exits with 0", () =>
  withSetup(async ({ broker, log, logPath, start }) => {
    const first = start("--spool", "none");
    await first.ready();
    const publisher = await connectAsync(broker.url);
    const lock = new DatabaseSync(logPath);
    try {
      lock.exec("begin immediate");
      await publisher.publishAsync(topicOf(1), reading(1, 1), { qos: 1 });
      await eventually(async () => {
        assert.equal(await first.metric("wattstream_bridge_unacknowledged"), 1);
      }, DEADLINE);
      assert.equal(await first.stop(), 0);
      assert.ok(first.lines.some(({ message }) => /left messages with the broker/.test(message)));
      lock.exec("rollback");
    } finally {
      lock.close();
    }
    assert.equal(broker.pendingFor(CLIENT_ID), 1);
    const second = start();
    await eventually(() => assert.equal(broker.pendingFor(CLIENT_ID), 0), DEADLINE);
    assert.equal((await recordsOf(log, POWER_TOPIC)).length, 1);
    assert.equal(await second.metric("wattstream_bridge_redelivered_total"), 1);
    await publisher.endAsync();
  }));

Deno.test("bridge that leaves its group takes in what was dealt to it, and gets no more", () =>
  withLog(async ({ log, start }) => {
    const mosquitto = await startMosquitto();
    try {
      const shared = ["--mqtt", mosquitto.url, "--group", "bridges", "--at-stop", "leave"];
      const leaving = start(...shared, "--client-id", "bridge-0");
      const staying = start(...shared, "--client-id", "bridge-1");
      await Promise.all([leaving.ready(), staying.ready()]);
      const publishers = await Publishers.connect(mosquitto.url, 4, { protocolVersion: 5 });
      publishers.start();
      await eventually(() => assert.ok(publishers.second >= 100), DEADLINE);
      assert.equal(await leaving.stop(), 0);
      const { second } = publishers;
      await eventually(() => assert.ok(publishers.second >= second + 50), DEADLINE);
      const published = await publishers.stop();
      await eventually(async () => {
        assert.equal((await recordsOf(log, POWER_TOPIC)).length, 4 * published);
      }, DEADLINE);
      assert.equal(await staying.stop(), 0);
    } finally {
      await mosquitto.stop();
    }
  }));
