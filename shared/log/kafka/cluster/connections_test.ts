import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { saslAuthenticateV2, saslHandshakeV1, Writer } from "@platformatic/kafka";
import { eventually, PATIENCE_MS } from "../../../eventually.ts";
import { Connections } from "./connections.ts";
import { kafkaSettings } from "./options.ts";
import * as protocol from "./protocol.ts";

/** For how long a login counts, ms: a moment later another connection has to take over. */
const LIFETIME_MS = 1n;

/** The body of the answer to a request of this kind, from behind the correlation id on. */
function answerTo(key: number): Writer {
  const answer = Writer.create();
  if (key === saslHandshakeV1.api.key) {
    return answer.appendInt16(0)
      .appendArray(["PLAIN"], (each, name) => each.appendString(name, false), false, false);
  }
  answer.appendTaggedFields();
  if (key === saslAuthenticateV2.api.key) {
    return answer.appendInt16(0).appendString(null).appendBytes(Buffer.alloc(0))
      .appendInt64(LIFETIME_MS).appendTaggedFields();
  }
  assert.equal(key, protocol.heartbeat.key);
  return answer.appendInt32(0).appendInt16(0).appendTaggedFields();
}

/** Answers each request, which comes in one piece. */
function answerAll(socket: Socket): void {
  socket.on("error", () => {});
  socket.on("data", (request: Buffer) => {
    const answer = Writer.create().appendInt32(request.readInt32BE(8))
      .appendFrom(answerTo(request.readInt16BE(4))).prependLength();
    socket.write(answer.buffer);
  });
}

Deno.test("Connections make another connection before a login counts no longer", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    answerAll(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const login = { kafkaUsername: "me", kafkaPassword: "geheim", kafkaMechanism: "PLAIN" } as const;
  const settings = await kafkaSettings(`kafka://127.0.0.1:${port}`, login);
  const connections = new Connections(settings);
  try {
    await eventually(async () => {
      await connections.call(
        settings.bootstrap[0]!,
        protocol.heartbeat,
        "group",
        1,
        "member",
        null,
      );
      assert.ok(sockets.length >= 3);
    }, { deadlineMs: PATIENCE_MS, intervalMs: 5 });
    // Those before it have come to their end, and none of them is lost.
    await eventually(() => {
      assert.deepEqual(sockets.slice(0, -1).filter((socket) => !socket.destroyed), []);
    }, { deadlineMs: PATIENCE_MS, intervalMs: 5 });
    assert.equal(connections.lostCount, 0);
  } finally {
    await connections.close();
    server.close();
  }
});
