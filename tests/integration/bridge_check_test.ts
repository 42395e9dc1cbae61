/** `bridge --check` finds out what real brokers keep, and leaves nothing behind. */
import assert from "node:assert/strict";
import { connectAsync } from "mqtt";
import { startEmbeddedBroker } from "../../shared/mqtt/embedded_broker.ts";
import { eventually } from "../../shared/eventually.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { DEAD_LETTER_TOPIC } from "../../shared/topics.ts";
import { KeptMessagesCheck } from "../../workers/bridge/check/kept_messages.ts";
import { DEADLINE, Publishers, reading, recordsOf, topicOf, withLog } from "./bridge_setup.ts";
import { startSecureMosquitto } from "./secure_mosquitto.ts";

const MAIN = new URL("../../workers/bridge/main.ts", import.meta.url).pathname;
const ACCESS_LIST =
  "user bridge\ntopic read energy/+/+/power\ntopic read energy/+/+/device-state\n";
const AS_BRIDGE = ["--mqtt-username", "bridge", "--mqtt-password", "bridge-secret"];

async function check(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", MAIN, "--check", ...args],
  }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, error: error! };
}

/** The number of sessions that wait at this Mosquitto for clients that are away. */
async function sessionsWaiting(url: string): Promise<number> {
  const client = await connectAsync(url, { protocolVersion: 5 });
  const told = Promise.withResolvers<number>();
  client.on("message", (_, payload) => told.resolve(Number(`${payload}`)));
  await client.subscribeAsync("$SYS/broker/clients/disconnected");
  return await told.promise.finally(() => client.endAsync());
}

Deno.test("--check says what a stock Mosquitto keeps and for how long, beside a bridge that runs", () =>
  withLog(async ({ log, start }) => {
    const mosquitto = await startMosquitto({ extra: "max_queued_messages 1000\nsys_interval 1" });
    try {
      const bridge = start("--mqtt", mosquitto.url);
      await bridge.ready();
      const publishers = await Publishers.connect(mosquitto.url, 2, { protocolVersion: 5 });
      publishers.start();
      const { code, out, error } = await check("--mqtt", mosquitto.url);
      assert.equal(code, 0, error);
      assert.match(out, /It says that it is: Mosquitto \d/);
      assert.match(out, /keeps 1,000 messages for a client that is away, and drops the rest/);
      assert.match(out, /At [\d.,]*[1-9][\d.,]* messages\/s that is [\d.]+ s in which/);
      assert.match(out, /To keep more: max_queued_messages in mosquitto.conf/);
      await publishers.stop();
      await eventually(
        async () => assert.equal(await sessionsWaiting(mosquitto.url), 0),
        DEADLINE,
      );
      assert.deepEqual(await recordsOf(log, DEAD_LETTER_TOPIC), []);
      assert.equal(await bridge.metric('wattstream_bridge_received_total{kind="unknown"}'), 0);
      assert.equal(await bridge.stop(), 0);
    } finally {
      await mosquitto.stop();
    }
  }));

Deno.test("--check finds what max_queued_messages says, with MQTT 3.1.1 too", async () => {
  const mosquitto = await startMosquitto({ extra: "max_queued_messages 3000" });
  try {
    const { code, out, error } = await check("--mqtt", mosquitto.url, "--mqtt-version", "3.1.1");
    assert.equal(code, 0, error);
    assert.match(out, /keeps 3,000 messages for a client that is away/);
    assert.match(out, /None came in 5 s/);
  } finally {
    await mosquitto.stop();
  }
});

Deno.test("KeptMessagesCheck finds that the embedded broker keeps all, and no session is left", async () => {
  const broker = await startEmbeddedBroker();
  try {
    const mqtt = { host: "127.0.0.1", port: broker.port, protocolVersion: 4 } as const;
    const settings = { sessionExpiryS: 60, counts: [500, 3000] };
    const kept = await KeptMessagesCheck.open({ mqtt, random: Math.random }, settings);
    const published: number[] = [];
    const found = await kept.measure((count) => published.push(count));
    assert.deepEqual([found, published], [{ count: 3000, isAtLeast: true }, [500, 3000]]);
    await kept.close();
    await eventually(() => assert.equal(broker.connectedClients, 0), DEADLINE);
  } finally {
    await broker.close();
  }
});

Deno.test("KeptMessagesCheck may do all that it needs as the bridge of deploy/mosquitto", async () => {
  const mosquitto = await startSecureMosquitto({ bridge: "bridge-secret" });
  try {
    const { hostname, port } = new URL(mosquitto.bridgeUrl);
    const mqtt = {
      ...{ protocol: "mqtts", host: hostname, port: Number(port), protocolVersion: 5 } as const,
      ...{ username: "bridge", password: "bridge-secret" },
      ca: await Deno.readTextFile(mosquitto.caPath),
    };
    const settings = { sessionExpiryS: 60, counts: [2000] };
    const kept = await KeptMessagesCheck.open({ mqtt, random: Math.random }, settings);
    assert.deepEqual(await kept.measure(() => {}), { count: 2000, isAtLeast: true });
    await kept.close();
  } finally {
    await mosquitto.stop();
  }
});

Deno.test("--check names the right that its user lacks, and exits with 1", async () => {
  const passwords = { bridge: "bridge-secret" };
  const mosquitto = await startMosquitto({ passwords, accessList: ACCESS_LIST });
  try {
    for (const version of ["5", "3.1.1"]) {
      const { code, error } = await check(
        ...["--mqtt", mosquitto.url, ...AS_BRIDGE, "--mqtt-version", version],
      );
      assert.equal(code, 1, error);
      assert.match(error, /Let this user .* topic readwrite wattstream\/check\/#/);
    }
    const wrong = ["--mqtt-username", "bridge", "--mqtt-password", "wrong"];
    const { code, error } = await check("--mqtt", mosquitto.url, ...wrong);
    assert.equal(code, 1);
    assert.match(error, /Change --mqtt-username and the password/);
  } finally {
    await mosquitto.stop();
  }
});

Deno.test("--check leaves the bridge's session alone where the broker gives a user one client id", () =>
  withLog(async ({ start }) => {
    const mosquitto = await startMosquitto({
      passwords: { bridge: "bridge-secret", anna: "anna-secret" },
      accessList: `${ACCESS_LIST}pattern write energy/%u/+/power\n`,
      extra: "use_username_as_clientid true",
    });
    try {
      const bridge = start("--mqtt", mosquitto.url, ...AS_BRIDGE);
      await bridge.ready();
      await bridge.kill();
      const anna = await connectAsync(mosquitto.url, {
        ...{ username: "anna", password: "anna-secret", protocolVersion: 5 },
      });
      await anna.publishAsync(topicOf(1), reading(1, 1), { qos: 1 });
      await anna.endAsync();
      const { code, error } = await check("--mqtt", mosquitto.url, ...AS_BRIDGE);
      assert.equal(code, 2, error);
      assert.match(error, /leaves client ids alone/);
      const again = start("--mqtt", mosquitto.url, ...AS_BRIDGE);
      await eventually(async () => {
        assert.equal(await again.metric('wattstream_bridge_appended_total{topic="power"}'), 1);
      }, DEADLINE);
      assert.equal(await again.metric('wattstream_bridge_session_lost_total{how="lost"}'), 0);
      assert.equal(await again.stop(), 0);
    } finally {
      await mosquitto.stop();
    }
  }));

Deno.test("--check says that no broker is there, and lists every wrong flag at once", async () => {
  const away = await check("--mqtt", `mqtt://127.0.0.1:${freePorts(1)[0]}`);
  assert.equal(away.code, 1);
  assert.match(away.error, /Start the broker, or change --mqtt: .*ECONNREFUSED/);
  const wrong = await check("--mqtt", "http://x", "--what");
  assert.equal(wrong.code, 2);
  for (const name of ["--mqtt", "--what"]) assert.match(wrong.error, new RegExp(`${name}: `));
});
