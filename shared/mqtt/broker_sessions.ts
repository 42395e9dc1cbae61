/**
 * The persistent sessions of the embedded broker, and how it delivers to its clients.
 *
 *   publisher ─┬─▶ aedes ─▶ outgoingEnqueueCombi ─┬─▶ SessionQueue ─▶ deliver ─▶ subscriber
 *              └─▶ Shortcut ─▶ publish ───────────┘         ◀── PUBACK ──┘
 *
 * Who does not take its messages waits for nobody but itself. One session, that of the bridge, is
 * kept whole: while it is full, publishers wait for their acknowledgement. Any other session that is
 * full loses its oldest messages, its client being away or stuck; and a client that does not read
 * what it is sent loses its connection. Both are reported.
 */
import type { AedesPublishPacket, Client } from "aedes";
import { Readable } from "node:stream";
import { encodePublish } from "./publish_packet.ts";
import { type QueueLimits, SessionQueue } from "./session_queue.ts";

const IN_FLIGHT_MAX = 1000;
/** The bridge acknowledges what the log has, batch by batch: it should not have to wait for the next. */
const IN_FLIGHT_KEPT_MAX = 10_000;
/** Bytes that may be written to a client ahead of what it reads. */
const UNREAD_BYTES_MAX = 8 * 1024 * 1024;

/** Who hears what the broker does to its clients. Each may come often. */
export interface BrokerListener {
  /** So many messages for this session, which is full, were dropped. */
  dropped(clientId: string, count: number): void;
  /** A publisher waits: the session that is kept whole is full. */
  waiting(clientId: string): void;
  /** The connection of this client was ended, since it does not read. */
  ended(clientId: string): void;
}

export interface SessionOptions {
  /** The client whose session is kept whole. */
  readonly keepAllFor: string | undefined;
  /** For each session. */
  readonly limits: QueueLimits;
  readonly listener: BrokerListener;
}

/** What of an aedes client is not in its types. */
export interface DeliveringClient extends Client {
  deliverQoS: Deliver;
  deliver0: Deliver;
  /** By topic filter. */
  readonly subscriptions: Readonly<
    Record<string, { readonly qos: number; readonly func: unknown }>
  >;
  /** Calls back once the connection has been read from; ends it where that takes too long. */
  waitForDrain(done: () => void): void;
}

type Deliver = (packet: Partial<AedesPublishPacket>, done: () => void) => void;

/** The part of aedes' persistence that session queues replace. */
export interface OutgoingPersistence {
  outgoingEnqueue(subscription: { clientId: string }, packet: AedesPublishPacket): Promise<void>;
  outgoingEnqueueCombi(
    subscriptions: readonly { clientId: string }[],
    packet: AedesPublishPacket,
  ): Promise<void>;
  outgoingUpdate(): Promise<void>;
  outgoingClearMessageId(client: Client, packet: { messageId?: number }): Promise<void>;
  outgoingStream(client: Client): Readable;
}

/** What is kept of a message. */
type KeptMessage = Pick<AedesPublishPacket, "topic" | "payload" | "retain">;

interface Session {
  readonly clientId: string;
  readonly queue: SessionQueue<KeptMessage>;
  /** The connection, while there is one. */
  client: DeliveringClient | undefined;
}

/** The persistent sessions, by client id. */
export class BrokerSessions {
  readonly #options: SessionOptions;
  readonly #byClientId = new Map<string, Session>();
  #waitingForRoom: (() => void)[] = [];

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Replaces how aedes delivers to a client. Before it subscribes. */
  takeOverDelivery(
    client: DeliveringClient,
    { clientId, clean }: { readonly clientId: string; readonly clean?: boolean },
  ): void {
    const { deliver0, deliverQoS } = client;
    const isKept = clientId === this.#options.keepAllFor;
    client.deliver0 = isKept ? deliver0 : this.#withoutWaiting(client, deliver0);
    if (clean === true) {
      client.deliverQoS = isKept ? deliverQoS : this.#withoutWaiting(client, deliverQoS);
      return;
    }
    client.deliverQoS = (packet, done) => {
      if (packet.qos === 0) return client.deliver0(packet, done);
      // Live QoS 1 delivery does nothing: the queue delivers. Only stored (retained) messages come
      // here without having been enqueued.
      if (packet.retain) this.#enqueue(client.id, packet as KeptMessage);
      done();
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

  /** Whether the session that is kept whole has room. */
  get hasRoom(): boolean {
    const { keepAllFor, limits } = this.#options;
    const session = keepAllFor === undefined ? undefined : this.#byClientId.get(keepAllFor);
    return session === undefined || !session.queue.isFull(limits);
  }

  /** Calls back at once, or when the session that is kept whole has room. */
  whenRoom(callback: () => void): void {
    if (this.hasRoom) return callback();
    this.#options.listener.waiting(this.#options.keepAllFor!);
    this.#waitingForRoom.push(callback);
  }

  /** Whether it is the delivery of QoS 1 to the session of one of these clients, which does nothing. */
  isOfSession(deliver: unknown, clientIds: readonly string[]): boolean {
    return clientIds.some((clientId) => {
      const subscriptions = this.#byClientId.get(clientId)?.client?.subscriptions ?? {};
      return Object.values(subscriptions).some(({ qos, func }) => qos > 0 && func === deliver);
    });
  }

  /** Gives a message of QoS 1 to the sessions of these clients. */
  publish(clientIds: readonly string[], message: KeptMessage): void {
    for (const clientId of clientIds) this.#enqueue(clientId, message);
  }

  /** Takes the acknowledgement of a client. */
  acknowledge(client: Client, messageId: number | undefined): void {
    const session = this.#byClientId.get(client.id);
    if (session?.client !== client || messageId === undefined) return;
    if (session.queue.acknowledge(messageId) === undefined) return;
    this.#deliver(session);
    if (this.#waitingForRoom.length > 0) this.#releaseWaiting();
  }

  persistence(): OutgoingPersistence {
    return {
      outgoingEnqueue: (subscription, packet) => {
        this.#enqueue(subscription.clientId, packet);
        return Promise.resolve();
      },
      outgoingEnqueueCombi: (subscriptions, packet) => {
        this.publish(subscriptions.map(({ clientId }) => clientId), packet);
        return Promise.resolve();
      },
      outgoingUpdate: () => Promise.resolve(),
      outgoingClearMessageId: (client, packet) => {
        this.acknowledge(client, packet.messageId);
        return Promise.resolve();
      },
      outgoingStream: (client) => {
        if (client.clean) this.#forget(client.id);
        return Readable.from([]);
      },
    };
  }

  #session(clientId: string): Session {
    let session = this.#byClientId.get(clientId);
    if (session === undefined) {
      const isKept = clientId === this.#options.keepAllFor;
      const queue = new SessionQueue<KeptMessage>(
        isKept ? IN_FLIGHT_KEPT_MAX : IN_FLIGHT_MAX,
      );
      session = { clientId, queue, client: undefined };
      this.#byClientId.set(clientId, session);
    }
    return session;
  }

  /** A clean start ends a session; of the one that is kept whole, what was pending is lost. */
  #forget(clientId: string): void {
    const pending = this.pendingFor(clientId);
    const { keepAllFor, listener } = this.#options;
    if (pending > 0 && clientId === keepAllFor) listener.dropped(clientId, pending);
    this.#byClientId.delete(clientId);
    this.#releaseWaiting();
  }

  #enqueue(clientId: string, message: KeptMessage): void {
    const { keepAllFor, limits, listener } = this.#options;
    const session = this.#session(clientId);
    session.queue.push(message, message.payload.length + message.topic.length);
    this.#deliver(session);
    if (clientId === keepAllFor) return;
    const dropped = session.queue.dropBeyond(limits);
    if (dropped > 0) listener.dropped(clientId, dropped);
  }

  #deliver({ client, queue }: Session): void {
    if (client === undefined || client.closed) return;
    let isRead = true;
    for (let next = queue.next(); next !== undefined; next = queue.next()) {
      const { topic, payload, retain } = next.message;
      const { dup, messageId } = next;
      isRead = client.conn.write(encodePublish({ topic, payload, retain, dup, messageId }));
    }
    if (!isRead) client.waitForDrain(noop);
  }

  /** aedes lets publishers wait until each subscriber has read: here, only until it is written. */
  #withoutWaiting(client: DeliveringClient, send: Deliver): Deliver {
    return (packet, done) => {
      if (client.conn.writableLength <= UNREAD_BYTES_MAX) {
        send(packet, noop);
      } else if (!client.closed) {
        client.close();
        this.#options.listener.ended(client.id);
      }
      setImmediate(done);
    };
  }

  #releaseWaiting(): void {
    if (!this.hasRoom) return;
    const waiting = this.#waitingForRoom;
    this.#waitingForRoom = [];
    for (const callback of waiting) callback();
  }
}

function noop(): void {}
