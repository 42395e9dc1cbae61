/** The bridge between real brokers and a real log: what comes in is in the log, in order. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { connectAsync } from "mqtt";
import { type DeadLetter, deadLetterSchema } from "../../shared/events.ts";
import { eventually } from "../../shared/eventually.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { DEAD_LETTER_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";
import {
  assertComplete,
  CLIENT_ID,
  DEADLINE,
  eventOf,
  Publishers,
  reading,
  recordsOf,
  topicOf,
  withLog,
  withSetup,
} from "./bridge_setup.ts";

Deno.test("bridge loses and reorders nothing although it is killed again and again", () =>
  withSetup(async ({ broker, log, start }) => {
    const households = 8;
    let bridge = start();
    await bridge.ready();
    const publishers = await Publishers.connect(broker.url, households, {});
    publishers.start();
    for (let kill = 0; kill < 3; kill++) {
      const { second } = publishers;
      await eventually(() => assert.ok(publishers.second >= second + 100), DEADLINE);
      await bridge.kill();
      await eventually(() => assert.ok(broker.pendingFor(CLIENT_ID) >= 500), DEADLINE);
      bridge = start();
      await bridge.ready();
    }
    const published = await publishers.stop();
    await eventually(() => assert.equal(broker.pendingFor(CLIENT_ID), 0), DEADLINE);
    // What the log was too slow for is in the spool for a while.
    await eventually(() => assertComplete(log, households, published), DEADLINE);
    const appended = await bridge.metric('wattstream_bridge_appended_total{topic="power"}');
    assert.equal(await bridge.metric('wattstream_bridge_received_total{kind="power"}'), appended);
    assert.equal(await bridge.metric("wattstream_bridge_unacknowledged"), 0);
    assert.equal(await bridge.stop(), 0);
  }));

Deno.test("bridge gets its messages back from Mosquitto over MQTT 5 after a SIGKILL", () =>
  withLog(async ({ log, start }) => {
    const mosquitto = await startMosquitto({ extra: "max_inflight_messages 0" });
    try {
      const households = 8;
      let bridge = start("--mqtt", mosquitto.url);
      await bridge.ready();
      const publishers = await Publishers.connect(mosquitto.url, households, {
        protocolVersion: 5,
      });
      publishers.start();
      for (let kill = 0; kill < 2; kill++) {
        const { second } = publishers;
        await eventually(() => assert.ok(publishers.second >= second + 100), DEADLINE);
        await bridge.kill();
        bridge = start("--mqtt", mosquitto.url);
        await bridge.ready();
      }
      const published = await publishers.stop();
      await eventually(() => assertComplete(log, households, published), DEADLINE);
      assert.equal(await bridge.stop(), 0);
    } finally {
      await mosquitto.stop();
    }
  }));

Deno.test("bridge acknowledges a message only once the log has it", () =>
  withSetup(async ({ broker, log, logPath, start }) => {
    const bridge = start();
    await bridge.ready();
    const publisher = await connectAsync(broker.url);
    const lock = new DatabaseSync(logPath);
    try {
      lock.exec("begin immediate");
      await publisher.publishAsync(topicOf(1), reading(1, 1), { qos: 1 });
      await eventually(async () => {
        assert.equal(await bridge.metric("wattstream_bridge_unacknowledged"), 1);
      }, DEADLINE);
      assert.equal(broker.pendingFor(CLIENT_ID), 1, "it is not acknowledged");
      lock.exec("rollback");
    } finally {
      lock.close();
    }
    await eventually(() => assert.equal(broker.pendingFor(CLIENT_ID), 0), DEADLINE);
    assert.equal((await recordsOf(log, POWER_TOPIC)).length, 1);
    await publisher.endAsync();
  }));

Deno.test("bridge drains at SIGTERM and leaves the rest to its successor", () =>
  withSetup(async ({ broker, log, start }) => {
    const first = start();
    await first.ready();
    const publishers = await Publishers.connect(broker.url, 4, {});
    publishers.start();
    await eventually(() => assert.ok(publishers.second >= 100), DEADLINE);
    assert.equal(await first.stop(), 0);
    const second = start();
    await second.ready();
    const published = await publishers.stop();
    await eventually(() => assert.equal(broker.pendingFor(CLIENT_ID), 0), DEADLINE);
    await eventually(() => assertComplete(log, 4, published), DEADLINE);
    const records = (await recordsOf(log, POWER_TOPIC)).length;
    assert.equal(
      records,
      4 * published,
      "a drained bridge causes no redelivery of what it took in",
    );
    assert.equal(await second.stop(), 0);
  }));

Deno.test("bridge turns what is no event into dead letters, and counts each message once", () =>
  withSetup(async ({ broker, log, start }) => {
    const bridge = start();
    await bridge.ready();
    const publisher = await connectAsync(broker.url);
    const good = reading(1, 1);
    const messages: [payload: string | Uint8Array, topic: string, reason?: DeadLetter["reason"]][] =
      [
        ["{", topicOf(1), "invalid"],
        [Uint8Array.of(0xff, 0), topicOf(1), "invalid"],
        [good.replace(":1}", ':"1"}'), topicOf(1), "invalid"],
        [good.replace("1790000001", "1790000001000"), topicOf(1), "invalid"],
        [good, topicOf(2), "forged"],
        [good, topicOf(1)],
        ['{"client_id":"flat-1","username":"anna","consumption":7}', topicOf(1)],
      ];
    for (const [payload, topic] of messages) {
      await publisher.publishAsync(topic, payload as string, { qos: 1 });
    }
    await publisher.publishAsync(topicOf(1), good, { qos: 0 });
    await eventually(async () => {
      assert.equal(await bridge.metric('wattstream_bridge_received_total{kind="power"}'), 8);
    }, DEADLINE);
    assert.equal(await bridge.metric('wattstream_bridge_appended_total{topic="power"}'), 3);
    assert.equal(await bridge.metric('wattstream_bridge_dead_letters_total{reason="invalid"}'), 4);
    assert.equal(await bridge.metric('wattstream_bridge_dead_letters_total{reason="forged"}'), 1);
    assert.equal(await bridge.metric("wattstream_bridge_stamped_total"), 1);
    const letters = (await recordsOf(log, DEAD_LETTER_TOPIC)).map((record) =>
      deadLetterSchema.parse(eventOf(record))
    );
    assert.deepEqual(
      letters.map(({ reason }) => reason).sort(),
      ["forged", "invalid", "invalid", "invalid", "invalid"],
    );
    const stamped = (await recordsOf(log, POWER_TOPIC)).filter(({ headers }) =>
      headers["wattstream-stamped"] === "true"
    );
    assert.equal(stamped.length, 1);
    await publisher.endAsync();
    assert.equal(await bridge.stop(), 0);
  }));

Deno.test("bridge takes what mosquitto_pub publishes to the embedded broker, at every QoS", () =>
  withSetup(async ({ broker, log, start }) => {
    const bridge = start();
    await bridge.ready();
    for (const qos of [0, 1, 2]) {
      const { success } = await new Deno.Command("mosquitto_pub", {
        args: [
          ...["-V", "311", "-p", String(broker.port), "-q", String(qos)],
          ...["-t", topicOf(1), "-m", reading(1, qos)],
        ],
      }).output();
      assert.ok(success);
    }
    await eventually(async () => {
      const values = (await recordsOf(log, POWER_TOPIC)).map(({ value }) =>
        new TextDecoder().decode(value!)
      );
      assert.deepEqual(values, [reading(1, 0), reading(1, 1), reading(1, 2)]);
    }, DEADLINE);
    assert.equal(await bridge.stop(), 0);
  }));
