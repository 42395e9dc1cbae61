import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { MessageKind } from "../../shared/mqtt/topics.ts";
import { BACKOFF_OF_ONE, openMqtt } from "../../shared/mqtt/connect.ts";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../shared/mqtt/embedded_broker.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { OUTSTANDING_MAX, Publisher } from "./publisher.ts";

const parts = {
  backoff: BACKOFF_OF_ONE,
  signal: new AbortController().signal,
  random: () => 0,
  onProblem: () => {},
};

function open(port: number, qos: 0 | 1, protocolVersion: 4 | 5 = 4) {
  const acknowledged: MessageKind[] = [];
  const refused: string[] = [];
  const publisher = new Publisher({
    qos,
    isV5: protocolVersion === 5,
    onAcknowledged: (kind) => acknowledged.push(kind),
    onRefused: (reason) => refused.push(reason),
  });
  const connection = openMqtt({ host: "127.0.0.1", port, protocolVersion }, {
    ...parts,
    onStream: (stream) => publisher.listenTo(stream),
  });
  publisher.publishOver(connection.client);
  return { connection, publisher, acknowledged, refused };
}

async function subscribe(port: number) {
  const { client, connected, close } = openMqtt({
    host: "127.0.0.1",
    port,
    protocolVersion: 4,
    clientId: "subscriber",
    clean: false,
  }, parts);
  const received: string[] = [];
  client.on("message", (_topic, payload) => received.push(payload.toString()));
  await connected;
  await client.subscribeAsync("#", { qos: 1 });
  return { received, close };
}

function publishNumbers(publisher: Publisher, from: number, to: number): void {
  for (let number = from; number < to; number++) {
    publisher.publish({ kind: "power", topic: "power", payload: `${number}` });
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => `${number}`);

for (const qos of [0, 1] as const) {
  Deno.test(`Publisher at QoS ${qos} settles everything, in order`, async () => {
    const broker = await startEmbeddedBroker();
    const subscriber = await subscribe(broker.port);
    const { connection, publisher, acknowledged, refused } = open(broker.port, qos);
    try {
      for (let from = 0; from < 3000; from += 300) {
        publishNumbers(publisher, from, from + 300);
        await publisher.room();
      }
      await publisher.drained();
      assert.equal(acknowledged.length, 3000);
      assert.equal(publisher.outstanding, 0);
      assert.deepEqual(refused, []);
      await eventually(() => assert.equal(subscriber.received.length, 3000), {
        deadlineMs: PATIENCE_MS,
      });
      assert.deepEqual(subscriber.received, numbers(3000));
    } finally {
      await connection.close();
      await subscriber.close();
      await broker.close();
    }
  });
}

Deno.test("Publisher.room() waits while a connection holds its most, and holds it in order", async () => {
  const port = freePorts(1)[0]!;
  const { connection, publisher, acknowledged } = open(port, 1);
  let broker: EmbeddedBroker | undefined;
  try {
    publishNumbers(publisher, 0, OUTSTANDING_MAX - 1);
    assert.ok(publisher.hasRoom);
    await publisher.room();
    publishNumbers(publisher, OUTSTANDING_MAX - 1, OUTSTANDING_MAX);
    assert.ok(!publisher.hasRoom);
    const room = publisher.room();
    assert.equal(await Promise.race([room.then(() => "room"), Promise.resolve("none")]), "none");
    broker = await startEmbeddedBroker({ port });
    await room;
    await publisher.drained();
    assert.equal(acknowledged.length, OUTSTANDING_MAX);
  } finally {
    await connection.close();
    await broker?.close();
  }
});

/** A broker of MQTT 5 with room for two messages; `read` gets the packets behind CONNECT. */
async function startNarrowBroker(read: (socket: Socket, bytes: Buffer) => void) {
  const server = createServer((socket) => {
    socket.once("data", () => {
      socket.write(Buffer.from([0x20, 6, 0, 0, 3, 0x21, 0, 2]));
      socket.on("data", (bytes: Buffer) => read(socket, bytes));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

Deno.test("Publisher sends no more than an MQTT 5 broker receives at a time, and again what was on its way", async () => {
  const flags: number[][] = [];
  const broker = await startNarrowBroker((socket, bytes) => {
    const starts: number[] = [];
    for (let at = 0; at < bytes.length; at += 2 + bytes[at + 1]!) starts.push(at);
    flags.push(starts.map((at) => bytes[at]!));
    // The first connection is lost with both on their way; on the second all are refused but one.
    if (flags.length === 1) return socket.destroy();
    for (const at of starts) {
      const [high, low] = [bytes[at + 9]!, bytes[at + 10]!];
      socket.write(Buffer.from([0x40, 3, high, low, flags.length === 2 ? 0x87 : 0x10]));
    }
  });
  const { connection, publisher, acknowledged, refused } = open(broker.port, 1, 5);
  try {
    publishNumbers(publisher, 0, 3);
    await publisher.drained();
    assert.deepEqual(flags, [[0x32, 0x32], [0x3a, 0x3a], [0x32]]);
    assert.deepEqual(refused, ["Not authorized", "Not authorized"]);
    assert.deepEqual(acknowledged, ["power"], "nobody has subscribed, but the broker has it");
  } finally {
    await connection.close({ force: true });
    broker.close();
  }
});

Deno.test("Publisher.releaseWaiters() lets go who waits for room", async () => {
  const { connection, publisher } = open(freePorts(1)[0]!, 1);
  try {
    publishNumbers(publisher, 0, OUTSTANDING_MAX);
    const room = publisher.room();
    publisher.releaseWaiters();
    await room;
    assert.equal(publisher.outstanding, OUTSTANDING_MAX);
  } finally {
    await connection.close({ force: true });
  }
});
