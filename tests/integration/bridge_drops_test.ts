/** A broker that drops messages, and says so to whom it lets listen. */
import assert from "node:assert/strict";
import { connectAsync } from "mqtt";
import { eventually } from "../../shared/eventually.ts";
import { type Mosquitto, startMosquitto } from "../../shared/services/mosquitto.ts";
import type { WorkerProcess } from "../../shared/services/worker_process.ts";
import { POWER_TOPIC } from "../../shared/topics.ts";
import { DEADLINE, reading, recordsOf, topicOf, withLog } from "./bridge_setup.ts";

const METRIC = "wattstream_bridge_broker_dropped_total";
const KEPT = 10;
const SETTINGS = `max_queued_messages ${KEPT}\nsys_interval 1`;

/** A client that subscribes to a topic of its own and goes away, which is published to then. */
async function overflow({ url }: Mosquitto, published: number): Promise<void> {
  const options = { protocolVersion: 5, username: "other", password: "other-secret" } as const;
  const topic = "other/topic";
  const away = await connectAsync(url, {
    ...{ ...options, clientId: "away", clean: false },
    properties: { sessionExpiryInterval: 3600 },
  });
  await away.subscribeAsync(topic, { qos: 1 });
  await away.endAsync();
  const publisher = await connectAsync(url, options);
  for (let count = 0; count < published; count++) {
    await publisher.publishAsync(topic, `${count}`, { qos: 1 });
  }
  await publisher.endAsync();
}

function complaintsOf(bridge: WorkerProcess) {
  return bridge.lines.filter(({ level, message }) => {
    return level === "error" && /the broker has dropped messages/.test(message);
  });
}

async function publishReading({ url }: Mosquitto, second: number): Promise<void> {
  const device = await connectAsync(url, { protocolVersion: 5, username: "anna", password: "x" });
  await device.publishAsync(topicOf(1), reading(1, second), { qos: 1 });
  await device.endAsync();
}

Deno.test("bridge tells what Mosquitto drops, also while it is away, and takes none of it for a reading", () =>
  withLog(async ({ log, start }) => {
    const mosquitto = await startMosquitto({ extra: SETTINGS });
    try {
      const first = start("--mqtt", mosquitto.url);
      await first.ready();
      await overflow(mosquitto, KEPT + 90);
      await eventually(async () => assert.equal(await first.metric(METRIC), 90), DEADLINE);
      const [complaint] = complaintsOf(first);
      assert.ok(Number(complaint?.dropped_so_far) > 0);
      await first.kill();
      await overflow(mosquitto, KEPT + 50);
      const second = start("--mqtt", mosquitto.url);
      await eventually(async () => assert.equal(await second.metric(METRIC), 50), DEADLINE);
      assert.ok(complaintsOf(second).length > 0);
      await publishReading(mosquitto, 1);
      await eventually(async () => {
        assert.equal((await recordsOf(log, POWER_TOPIC)).length, 1);
      }, DEADLINE);
      const { text } = await second.get("/metrics");
      assert.match(text, /^wattstream_bridge_received_total\{kind="power"\} 1$/m);
      assert.match(text, /^wattstream_bridge_received_total\{kind="unknown"\} 0$/m);
      assert.equal(await second.stop(), 0);
    } finally {
      await mosquitto.stop();
    }
  }));

Deno.test("bridge goes on where the broker does not let it listen to what it drops", () =>
  withLog(async ({ log, start }) => {
    const mosquitto = await startMosquitto({
      passwords: { bridge: "bridge-secret", anna: "x", other: "other-secret" },
      accessList:
        "user bridge\ntopic read energy/+/+/power\nuser anna\ntopic write energy/anna/#\n" +
        "user other\ntopic readwrite other/#\n",
      extra: SETTINGS,
    });
    try {
      for (const version of ["5", "3.1.1"]) {
        const bridge = start(
          ...["--mqtt", mosquitto.url, "--mqtt-username", "bridge", "--mqtt-password"],
          ...["bridge-secret", "--mqtt-version", version, "--client-id", `secret-of-${version}`],
        );
        await bridge.ready();
        await overflow(mosquitto, KEPT + 90);
        await publishReading(mosquitto, 1);
        await eventually(async () => {
          assert.equal(await bridge.metric('wattstream_bridge_received_total{kind="power"}'), 1);
        }, DEADLINE);
        assert.equal(await bridge.metric(METRIC), 0);
        assert.deepEqual(complaintsOf(bridge), []);
        assert.equal(await bridge.stop(), 0);
      }
      assert.equal((await recordsOf(log, POWER_TOPIC)).length, 2);
    } finally {
      await mosquitto.stop();
    }
  }));
