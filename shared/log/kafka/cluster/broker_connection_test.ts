/** What goes wrong between two ends of a connection; brokers themselves are in `security_test.ts`. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type API, Connection, createAPI, type Reader, Writer } from "@platformatic/kafka";
import { eventually, PATIENCE_MS } from "../../../eventually.ts";
import { BrokerConnection } from "./broker_connection.ts";

/** A request that is answered with what the test says. */
const echo: API<[body: Buffer], string> = createAPI(
  99,
  7,
  (body: Buffer) => Writer.create().appendInt32(body.length).append(body).appendTaggedFields(),
  (_correlation: number, _key: number, _version: number, reader: Reader) => reader.readString(),
);

const PATIENCE = { deadlineMs: PATIENCE_MS, intervalMs: 5 };
const SETTINGS = { connectTimeoutMs: 10_000, requestTimeoutMs: 60_000 };

/** The other end: what came over each connection, and the connections. */
interface Server extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number };
  readonly sockets: Socket[];
  readonly received: Buffer[];
}

async function serve(): Promise<Server> {
  const sockets: Socket[] = [];
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    const index = sockets.push(socket) - 1;
    received[index] = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on(
      "data",
      (bytes: Buffer) => received[index] = Buffer.concat([received[index]!, bytes]),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: { host: "127.0.0.1", port: (server.address() as AddressInfo).port },
    sockets,
    received,
    async [Symbol.asyncDispose]() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      await once(server, "close");
    },
  };
}

/** Runs with a connection to a server. */
async function connected(
  run: (connection: BrokerConnection, server: Server) => Promise<void>,
  settings = SETTINGS,
): Promise<void> {
  await using server = await serve();
  const connection = new BrokerConnection(server.address, settings);
  try {
    await connection.connect();
    await eventually(() => assert.equal(server.sockets.length, 1), PATIENCE);
    await run(connection, server);
  } finally {
    await connection.close();
  }
}

function ask(connection: BrokerConnection | Connection, body = Buffer.from("?")): Promise<string> {
  return echo.async(connection as Connection, body);
}

/** An answer to the request of this number. */
function answerTo(correlationId: number, text: string): Buffer {
  const body = Writer.create().appendString(text).buffer;
  const head = Buffer.alloc(9);
  head.writeInt32BE(5 + body.length, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, body]);
}

/** Resolves once the server has so many requests of this size. */
function requests(server: Server, count: number): Promise<void> {
  return eventually(() => {
    let found = 0;
    for (let at = 0; at < server.received[0]!.length; found++) {
      at += 4 + server.received[0]!.readInt32BE(at);
    }
    assert.equal(found, count);
  }, PATIENCE);
}

Deno.test("BrokerConnection sends the bytes that the client's own connection sends", async () => {
  await connected(async (connection, server) => {
    const own = new Connection("wattstream");
    await own.connect(server.address.host, server.address.port);
    await eventually(() => assert.equal(server.sockets.length, 2), PATIENCE);
    for (const size of [1, 100, 20_000, 300_000]) {
      for (const each of [connection, own]) ask(each, Buffer.alloc(size, size)).catch(() => {});
    }
    await eventually(() => {
      assert.ok(server.received[0]!.length > 320_000);
      assert.deepEqual(server.received[0], server.received[1]);
    }, PATIENCE);
    await own.close();
  });
});

Deno.test("BrokerConnection gives each request its answer, in whatever pieces they come", async () => {
  await connected(async (connection, server) => {
    const long = "x".repeat(100_000);
    const answers = Promise.all(["a", "b", "c"].map(() => ask(connection)));
    await requests(server, 3);
    const bytes = Buffer.concat([answerTo(1, "one"), answerTo(2, long), answerTo(3, "three")]);
    const [socket] = server.sockets;
    socket!.write(bytes.subarray(0, 2));
    socket!.write(bytes.subarray(2, 50_000));
    socket!.write(bytes.subarray(50_000));
    assert.deepEqual(await answers, ["one", long, "three"]);
  });
});

Deno.test("BrokerConnection has five requests under way and lets others wait", async () => {
  await connected(async (connection, server) => {
    const answers = Promise.all(Array.from({ length: 7 }, () => ask(connection)));
    await requests(server, 5);
    server.sockets[0]!.write(answerTo(1, "1"));
    await requests(server, 6);
    for (let id = 2; id <= 6; id++) server.sockets[0]!.write(answerTo(id, String(id)));
    await requests(server, 7);
    server.sockets[0]!.write(answerTo(7, "7"));
    assert.deepEqual(await answers, ["1", "2", "3", "4", "5", "6", "7"]);
  });
});

Deno.test("BrokerConnection that is closed by the broker fails all requests", async () => {
  await connected(async (connection, server) => {
    const answers = Array.from({ length: 7 }, () => ask(connection));
    const ended = Promise.allSettled(answers);
    await requests(server, 5);
    server.sockets[0]!.end(answerTo(1, "1").subarray(0, 8));
    for (const { status, reason } of await ended as PromiseRejectedResult[]) {
      assert.equal(status, "rejected");
      assert.match(reason.message, /Connection closed/);
      assert.equal(reason.code, "PLT_KFK_NETWORK");
    }
    await connection.closed;
    await assert.rejects(ask(connection), /Connection closed/);
  });
});

Deno.test("BrokerConnection ends where an answer does not come in time", async () => {
  const settings = { ...SETTINGS, requestTimeoutMs: 300 };
  await connected(async (connection) => {
    const [first, second] = await Promise.allSettled([ask(connection), ask(connection)]);
    assert.match((first as PromiseRejectedResult).reason.message, /Request timed out/);
    assert.match((second as PromiseRejectedResult).reason.message, /timed out|Connection closed/);
    await connection.closed;
  }, settings);
});

Deno.test("BrokerConnection ends where the answer is that to another request", async () => {
  await connected(async (connection, server) => {
    const answer = ask(connection);
    answer.catch(() => {});
    await requests(server, 1);
    server.sockets[0]!.write(answerTo(2, "?"));
    await assert.rejects(answer, /unexpected response with correlation_id=2/);
    await connection.closed;
  });
});

Deno.test("BrokerConnection that retires brings the answers under way first", async () => {
  await connected(async (connection, server) => {
    const answers = Promise.all([ask(connection), ask(connection)]);
    await requests(server, 2);
    connection.retire();
    server.sockets[0]!.write(answerTo(1, "1"));
    server.sockets[0]!.write(answerTo(2, "2"));
    assert.deepEqual(await answers, ["1", "2"]);
    await connection.closed;
  });
});

Deno.test("BrokerConnection fails where nobody listens, and says so", async () => {
  const { address, [Symbol.asyncDispose]: close } = await serve();
  await close();
  const connection = new BrokerConnection(address, SETTINGS);
  await assert.rejects(connection.connect(), (error: Error) => {
    assert.match(error.message, /Connection to 127\.0\.0\.1:\d+ failed/);
    assert.match((error.cause as Error).message, /ECONNREFUSED/);
    return true;
  });
  await connection.closed;
});
