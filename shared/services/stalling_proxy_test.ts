import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../eventually.ts";
import { freePorts } from "./ports.ts";
import { StallingProxy } from "./stalling_proxy.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 10 };

/** A server that answers every piece with itself, and counts the bytes that reach it. */
function startEcho(port: number) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const echo = { receivedBytes: 0, done: Promise.resolve(), close: () => listener.close() };
  const serve = async (connection: Deno.TcpConn) => {
    const buffer = new Uint8Array(1024);
    for (;;) {
      const size = await connection.read(buffer);
      if (size === null) return connection.close();
      echo.receivedBytes += size;
      await connection.write(buffer.subarray(0, size));
    }
  };
  echo.done = (async () => {
    const serving: Promise<void>[] = [];
    for await (const connection of listener) serving.push(serve(connection));
    await Promise.all(serving);
  })();
  return echo;
}

async function say(connection: Deno.TcpConn, text: string): Promise<void> {
  await connection.write(new TextEncoder().encode(text));
}

async function hear(connection: Deno.TcpConn): Promise<string | undefined> {
  const buffer = new Uint8Array(1024);
  const size = await connection.read(buffer);
  return size === null ? undefined : new TextDecoder().decode(buffer.subarray(0, size));
}

Deno.test("StallingProxy holds back what is sent in a stall, and forwards it afterwards", async () => {
  const [port, targetPort] = freePorts(2) as [number, number];
  const echo = startEcho(targetPort);
  const proxy = new StallingProxy({ port, targetPort });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await say(connection, "before");
  assert.equal(await hear(connection), "before");
  proxy.stall();
  await say(connection, "during");
  const second = await Deno.connect({ hostname: "127.0.0.1", port });
  await say(second, "new");
  // A round trip past the proxy: time enough for the others to have come through.
  const direct = await Deno.connect({ hostname: "127.0.0.1", port: targetPort });
  await say(direct, "direct");
  assert.equal(await hear(direct), "direct");
  assert.equal(echo.receivedBytes, "before".length + "direct".length);
  proxy.resume();
  assert.equal(await hear(connection), "during");
  assert.equal(await hear(second), "new");
  for (const each of [connection, second, direct]) each.close();
  await proxy.close();
  echo.close();
  await echo.done;
});

Deno.test("StallingProxy delivers what a client sent in a stall before it left", async () => {
  const [port, targetPort] = freePorts(2) as [number, number];
  const echo = startEcho(targetPort);
  const proxy = new StallingProxy({ port, targetPort });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await say(connection, "a");
  assert.equal(await hear(connection), "a");
  proxy.stall();
  await say(connection, "late");
  connection.close();
  proxy.resume();
  await eventually(() => assert.equal(echo.receivedBytes, "alate".length), DEADLINE);
  await proxy.close();
  echo.close();
  await echo.done;
});

Deno.test("StallingProxy ends connections to a target that is down, and close() those in a stall", async () => {
  const [port, targetPort] = freePorts(2) as [number, number];
  const proxy = new StallingProxy({ port, targetPort });
  const refused = await Deno.connect({ hostname: "127.0.0.1", port });
  assert.equal(await hear(refused).catch(() => undefined), undefined);
  refused.close();
  proxy.stall();
  const held = await Deno.connect({ hostname: "127.0.0.1", port });
  await proxy.close();
  assert.equal(await hear(held).catch(() => undefined), undefined);
  held.close();
});
