/** The announcer on a real Mosquitto: the newest reaches it, and nothing older behind it. */
import assert from "node:assert/strict";
import { connectAsync, type MqttClient } from "mqtt";
import { eventually, PATIENCE_MS } from "../eventually.ts";
import { BACKOFF_OF_ONE, type MqttConnection, openMqtt } from "../mqtt/connect.ts";
import { type Mosquitto, startMosquitto } from "../services/mosquitto.ts";
import { Announcer } from "./announcer.ts";
import { announcementsOf } from "./home_assistant.ts";
import type { Publication } from "./publication.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 10 };
const ANNA = "anna";
const BERTA = "berta";
const MODEL: Publication = { kind: "model", topic: "model", payload: "the same" };

/** What is known of a household: its newest second, and its devices. */
interface Known {
  readonly second: number;
  readonly devices: readonly string[];
}

function publicationsOf(name: string, { second, devices }: Known): Publication[] {
  const identity = { client_id: name, username: name };
  const announced = {
    ...{ names: devices, deviceCountMax: devices.length, hasSecond: true, hasModel: true },
  };
  const newest = { kind: "disaggregated", topic: name, payload: String(second) } as const;
  return [newest, MODEL, ...(devices.length > 0 ? announcementsOf(identity, announced) : [])];
}

interface Setup {
  readonly mosquitto: Mosquitto;
  readonly connection: MqttConnection;
  readonly announcer: Announcer<Known>;
  readonly published: string[];
  readonly refused: string[];
  /** Timestamps of a household's seconds as a subscriber gets them, in order. */
  secondsOf(who: string): number[];
  /** Topics of all messages that it gets. */
  topics(): string[];
}

async function withAnnouncer(
  run: (setup: Setup) => Promise<void>,
  extra: string = "",
): Promise<void> {
  const mosquitto = await startMosquitto({ extra });
  const messages: { topic: string; payload: string }[] = [];
  let subscriber: MqttClient | undefined;
  let connection: MqttConnection | undefined;
  try {
    subscriber = await connectAsync(mosquitto.url);
    subscriber.on("message", (topic, payload) => {
      messages.push({ topic, payload: payload.toString() });
    });
    await subscriber.subscribeAsync("#", { qos: 1 });
    const { hostname: host, port } = new URL(mosquitto.url);
    connection = openMqtt({ protocol: "mqtt", host, port: Number(port), protocolVersion: 5 }, {
      backoff: BACKOFF_OF_ONE,
      signal: new AbortController().signal,
      random: Math.random,
      onProblem: () => {},
    });
    const [published, refused]: string[][] = [[], []];
    const announcer = new Announcer<Known>(connection.client, {
      publicationsOf,
      onPublished: (kind) => published!.push(kind),
      onRefused: (topic) => refused!.push(topic),
    });
    await run({
      ...{ mosquitto, connection, announcer, published: published!, refused: refused! },
      topics: () => messages.map(({ topic }) => topic),
      secondsOf: (who) =>
        messages.filter(({ topic }) => topic === who).map(({ payload }) => Number(payload)),
    });
  } finally {
    await connection?.close({ force: true });
    await subscriber?.endAsync(true);
    await mosquitto.stop();
  }
}

const at = (who: string, second: number, devices: readonly string[] = []): [string, Known][] => [
  [who, { second, devices }],
];

Deno.test("Announcer brings the newest second of each household, none older behind it, over lost connections", async () => {
  await withAnnouncer(async ({ announcer, connection, ...setup }) => {
    await connection.connected;
    for (let second = 1; second <= 300; second++) {
      announcer.tell(0, at(ANNA, second));
      announcer.tell(1, at(BERTA, second));
      if (second % 100 === 0) connection.client.stream.destroy();
      await new Promise((resolve) => setTimeout(resolve));
    }
    for (const who of [ANNA, BERTA]) {
      await eventually(() => assert.equal(setup.secondsOf(who).at(-1), 300), DEADLINE);
      const seconds = setup.secondsOf(who);
      assert.deepEqual(seconds, seconds.toSorted((a, b) => a - b));
    }
    await eventually(() => assert.equal(announcer.waitingCount, 0), DEADLINE);
  });
});

Deno.test("Announcer drained() waits until the broker has it all, and after forget() nothing goes out", async () => {
  await withAnnouncer(async ({ announcer, connection, ...setup }) => {
    // Not connected yet.
    announcer.tell(0, at(ANNA, 1));
    announcer.forget(0);
    announcer.tell(1, at(BERTA, 2));
    await connection.connected;
    await announcer.drained(1);
    assert.deepEqual(setup.published, ["disaggregated", "model"]);
    announcer.forget(1);
    // With each connection all is said again, but of what is forgotten.
    const reconnected = new Promise((resolve) => connection.client.once("connect", resolve));
    connection.client.stream.destroy();
    await reconnected;
    announcer.tell(2, at(ANNA, 3));
    await eventually(() => assert.deepEqual(setup.secondsOf(ANNA), [3]), DEADLINE);
    assert.deepEqual(setup.secondsOf(BERTA), [2]);
  });
});

Deno.test("Announcer says what does not change once a connection, within what the broker takes at a time", async () => {
  const names = Array.from({ length: 30 }, (_, device) => `lamp ${device}`);
  await withAnnouncer(async ({ announcer, connection, mosquitto, ...setup }) => {
    await connection.connected;
    for (let second = 1; second <= 3; second++) {
      announcer.tell(0, at(ANNA, second, names));
      await announcer.drained(0);
    }
    const discovery = 3 + 3 * names.length;
    await eventually(() => assert.equal(setup.topics().length, discovery + 1 + 3), DEADLINE);
    assert.deepEqual(setup.published.filter((kind) => kind === "model").length, 1);
    // A broker that has lost what was retained is told anew.
    await mosquitto.broker.kill();
    await mosquitto.broker.start();
    await eventually(() => assert.equal(setup.published.length, 2 * (discovery + 2) + 2), DEADLINE);
    assert.deepEqual(setup.refused, []);
  }, "max_inflight_messages 2");
});

Deno.test("Announcer keeps back what is too long for the broker, and says all else over one connection", async () => {
  const names = ["lamp", "long".repeat(1000)];
  await withAnnouncer(async ({ announcer, connection, ...setup }) => {
    await connection.connected;
    let closed = 0;
    connection.client.on("close", () => closed++);
    announcer.tell(0, at(ANNA, 1, names));
    announcer.tell(0, at(BERTA, 1));
    assert.equal(await announcer.drained(0), true);
    assert.equal(closed, 0);
    assert.equal(setup.refused.length, 3, "power, energy and whether it is on");
    await eventually(() => assert.deepEqual(setup.secondsOf(BERTA), [1]), DEADLINE);
    assert.equal(setup.topics().filter((topic) => topic.startsWith("homeassistant/")).length, 6);
  }, "max_packet_size 3000");
});
