/**
 * An MQTT 3.1.1 broker inside this process (aedes), for `deno task dev` and tests. Everything is in
 * memory: it ends with its process.
 *
 * Guarantee to a client with a persistent session (clean session 0): each QoS 1 message is kept
 * until it is acknowledged, and all come in the order the broker took them, at first and again after
 * a lost connection. Plain aedes does not give that: at a reconnect it starts live delivery before
 * it has sent what is stored, so new messages overtake old ones by as long as the backlog takes, and
 * it drops live messages that retained ones have passed. Here a {@link SessionQueue} for each
 * session takes the place of that part of aedes.
 *
 *   publisher ─▶ aedes ─▶ outgoingEnqueueCombi ─▶ SessionQueue ─▶ deliver ─▶ subscriber
 *                                                     ◀── PUBACK ──┘
 *
 * Back pressure: at most 1,000 messages are in flight to a session; above 200,000 pending ones
 * publishers wait for their acknowledgement until the subscriber has caught up.
 */
import { Aedes, type AedesPublishPacket, type Client } from "aedes";
import { type AddressInfo, createServer, type Server } from "node:net";
import { Readable } from "node:stream";
import { messageOf, WattstreamError } from "../errors.ts";
import { SessionQueue } from "./session_queue.ts";

const IN_FLIGHT_MAX = 1000;
const PENDING_MAX = 200_000;

export interface EmbeddedBroker {
  /** `mqtt://host:port` */
  readonly url: string;
  readonly port: number;
  /** Messages taken from publishers so far, every QoS, repeated ones included. */
  readonly publishedCount: number;
  readonly connectedClients: number;
  /** QoS 1 messages kept for the persistent session of this client: in flight or waiting. */
  pendingFor(clientId: string): number;
  /** Ends every connection and the broker. Safe twice. */
  close(): Promise<void>;
}

/** What of an aedes client is not in its types. */
interface DeliveringClient extends Client {
  deliverQoS(packet: Partial<AedesPublishPacket>, done: () => void): void;
}

/** The part of aedes' persistence that session queues replace. */
interface OutgoingPersistence {
  outgoingEnqueue(subscription: { clientId: string }, packet: AedesPublishPacket): Promise<void>;
  outgoingEnqueueCombi(
    subscriptions: readonly { clientId: string }[],
    packet: AedesPublishPacket,
  ): Promise<void>;
  outgoingUpdate(): Promise<void>;
  outgoingClearMessageId(client: Client, packet: { messageId?: number }): Promise<void>;
  outgoingStream(client: Client): Readable;
}

/**
 * Starts a broker. A port of 0 takes a free one.
 * @throws WattstreamError `config` when the address cannot be listened on.
 */
export async function startEmbeddedBroker(
  { port = 0, hostname = "127.0.0.1" }: { readonly port?: number; readonly hostname?: string } = {},
): Promise<EmbeddedBroker> {
  const sessions = new Sessions();
  const broker = await Aedes.createBroker({
    preConnect(client, packet, done) {
      if (packet.clean !== true) sessions.takeOverDelivery(client as DeliveringClient);
      done(null, true);
    },
    authorizePublish(client, packet, done) {
      if (packet.topic.startsWith("$SYS/")) return done(new Error("$SYS/ is the broker's own"));
      sessions.whenRoom(() => done(client?.closed ? new Error("the connection closed") : null));
    },
    // Session queues know QoS 1 only; a broker may grant less than was asked for.
    authorizeSubscribe(_, subscription, done) {
      done(null, { ...subscription, qos: subscription.qos === 0 ? 0 : 1 });
    },
  });
  Object.assign((broker as unknown as { persistence: OutgoingPersistence }).persistence, {
    ...sessions.persistence(),
  });
  let publishedCount = 0;
  broker.on("publish", (_, client) => {
    if (client !== null) publishedCount++;
  });
  broker.on("clientReady", (client) => sessions.connected(client as DeliveringClient));
  broker.on("clientDisconnect", (client) => sessions.disconnected(client as DeliveringClient));
  const server = createServer((socket) => void broker.handle(socket));
  try {
    await listen(server, port, hostname);
  } catch (cause) {
    await closeBroker(broker);
    throw new WattstreamError(
      "config",
      `Choose another address for the MQTT broker than ${hostname}:${port}: ${messageOf(cause)}`,
      { cause },
    );
  }
  const taken = (server.address() as AddressInfo).port;
  let closing: Promise<void> | undefined;
  return {
    url: `mqtt://${hostname.includes(":") ? `[${hostname}]` : hostname}:${taken}`,
    port: taken,
    get publishedCount() {
      return publishedCount;
    },
    get connectedClients() {
      return broker.connectedClients;
    },
    pendingFor: (clientId) => sessions.pendingFor(clientId),
    close: () => closing ??= closeAll(broker, server),
  };
}

interface Session {
  readonly queue: SessionQueue<AedesPublishPacket>;
  /** The connection, while there is one. */
  client: DeliveringClient | undefined;
}

/** The persistent sessions, by client id. */
class Sessions {
  readonly #byClientId = new Map<string, Session>();
  readonly #send = new WeakMap<Client, DeliveringClient["deliverQoS"]>();
  #waitingForRoom: (() => void)[] = [];

  /** Live QoS 1 delivery does nothing from now on: the queue delivers. Before it subscribes. */
  takeOverDelivery(client: DeliveringClient): void {
    const send = client.deliverQoS;
    this.#send.set(client, send);
    client.deliverQoS = (packet, done) => {
      if (packet.qos === 0) return send(packet, done);
      // Only stored (retained) messages come here without having been enqueued.
      if (packet.retain) this.#enqueue(client.id, packet as AedesPublishPacket);
      setImmediate(done);
    };
  }

  connected(client: DeliveringClient): void {
    if (client.clean || client.closed) return;
    const session = this.#session(client.id);
    session.client = client;
    session.queue.rewind();
    this.#deliver(session);
  }

  disconnected(client: DeliveringClient): void {
    const session = this.#byClientId.get(client.id);
    if (session?.client === client) session.client = undefined;
  }

  pendingFor(clientId: string): number {
    return this.#byClientId.get(clientId)?.queue.pending ?? 0;
  }

  /** Calls back at once, or when no session has more than the most that may be pending. */
  whenRoom(callback: () => void): void {
    if (this.#hasRoom()) callback();
    else this.#waitingForRoom.push(callback);
  }

  persistence(): OutgoingPersistence {
    return {
      outgoingEnqueue: (subscription, packet) => {
        this.#enqueue(subscription.clientId, packet);
        return Promise.resolve();
      },
      outgoingEnqueueCombi: (subscriptions, packet) => {
        for (const { clientId } of subscriptions) this.#enqueue(clientId, packet);
        return Promise.resolve();
      },
      outgoingUpdate: () => Promise.resolve(),
      outgoingClearMessageId: (client, packet) => {
        this.#acknowledge(client, packet.messageId);
        return Promise.resolve();
      },
      outgoingStream: (client) => {
        if (client.clean) {
          this.#byClientId.delete(client.id);
          this.#releaseWaiting();
        }
        return Readable.from([]);
      },
    };
  }

  #session(clientId: string): Session {
    let session = this.#byClientId.get(clientId);
    if (session === undefined) {
      session = { queue: new SessionQueue(IN_FLIGHT_MAX), client: undefined };
      this.#byClientId.set(clientId, session);
    }
    return session;
  }

  #enqueue(clientId: string, packet: AedesPublishPacket): void {
    const session = this.#session(clientId);
    session.queue.push(packet);
    this.#deliver(session);
  }

  #acknowledge(client: Client, messageId: number | undefined): void {
    const session = this.#byClientId.get(client.id);
    if (session?.client !== client || messageId === undefined) return;
    if (!session.queue.acknowledge(messageId)) return;
    this.#deliver(session);
    if (this.#waitingForRoom.length > 0) this.#releaseWaiting();
  }

  #deliver({ client, queue }: Session): void {
    if (client === undefined) return;
    const send = this.#send.get(client)!;
    for (let next = queue.next(); next !== undefined; next = queue.next()) {
      const { topic, payload, retain } = next.message;
      // Without a broker id, so that aedes does not take a repeated message for a duplicate.
      send({ topic, payload, retain, qos: 1, dup: next.dup, messageId: next.messageId }, noop);
    }
  }

  #hasRoom(): boolean {
    for (const { queue } of this.#byClientId.values()) {
      if (queue.pending >= PENDING_MAX) return false;
    }
    return true;
  }

  #releaseWaiting(): void {
    if (!this.#hasRoom()) return;
    const waiting = this.#waitingForRoom;
    this.#waitingForRoom = [];
    for (const callback of waiting) callback();
  }
}

function noop(): void {}

function listen(server: Server, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function closeBroker(broker: Aedes): Promise<void> {
  return new Promise((resolve) => broker.close(() => resolve()));
}

async function closeAll(broker: Aedes, server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await closeBroker(broker);
  await closed;
}
