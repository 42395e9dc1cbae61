/** Against a broker of a few bytes, for what real ones do seldom. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { eventually } from "../../shared/eventually.ts";
import type { SessionLoss } from "./metrics.ts";
import { Subscriber } from "./subscriber.ts";

const DEADLINE = { deadlineMs: 60_000 };
const CONNECT = 1;
const SUBSCRIBE = 8;

/** Packets of MQTT 5 that a broker sends, one byte a number. */
const CONNACK = (sessionPresent: boolean) => Uint8Array.of(0x20, 3, sessionPresent ? 1 : 0, 0, 0);
const SUBACK = (packet: Uint8Array) => Uint8Array.of(0x90, 4, packet[2]!, packet[3]!, 0, 1);
const DISCONNECT = (reasonCode: number) => Uint8Array.of(0xe0, 2, reasonCode, 0);

/** Hangs up on each subscriber as soon as it has subscribed, saying why. */
async function withBroker(
  farewells: { readonly sessionPresent: boolean; readonly reasonCode?: number }[],
  run: (port: number, connectionCount: () => number) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const { sessionPresent, reasonCode } = farewells[connections++] ?? farewells.at(-1)!;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (packet: Uint8Array) => {
      const kind = packet[0]! >> 4;
      if (kind === CONNECT) socket.write(CONNACK(sessionPresent));
      if (kind !== SUBSCRIBE) return;
      socket.write(SUBACK(packet));
      if (reasonCode !== undefined) socket.end(DISCONNECT(reasonCode));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run((server.address() as AddressInfo).port, () => connections);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Subscribes, comes back until a connection lasts, and returns what it said of its session. */
async function lossesAgainst(
  farewells: Parameters<typeof withBroker>[0],
  hasSession: boolean,
): Promise<SessionLoss[]> {
  const losses: SessionLoss[] = [];
  await withBroker(farewells, async (port, connectionCount) => {
    let problem: string | undefined = "not subscribed yet";
    const subscriber = new Subscriber({ host: "127.0.0.1", port, protocolVersion: 5 }, {
      ...{ clientId: "a", filters: ["x"], sessionExpiryS: 60, receiveMaximum: 10 },
    }, {
      offer: () => undefined,
      onState: (state) => problem = state,
      hasSession: () => hasSession,
      onSessionLost: (how) => losses.push(how),
      onWarning: () => {},
      nowMs: () => 0,
      random: () => 0,
      isSettled: () => true,
      signal: new AbortController().signal,
      stalled: new AbortController().signal,
    });
    await eventually(() => {
      assert.deepEqual([connectionCount(), problem], [farewells.length, undefined]);
    }, DEADLINE);
    await subscriber.close(false);
  });
  return losses;
}

Deno.test("Subscriber says when another client has taken its session, and comes back", async () => {
  const losses = await lossesAgainst([
    { sessionPresent: true, reasonCode: 0x8e },
    { sessionPresent: true },
  ], true);
  assert.deepEqual(losses, ["taken"]);
});

Deno.test("Subscriber takes no other farewell for a takeover", async () => {
  const losses = await lossesAgainst([
    { sessionPresent: false, reasonCode: 0x8b }, // the broker shuts down
    { sessionPresent: true, reasonCode: 0x98 }, // an operator's decision
    { sessionPresent: true },
  ], false);
  assert.deepEqual(losses, []);
});

Deno.test("Subscriber says when its session is not there, at first and later", async () => {
  const losses = await lossesAgainst([
    { sessionPresent: false, reasonCode: 0x8b },
    { sessionPresent: false },
  ], true);
  assert.deepEqual(losses, ["lost", "lost"]);
});
