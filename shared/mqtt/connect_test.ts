import assert from "node:assert/strict";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { hasCode } from "../errors.ts";
import { eventually, PATIENCE_MS } from "../eventually.ts";
import { freePorts } from "../services/ports.ts";
import { type Backoff, BACKOFF_OF_MANY, BACKOFF_OF_ONE, backoffMs, openMqtt } from "./connect.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS };
const neverAborts = new AbortController().signal;

async function withBroker(
  test: (start: () => Promise<void>, port: number) => Promise<void>,
): Promise<void> {
  const [port] = freePorts(1);
  const broker = await Aedes.createBroker();
  const server: Server = createServer(broker.handle);
  try {
    await test(() => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve)), port!);
  } finally {
    await new Promise<void>((resolve) => broker.close(resolve));
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

function open(
  port: number,
  protocolVersion: 4 | 5,
  signal: AbortSignal = neverAborts,
  backoff: Backoff = BACKOFF_OF_ONE,
) {
  const problems: string[] = [];
  const firstProblem = Promise.withResolvers<void>();
  const connection = openMqtt({ protocol: "mqtt", host: "127.0.0.1", port, protocolVersion }, {
    backoff,
    signal,
    random: () => 1,
    onProblem: (reason) => {
      problems.push(reason);
      firstProblem.resolve();
    },
  });
  return { connection, problems, firstProblem: firstProblem.promise };
}

Deno.test("openMqtt() waits for a broker that comes up later", async () => {
  await withBroker(async (start, port) => {
    const { connection, problems, firstProblem } = open(port, 4);
    await firstProblem;
    assert.match(problems[0]!, /ECONNREFUSED/);
    await start();
    await connection.connected;
    assert.ok(connection.client.connected);
    await connection.close();
    await connection.close();
  });
});

Deno.test("openMqtt() says which flag to change where the broker speaks another version", async () => {
  await withBroker(async (start, port) => {
    await start();
    const { connection } = open(port, 5);
    await assert.rejects(
      connection.connected,
      (error) => hasCode(error, "config") && /--mqtt-version/.test(error.message),
    );
    await connection.close();
  });
});

Deno.test("openMqtt() gives up the wait when the signal aborts", async () => {
  const stop = new AbortController();
  const { connection, firstProblem } = open(freePorts(1)[0]!, 4, stop.signal);
  await firstProblem;
  stop.abort(new Error("stopping"));
  await assert.rejects(connection.connected, /stopping/);
});

Deno.test("openMqtt() waits a second at most, however long the broker is away", async () => {
  const { connection: { client, close }, problems } = open(freePorts(1)[0]!, 4);
  const pausesMs: number[] = [];
  client.on("close", () => pausesMs.push(client.options.reconnectPeriod!));
  await eventually(() => assert.ok(pausesMs.length >= 8), DEADLINE);
  assert.deepEqual(pausesMs.slice(0, 8), [25, 50, 100, 200, 400, 800, 1000, 1000]);
  assert.ok(problems.length >= 8);
  await close();
});

/** The pauses before a connection comes back that is lost again and again, as soon as it is there. */
async function pausesOfLosses(
  backoff: Backoff,
  isLasting: (pauseMs: number) => boolean,
): Promise<number[]> {
  const pausesMs: number[] = [];
  await withBroker(async (start, port) => {
    await start();
    const { connection: { client, connected, close } } = open(port, 4, neverAborts, backoff);
    await connected;
    const onClose = () => pausesMs.push(client.options.reconnectPeriod!);
    client.on("close", onClose);
    for (let lost = 1; lost <= 3; lost++) {
      await eventually(() => assert.ok(isLasting(client.options.reconnectPeriod!)), DEADLINE);
      client.stream.destroy();
      await eventually(() => assert.ok(pausesMs.length >= lost && client.connected), DEADLINE);
    }
    client.off("close", onClose);
    await close();
  });
  return pausesMs;
}

Deno.test("openMqtt() comes back later and later from connections that do not last", async () => {
  const pausesMs = await pausesOfLosses({ minMs: 25, maxMs: 600_000 }, () => true);
  assert.deepEqual(pausesMs, [25, 50, 100]);
});

Deno.test("openMqtt() comes back at once from a connection that lasted", async () => {
  const backoff = { minMs: 25, maxMs: 60 };
  const pausesMs = await pausesOfLosses(backoff, (pauseMs) => pauseMs === backoff.minMs);
  assert.deepEqual(pausesMs, [25, 25, 25]);
});

/** Connections to this port of 127.0.0.1 until nobody accepts one any more. */
async function fillBacklog(port: number): Promise<Socket[]> {
  let accepted = 0;
  const sockets: Socket[] = [];
  for (let count = 0; count < 600; count++) {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => accepted++);
    socket.on("error", () => {});
    sockets.push(socket);
  }
  await eventually(() => assert.ok(accepted >= 512), DEADLINE);
  return sockets;
}

Deno.test("openMqtt() asks a host anew that does not answer at all", async () => {
  await withBroker(async (start, port) => {
    const deaf = Deno.listen({ hostname: "127.0.0.1", port });
    const sockets = await fillBacklog(port);
    const { connection, problems } = open(port, 4);
    await eventually(() => {
      assert.ok(problems.filter((text) => text === "127.0.0.1 does not answer").length >= 2);
    }, DEADLINE);
    deaf.close();
    for (const socket of sockets) socket.destroy();
    await start();
    await connection.connected;
    await connection.close();
  });
});

Deno.test("backoffMs() doubles up to a bound that no jitter exceeds", () => {
  assert.equal(backoffMs(0, 1, BACKOFF_OF_MANY), 250);
  assert.equal(backoffMs(1, 0.5, BACKOFF_OF_MANY), 375);
  assert.equal(backoffMs(3, 0, BACKOFF_OF_MANY), 1000);
  assert.equal(backoffMs(3, 1, BACKOFF_OF_MANY), 2000);
  assert.equal(backoffMs(1000, 1, BACKOFF_OF_MANY), 10_000);
  assert.equal(backoffMs(1000, 1, BACKOFF_OF_ONE), 1000);
});
