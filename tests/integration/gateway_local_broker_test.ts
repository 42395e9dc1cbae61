/** The broker beside the meters does not let the gateway do all, or has kept much for it. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { Aedes } from "aedes";
import { connectAsync, type IClientOptions } from "mqtt";
import { eventually } from "../../shared/eventually.ts";
import { pause } from "../../shared/pause.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { freePorts } from "../../shared/services/ports.ts";
import type { LocalMessage } from "../../workers/gateway/gateway.ts";
import { LocalBroker } from "../../workers/gateway/local_broker.ts";
import { DEADLINE } from "./bridge_setup.ts";

/** Longer than the gateway waits for a marker that the broker refuses. */
const LONG_MS = 5500;
const METER = "meter/power";

class Listener {
  readonly messages: LocalMessage[] = [];
  readonly states: (string | undefined)[] = [];
  readonly broker: LocalBroker;

  constructor(
    port: number,
    { topics = [METER], version = 5, onMessage = async () => {} }: {
      readonly topics?: readonly string[];
      readonly version?: 4 | 5;
      readonly onMessage?: (count: number) => Promise<void>;
    } = {},
  ) {
    const mqtt: IClientOptions = { host: "127.0.0.1", port, protocolVersion: version };
    this.broker = new LocalBroker({
      ...{ mqtt, clientId: "gateway-1", sessionExpiryS: 3600, topics },
      ...{ nowMs: Date.now, random: Math.random, signal: new AbortController().signal },
      onMessage: async (message) => {
        this.messages.push(message);
        await onMessage(this.messages.length);
      },
      onState: (problem) => this.states.push(problem),
    });
  }

  get payloads(): string[] {
    return this.messages.map(({ payload }) => new TextDecoder().decode(payload));
  }

  async subscribed(): Promise<void> {
    await eventually(() => assert.deepEqual(this.states, [undefined]), DEADLINE);
  }
}

async function publish(port: number, payloads: readonly string[], topic = METER): Promise<void> {
  const meter = await connectAsync(`mqtt://127.0.0.1:${port}`);
  for (const payload of payloads) await meter.publishAsync(topic, payload, { qos: 1 });
  await meter.endAsync();
}

async function withMosquitto(
  accessList: string,
  run: (port: number) => Promise<void>,
): Promise<void> {
  const mosquitto = await startMosquitto({ accessList });
  try {
    await run(Number(new URL(mosquitto.url).port));
  } finally {
    await mosquitto.stop();
  }
}

Deno.test("LocalBroker serves without the right to its marker, and takes what comes later for live", () =>
  withMosquitto(`topic readwrite ${METER}\n`, async (port) => {
    const first = new Listener(port);
    await first.subscribed();
    await first.broker.close();
    await publish(port, ["kept"]);
    const second = new Listener(port);
    try {
      await eventually(() => assert.deepEqual(second.payloads, ["kept"]), DEADLINE);
      await eventually(async () => {
        await publish(port, ["new"]);
        assert.equal(second.messages.at(-1)!.isKept, false);
      }, DEADLINE);
      assert.equal(second.messages[0]!.isKept, true);
      assert.deepEqual(second.states, [undefined]);
    } finally {
      await second.broker.close();
    }
  }));

Deno.test("LocalBroker takes nothing that was kept for live, however long it takes to come", () =>
  withMosquitto("topic readwrite #\n", async (port) => {
    const first = new Listener(port);
    await first.subscribed();
    await first.broker.close();
    const kept = Array.from({ length: 50 }, (_, index) => String(index));
    await publish(port, kept);
    // Behind those of Mosquitto's first 20, with which the subscriptions are granted.
    const onMessage = (count: number) => pause(count === 30 ? LONG_MS : 0);
    const second = new Listener(port, { onMessage });
    try {
      await eventually(() => assert.deepEqual(second.payloads, kept), DEADLINE);
      assert.ok(second.messages.every(({ isKept }) => isKept));
      await eventually(async () => {
        await publish(port, ["new"]);
        assert.equal(second.messages.at(-1)!.isKept, false);
      }, DEADLINE);
    } finally {
      await second.broker.close();
    }
  }));

Deno.test("LocalBroker listens to all topics but those that its broker refuses, and names them", async () => {
  const topics = Array.from({ length: 600 }, (_, index) => `meter/${index}`);
  const aedes = await Aedes.createBroker({
    authorizeSubscribe: (_client, subscription, done) =>
      done(null, /^meter\/(7|8)$/.test(subscription.topic) ? null : subscription),
  });
  const server = createServer(aedes.handle);
  const [port] = freePorts(1);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const listener = new Listener(port!, { topics, version: 4 });
  try {
    const problem = "the broker refuses the subscription to meter/7, meter/8";
    await eventually(() => assert.deepEqual(listener.states, [problem]), DEADLINE);
    await publish(port!, ["12"], "meter/599");
    await eventually(() => assert.deepEqual(listener.payloads, ["12"]), DEADLINE);
  } finally {
    await listener.broker.close();
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});

Deno.test("LocalBroker.close() lets the message in hand come to its end", () =>
  withMosquitto("topic readwrite #\n", async (port) => {
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const listener = new Listener(port, {
      onMessage: async () => {
        await gate.promise;
        order.push("taken");
      },
    });
    await listener.subscribed();
    await publish(port, ["1"]);
    await eventually(() => assert.equal(listener.messages.length, 1), DEADLINE);
    const closed = listener.broker.close().then(() => order.push("closed"));
    await eventually(() => assert.ok(listener.broker.client.stream.closed), DEADLINE);
    // Who does not wait for the message is long done.
    await pause(100);
    gate.resolve();
    await closed;
    assert.deepEqual(order, ["taken", "closed"]);
  }));
