/** Of the embedded broker what its shortcut could get wrong: with it, not alone. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { eventually, PATIENCE_MS } from "../eventually.ts";
import { type EmbeddedBroker, startEmbeddedBroker } from "./embedded_broker.ts";
import { encodePublish } from "./publish_packet.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 5 };
const DISCONNECT = Buffer.from([0xe0, 0]);
/** After one and a half times as long in silence the broker ends a connection. */
const KEEPALIVE_S = 5;
/** A client that sends no pings: their timer never fires. */
const WITHOUT_PINGS: IClientOptions = {
  keepalive: KEEPALIVE_S,
  timerVariant: { set: () => 0, clear: () => {} },
  reconnectPeriod: 0,
};

interface Session {
  readonly client: MqttClient;
  readonly received: string[];
}

/** A broker and a session that gets all and acknowledges it. */
async function withSession(
  run: (broker: EmbeddedBroker, session: Session) => Promise<void>,
  options: IClientOptions = {},
): Promise<void> {
  const broker = await startEmbeddedBroker();
  const client = await connectAsync(broker.url, {
    ...options,
    clientId: "session",
    clean: false,
  });
  const received: string[] = [];
  client.on("message", (_topic, payload) => received.push(payload.toString()));
  try {
    await client.subscribeAsync("a/#", { qos: 1 });
    await run(broker, { client, received });
  } finally {
    await client.endAsync(true);
    await broker.close();
  }
}

/** The kinds of packets that a client sends from now on. */
function sentBy(client: MqttClient): Set<string> {
  const kinds = new Set<string>();
  client.on("packetsend", ({ cmd }) => kinds.add(cmd));
  return kinds;
}

Deno.test("startEmbeddedBroker() takes for alive who only publishes, and who only acknowledges", () =>
  withSession(async (broker, { client, received }) => {
    const publisher = await connectAsync(broker.url, WITHOUT_PINGS);
    const sent = [sentBy(publisher), sentBy(client)];
    const end = performance.now() + 2 * KEEPALIVE_S * 1000;
    for (let published = 1; performance.now() < end; published++) {
      publisher.publish("a/b", "", { qos: 1 });
      const areThere = () => publisher.connected && client.connected;
      await eventually(
        () => assert.ok(received.length === published || !areThere()),
        DEADLINE,
      );
      assert.ok(areThere());
    }
    assert.deepEqual(sent, [new Set(["publish"]), new Set(["puback"])]);
    await publisher.endAsync();
  }, WITHOUT_PINGS));

Deno.test("startEmbeddedBroker() takes what a connection sends right before it ends", () =>
  withSession(async (broker, { received }) => {
    const expected: string[] = [];
    for (const messageIds of [[1], [undefined], [1, undefined]]) {
      const { stream } = await connectAsync(broker.url, { reconnectPeriod: 0 });
      const packets = messageIds.map((messageId) => {
        const payload = `${expected.length}`;
        expected.push(payload);
        const topic = `a/${payload}`;
        return encodePublish({ topic, payload, messageId, dup: false, retain: false });
      });
      stream.end(Buffer.concat([...packets, DISCONNECT]));
      await eventually(() => assert.deepEqual(received, expected), DEADLINE);
    }
  }));

Deno.test("startEmbeddedBroker() lets nothing of a connection overtake a message of a new topic", () =>
  withSession(async (_broker, { client, received }) => {
    const message = { topic: "a/new", payload: "1", messageId: 1, dup: false, retain: false };
    const unsubscribe = Buffer.from([0xa2, 7, 0, 2, 0, 3, ...Buffer.from("a/#")]);
    client.stream.write(Buffer.concat([encodePublish(message), unsubscribe]));
    await eventually(() => assert.deepEqual(received, ["1"]), DEADLINE);
  }));

Deno.test("startEmbeddedBroker() delivers messages of long topics", () =>
  withSession(async (broker, { received }) => {
    const publisher = await connectAsync(broker.url);
    await publisher.publishAsync(`a/${"b".repeat(1000)}`, "1", { qos: 1 });
    await publisher.publishAsync("a/b", "2", { qos: 1 });
    await eventually(() => assert.deepEqual(received, ["1", "2"]), DEADLINE);
    await publisher.endAsync();
  }));

Deno.test("startEmbeddedBroker() acknowledges in the order of the messages, whoever gets them", () =>
  withSession(async (broker) => {
    const publisher = await connectAsync(broker.url);
    const acknowledged: (number | undefined)[] = [];
    publisher.on("packetreceive", ({ cmd, messageId }) => {
      if (cmd === "puback") acknowledged.push(messageId);
    });
    const packets: Buffer[] = [];
    const messageIds = Array.from({ length: 500 }, (_, index) => index + 1);
    for (const messageId of messageIds) {
      const topic = messageId % 7 === 0 ? `a/${messageId}` : "a/b";
      const retain = messageId % 10 === 0;
      packets.push(encodePublish({ topic, payload: "", messageId, dup: false, retain }));
    }
    publisher.stream.write(Buffer.concat(packets));
    await eventually(() => assert.equal(acknowledged.length, messageIds.length), DEADLINE);
    assert.deepEqual(acknowledged, messageIds);
    await publisher.endAsync(true);
  }));
