/**
 * An MQTT 3.1.1 broker inside this process (aedes), for `deno task dev` and tests. Everything is in
 * memory: it ends with its process.
 *
 * Guarantee to a client with a persistent session (clean session 0): each QoS 1 message is kept
 * until it is acknowledged, and all come in the order the broker took them, at first and again after
 * a lost connection. Plain aedes does not give that: at a reconnect it starts live delivery before
 * it has sent what is stored, so new messages overtake old ones by as long as the backlog takes, and
 * it drops live messages that retained ones have passed. Here {@link BrokerSessions} take the place
 * of that part of aedes.
 *
 * A session holds up to 200,000 messages or 256 MiB. Beyond that publishers wait for the one client
 * that must lose nothing; any other loses its oldest messages, so that nobody who is away or stuck
 * holds up the rest.
 */
import { Aedes } from "aedes";
import { type AddressInfo, createServer, type Server } from "node:net";
import { messageOf, WattstreamError } from "../errors.ts";
import {
  type BrokerListener,
  BrokerSessions,
  type DeliveringClient,
  type OutgoingPersistence,
} from "./broker_sessions.ts";
import { readFrequentPackets } from "./packet_reader.ts";
import { rememberMatches } from "./remembered_matches.ts";
import type { QueueLimits } from "./session_queue.ts";
import { type BrokerConnection, Shortcut } from "./shortcut.ts";
import { TopicMemory } from "./topic_memory.ts";
import { gatherWrites } from "./gathered_writes.ts";
import { isAnswerTopic } from "./topics.ts";

const LIMITS: QueueLimits = { messages: 200_000, bytes: 256 * 1024 * 1024 };

export interface EmbeddedBroker {
  /** `mqtt://host:port` */
  readonly url: string;
  readonly port: number;
  /** Messages taken so far but for answers to households, every QoS, repeated ones included. */
  readonly publishedCount: number;
  readonly connectedClients: number;
  /** QoS 1 messages kept for the persistent session of this client: in flight or waiting. */
  pendingFor(clientId: string): number;
  /** Messages that were dropped, by the client id of the session that did not take them. */
  readonly dropped: ReadonlyMap<string, number>;
  /** Ends every connection and the broker. Safe twice. */
  close(): Promise<void>;
}

/** What a broker may be told; the defaults are those of `deno task dev`. */
export interface BrokerOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  readonly hostname?: string;
  /** The client whose session is kept whole: where it is full, publishers wait. */
  readonly keepAllFor?: string;
  /** How much may be pending for a session. */
  readonly limits?: QueueLimits;
  readonly listener?: BrokerListener;
  /** Hears the topic of each message that is published but for answers to households. */
  readonly onPublished?: (topic: string) => void;
}

/**
 * Starts a broker.
 * @throws WattstreamError `config` when the address cannot be listened on.
 */
export async function startEmbeddedBroker(options: BrokerOptions = {}): Promise<EmbeddedBroker> {
  const { port = 0, hostname = "127.0.0.1", keepAllFor, limits = LIMITS, listener } = options;
  const dropped = new Map<string, number>();
  const sessions = new BrokerSessions({
    keepAllFor,
    limits,
    listener: {
      dropped(clientId, count) {
        dropped.set(clientId, (dropped.get(clientId) ?? 0) + count);
        listener?.dropped(clientId, count);
      },
      waiting: (clientId) => listener?.waiting(clientId),
      ended: (clientId) => listener?.ended(clientId),
    },
  });
  const broker = await Aedes.createBroker({
    // It would let a hundred messages a turn of the event loop through; what a connection may have
    // under way is bounded anyway by what is read from it at a time.
    concurrency: 0,
    preConnect(client, packet, done) {
      sessions.takeOverDelivery(client as DeliveringClient, packet);
      done(null, true);
    },
    authorizePublish(client, packet, done) {
      if (packet.topic.startsWith("$SYS/")) return done(new Error("$SYS/ is the broker's own"));
      sessions.whenRoom(() => done(client?.closed ? new Error("the connection closed") : null));
    },
    // aedes tells all who ask which client ids come and go; the bridge's is a secret.
    authorizeForward: (_, packet) => packet.topic.startsWith("$SYS/") ? null : packet,
    // Session queues know QoS 1 only; a broker may grant less than was asked for.
    authorizeSubscribe(_, subscription, done) {
      done(null, { ...subscription, qos: subscription.qos === 0 ? 0 : 1 });
    },
  });
  Object.assign((broker as unknown as { persistence: OutgoingPersistence }).persistence, {
    ...sessions.persistence(),
  });
  const areAnswers = new TopicMemory(isAnswerTopic);
  let publishedCount = 0;
  const published = (topic: string) => {
    if (areAnswers.lookUp(topic)) return;
    publishedCount++;
    options.onPublished?.(topic);
  };
  const shortcut = new Shortcut(broker, sessions, published);
  rememberMatches(broker, () => shortcut.forget());
  broker.on("publish", ({ topic }, client) => {
    if (client !== null) published(topic);
  });
  broker.on("clientReady", (client) => {
    sessions.connected(client as DeliveringClient);
    // Its subscriptions were restored before it had its session back.
    shortcut.forget();
  });
  broker.on("clientDisconnect", (client) => sessions.disconnected(client as DeliveringClient));
  const server = createServer((socket) => {
    gatherWrites(socket);
    const client = broker.handle(socket) as unknown as BrokerConnection;
    readFrequentPackets(client._parser, shortcut.open(client));
  });
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
    dropped,
    close: () => closing ??= closeAll(broker, server),
  };
}

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
