import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { Aedes } from "aedes";
import { hasCode } from "../errors.ts";
import { freePorts } from "../services/ports.ts";
import { backoffMs, openMqtt } from "./connect.ts";

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

function open(port: number, protocolVersion: 4 | 5, signal: AbortSignal = neverAborts) {
  const problems: string[] = [];
  const firstProblem = Promise.withResolvers<void>();
  const connection = openMqtt({ protocol: "mqtt", host: "127.0.0.1", port, protocolVersion }, {
    signal,
    random: () => 0,
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

Deno.test("backoffMs() doubles up to a bound, with jitter of a half each way", () => {
  assert.equal(backoffMs(0, 0.5), 250);
  assert.equal(backoffMs(1, 0.5), 500);
  assert.equal(backoffMs(3, 0), 1000);
  assert.equal(backoffMs(3, 1), 3000);
  assert.equal(backoffMs(1000, 0.5), 10_000);
});
