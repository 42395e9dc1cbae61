import assert from "node:assert/strict";
import { connect, connectAsync, type MqttClient } from "mqtt";
import { hasCode } from "../errors.ts";
import { eventually, PATIENCE_MS } from "../eventually.ts";
import { type EmbeddedBroker, startEmbeddedBroker } from "./embedded_broker.ts";

const TOPIC = "energy/anna/flat-1/power";
const FILTER = "energy/+/+/power";
const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 5 };

interface Subscriber {
  readonly client: MqttClient;
  readonly received: { readonly number: number; readonly dup: boolean; readonly qos: number }[];
}

/** A subscriber with a persistent session that acknowledges nothing, or everything. */
async function subscribe(
  broker: EmbeddedBroker,
  { acknowledges }: { readonly acknowledges: boolean },
): Promise<Subscriber> {
  const received: Subscriber["received"][number][] = [];
  const client = connect(broker.url, { clientId: "bridge", clean: false, reconnectPeriod: 0 });
  client.handleMessage = ({ payload, dup, qos }, done) => {
    received.push({ number: Number(payload), dup, qos });
    done(acknowledges ? undefined : new Error("held back"));
  };
  await new Promise<void>((resolve) => client.once("connect", () => resolve()));
  await client.subscribeAsync(FILTER, { qos: 1 });
  return { client, received };
}

/** Ends a connection as a SIGKILL does. */
async function cut({ client }: Subscriber): Promise<void> {
  client.stream.destroy();
  await client.endAsync(true);
}

async function withBroker(run: (broker: EmbeddedBroker) => Promise<void>): Promise<void> {
  const broker = await startEmbeddedBroker();
  try {
    await run(broker);
  } finally {
    await broker.close();
  }
}

Deno.test("startEmbeddedBroker() sends a session's messages in order although its connection breaks", () =>
  withBroker(async (broker) => {
    const first = await subscribe(broker, { acknowledges: false });
    const publisher = await connectAsync(broker.url);
    let published = 0;
    let isPublishing = true;
    const publishing = (async () => {
      while (isPublishing) {
        await Promise.all(
          Array.from(
            { length: 20 },
            () => publisher.publishAsync(TOPIC, String(published++), { qos: 1 }),
          ),
        );
      }
    })();
    await eventually(() => assert.ok(first.received.length >= 500), DEADLINE);
    await cut(first);
    await eventually(() => assert.ok(broker.pendingFor("bridge") >= 3000), DEADLINE);
    const second = await subscribe(broker, { acknowledges: true });
    await eventually(() => assert.ok(second.received.length >= 5000), DEADLINE);
    isPublishing = false;
    await publishing;
    await eventually(() => assert.equal(second.received.length, published), DEADLINE);
    assert.deepEqual(
      second.received.map(({ number }) => number),
      Array.from({ length: published }, (_, number) => number),
    );
    assert.ok(second.received[0]!.dup, "what was sent before is marked");
    assert.ok(!second.received.at(-1)!.dup);
    await eventually(() => assert.equal(broker.pendingFor("bridge"), 0), DEADLINE);
    assert.equal(broker.publishedCount, published);
    await second.client.endAsync();
    await publisher.endAsync();
  }));

Deno.test("startEmbeddedBroker() keeps what comes while the session is away", () =>
  withBroker(async (broker) => {
    await cut(await subscribe(broker, { acknowledges: true }));
    await eventually(() => assert.equal(broker.connectedClients, 0), DEADLINE);
    const publisher = await connectAsync(broker.url);
    await publisher.publishAsync(TOPIC, "1", { qos: 1 });
    await publisher.publishAsync(TOPIC, "2", { qos: 2 });
    await publisher.publishAsync(TOPIC, "3", { qos: 0 });
    await eventually(() => assert.equal(broker.publishedCount, 3), DEADLINE);
    assert.equal(broker.pendingFor("bridge"), 2);
    const back = await subscribe(broker, { acknowledges: true });
    await eventually(() =>
      assert.deepEqual(back.received, [
        { number: 1, dup: false, qos: 1 },
        { number: 2, dup: false, qos: 1 },
      ]), DEADLINE);
    await back.client.endAsync();
    await publisher.endAsync();
  }));

Deno.test("startEmbeddedBroker() delivers QoS 0 and stored messages too", () =>
  withBroker(async (broker) => {
    const publisher = await connectAsync(broker.url);
    await publisher.publishAsync(TOPIC, "1", { qos: 1, retain: true });
    const live = await subscribe(broker, { acknowledges: true });
    await eventually(() => assert.equal(live.received.length, 1), DEADLINE);
    await publisher.publishAsync(TOPIC, "2", { qos: 0 });
    await eventually(
      () => assert.deepEqual(live.received.map((one) => one.number), [1, 2]),
      DEADLINE,
    );
    assert.equal(live.received[1]!.qos, 0);
    await live.client.endAsync();
    await publisher.endAsync();
  }));

for (const clean of [true, false]) {
  const kind = clean ? "connection" : "session";
  Deno.test(`startEmbeddedBroker() delivers a known topic to a ${kind} from when it subscribes until it no longer does`, () =>
    withBroker(async (broker) => {
      const publisher = await connectAsync(broker.url);
      await publisher.publishAsync(TOPIC, "1", { qos: 1 });
      const received: string[] = [];
      const client = await connectAsync(broker.url, { clientId: "late", clean });
      client.on("message", (_topic, payload) => received.push(payload.toString()));
      await client.subscribeAsync([FILTER, "last"], { qos: 1 });
      await publisher.publishAsync(TOPIC, "2", { qos: 1 });
      await eventually(() => assert.deepEqual(received, ["2"]), DEADLINE);
      await client.unsubscribeAsync(FILTER);
      await publisher.publishAsync(TOPIC, "3", { qos: 1 });
      await publisher.publishAsync("last", "4", { qos: 1 });
      await eventually(() => assert.deepEqual(received, ["2", "4"]), DEADLINE);
      await client.endAsync();
      await publisher.endAsync();
    }));
}

Deno.test("startEmbeddedBroker() keeps the order of a connection's messages, of whatever kind and topic", () =>
  withBroker(async (broker) => {
    const session = await subscribe(broker, { acknowledges: true });
    const publisher = await connectAsync(broker.url);
    const sent: Promise<unknown>[] = [];
    for (let number = 0; number < 2000; number++) {
      // Known topics and new ones, those that are stored among them.
      const topic = number % 10 === 0 ? `energy/anna/new-${number}/power` : TOPIC;
      const options = { qos: 1, retain: number % 97 === 0 } as const;
      sent.push(publisher.publishAsync(topic, `${number}`, options));
    }
    await Promise.all(sent);
    await eventually(() => assert.equal(session.received.length, 2000), DEADLINE);
    assert.deepEqual(
      session.received.map(({ number }) => number),
      Array.from({ length: 2000 }, (_, number) => number),
    );
    assert.equal(broker.publishedCount, 2000);
    await session.client.endAsync();
    await publisher.endAsync();
  }));

Deno.test("startEmbeddedBroker() ends a connection that publishes to no proper topic, and nothing else", () =>
  withBroker(async (broker) => {
    for (const topic of ["a/".repeat(150), "$SYS/a"]) {
      const client = await connectAsync(broker.url, { reconnectPeriod: 0 });
      const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
      client.on("error", () => {});
      client.publish(topic, "1", { qos: 1 });
      await closed;
      await client.endAsync(true);
    }
    const other = await connectAsync(broker.url);
    await other.publishAsync(TOPIC, "1", { qos: 1 });
    await other.endAsync();
  }));

Deno.test("startEmbeddedBroker() forgets the session of a client that starts clean", () =>
  withBroker(async (broker) => {
    await cut(await subscribe(broker, { acknowledges: true }));
    const publisher = await connectAsync(broker.url);
    await publisher.publishAsync(TOPIC, "1", { qos: 1 });
    await eventually(() => assert.equal(broker.pendingFor("bridge"), 1), DEADLINE);
    const clean = await connectAsync(broker.url, { clientId: "bridge", clean: true });
    await eventually(() => assert.equal(broker.pendingFor("bridge"), 0), DEADLINE);
    await publisher.publishAsync(TOPIC, "2", { qos: 1 });
    assert.equal(broker.pendingFor("bridge"), 0);
    await clean.endAsync();
    await publisher.endAsync();
  }));

Deno.test("startEmbeddedBroker() tells nobody which clients come and go", () =>
  withBroker(async (broker) => {
    const curious = await connectAsync(broker.url);
    const topics: string[] = [];
    curious.on("message", (topic) => topics.push(topic));
    await curious.subscribeAsync(["$SYS/#", "$SYS/+/new/clients", "#"]);
    await (await connectAsync(broker.url, { clientId: "a-secret" })).endAsync();
    await curious.publishAsync("last", "", { qos: 1 });
    await eventually(() => assert.ok(topics.includes("last")), DEADLINE);
    assert.deepEqual(new Set(topics), new Set(["last"]));
    await curious.endAsync();
  }));

Deno.test("startEmbeddedBroker() says when the address is taken", () =>
  withBroker(async ({ port }) => {
    await assert.rejects(
      startEmbeddedBroker({ port }),
      (error) => hasCode(error, "config") && error.message.includes(`127.0.0.1:${port}`),
    );
  }));
