/** Against a broker of a few bytes, for what real ones do seldom. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { DropWatch } from "./drop_watch.ts";
import type { SessionLoss } from "./metrics.ts";
import { Subscriber } from "./subscriber.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS };
const CONNECT = 1;
const SUBSCRIBE = 8;
const NOT_AUTHORIZED = 0x87;

/** Packets of MQTT 5 that a broker sends, one byte a number. */
const CONNACK = (sessionPresent: boolean) => Uint8Array.of(0x20, 3, sessionPresent ? 1 : 0, 0, 0);
const SUBACK = (packet: Uint8Array, ...codes: number[]) =>
  Uint8Array.of(0x90, 3 + codes.length, packet[2]!, packet[3]!, 0, ...codes);
const DISCONNECT = (reasonCode: number) => Uint8Array.of(0xe0, 2, reasonCode, 0);

/** How a connection goes. */
interface Course {
  readonly sessionPresent: boolean;
  /** The broker hangs up, for this reason, as soon as the client has subscribed. */
  readonly reasonCode?: number;
  /** The broker hangs up when it is asked what it drops, rather than refuse that. */
  readonly isTouchy?: boolean;
}

/** One connection after the other; those that follow go as the last one. */
async function withBroker(
  courses: readonly Course[],
  run: (port: number, connectionCount: () => number) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const course = courses[connections++] ?? courses.at(-1)!;
    let subscriptions = 0;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (packet: Uint8Array) => {
      const kind = packet[0]! >> 4;
      if (kind === CONNECT) socket.write(CONNACK(course.sessionPresent));
      if (kind !== SUBSCRIBE) return;
      subscriptions++;
      if (subscriptions === 1) socket.write(SUBACK(packet, 1));
      else if (course.isTouchy) socket.destroy();
      else socket.write(SUBACK(packet, NOT_AUTHORIZED, NOT_AUTHORIZED, NOT_AUTHORIZED));
      if (course.reasonCode !== undefined) socket.end(DISCONNECT(course.reasonCode));
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
  courses: readonly Course[],
  hasSession: boolean,
): Promise<SessionLoss[]> {
  const losses: SessionLoss[] = [];
  await withBroker(courses, async (port, connectionCount) => {
    let problem: string | undefined = "not subscribed yet";
    const subscriber = new Subscriber({ host: "127.0.0.1", port, protocolVersion: 5 }, {
      ...{ clientId: "a", filters: ["x"], sessionExpiryS: 60, receiveMaximum: 10 },
    }, {
      offer: () => undefined,
      onState: (state) => problem = state,
      hasSession: () => hasSession,
      onSessionLost: (how) => losses.push(how),
      drops: new DropWatch({
        before: () => undefined,
        remember: () => {},
        onDropped: () => {},
      }),
      onWarning: () => {},
      nowMs: () => 0,
      random: () => 0,
      isSettled: () => true,
      signal: new AbortController().signal,
      stalled: new AbortController().signal,
    });
    await eventually(() => {
      assert.deepEqual([connectionCount(), problem], [courses.length, undefined]);
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

Deno.test("Subscriber asks a broker no more that hangs up when it is asked what it drops", async () => {
  const touchy = { sessionPresent: true, isTouchy: true };
  assert.deepEqual(await lossesAgainst([touchy, touchy, touchy, touchy], true), []);
});

Deno.test("Subscriber says when its session is not there, at first and later", async () => {
  const losses = await lossesAgainst([
    { sessionPresent: false, reasonCode: 0x8b },
    { sessionPresent: false },
  ], true);
  assert.deepEqual(losses, ["lost", "lost"]);
});
