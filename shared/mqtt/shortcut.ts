/**
 * The way through the embedded broker of what a busy one gets ten thousands of a second: messages of
 * QoS 1 that nobody gets but sessions, and acknowledgements. Of a dozen steps of aedes for a message,
 * each with a promise or a turn of the event loop, there remains:
 *
 *   PUBLISH ─▶ queues of the sessions ─▶ PUBACK, those of a turn together
 *
 * All else is aedes', and so is what follows it on a connection until aedes has published it: nothing
 * overtakes.
 */
import type { Aedes, Client } from "aedes";
import type { BrokerSessions, DeliveringClient } from "./broker_sessions.ts";
import { Buffer } from "node:buffer";
import type { FrequentPacket, FrequentPublish, PacketParser } from "./packet_reader.ts";
import { encodePubacks } from "./puback_packets.ts";
import { type BrokerParts, partsOf } from "./remembered_matches.ts";
import { TOPIC_LENGTH_MAX, TopicMemory } from "./topic_memory.ts";

/** Aedes refuses topics of more. */
const LEVELS_MAX = 100;

/** What of a connection is private to aedes, whose exact version is pinned. */
export interface BrokerConnection extends DeliveringClient {
  readonly _parser: PacketParser;
  /** Packets under way: it reads on once these are few. */
  _parsingBatch: number;
  /** One of them is no longer. */
  _nextBatch(): void;
  /** Ends a connection that is silent. */
  readonly _keepaliveTimer: { refresh(): void } | null;
}

interface Route {
  /** The sessions that get a topic's messages; undefined where others do too. */
  clientIds: readonly string[] | undefined;
  /** Resolves once they are known, within this turn; undefined from then on. */
  finding: Promise<void> | undefined;
}

/** What of a connection is under way. */
interface Lane {
  /** Messages that aedes has and has not published. */
  atAedes: number;
  /** A message that waits until it is known who gets it, and what came after it. */
  readonly held: (FrequentPublish | Buffer)[];
  /** Message ids to acknowledge. */
  owed: number[];
  /** Whether that is due at the end of this turn. */
  isDue: boolean;
  /** Gives aedes' parser what is not taken here. */
  readonly parse: (bytes: Buffer) => unknown;
}

export class Shortcut {
  readonly #sessions: BrokerSessions;
  readonly #onPublished: (topic: string) => void;
  readonly #parts: BrokerParts;
  readonly #routes = new TopicMemory((topic) => this.#find(topic));
  readonly #lanes = new WeakMap<Client, Lane>();

  /** @param onPublished hears the topic of each message that goes this way. */
  constructor(broker: Aedes, sessions: BrokerSessions, onPublished: (topic: string) => void) {
    this.#sessions = sessions;
    this.#onPublished = onPublished;
    this.#parts = partsOf(broker);
    broker.on("publish", (_, client) => {
      const lane = client && this.#lanes.get(client);
      if (lane) lane.atAedes--;
    });
  }

  /** Who gets what may have changed. */
  forget(): void {
    this.#routes.forget();
  }

  /** Of a new connection, whose parser has nothing yet: takes a packet, or is false where it is for aedes. */
  open(client: BrokerConnection): (packet: FrequentPacket) => boolean {
    const { _parser } = client;
    const parse = _parser.parse.bind(_parser);
    const lane: Lane = { atAedes: 0, held: [], owed: [], isDue: false, parse };
    this.#lanes.set(client, lane);
    _parser.on("packet", ({ cmd }) => {
      if (cmd === "publish") lane.atAedes++;
    });
    _parser.parse = (bytes) => lane.held.length === 0 ? parse(bytes) : lane.held.push(bytes);
    return (packet) => {
      if (!client.connected || client.closed) return false;
      if (packet.cmd === "puback") {
        this.#sessions.acknowledge(client, packet.messageId);
        // It has nothing to be answered, but is a sign of life.
        answerLater(client, lane);
        return true;
      }
      if (lane.held.length === 0 && !this.#mustWait(packet, client, lane)) {
        return this.#publish(packet, client, lane);
      }
      lane.held.push(packet);
      return true;
    };
  }

  /** Whether a message has to wait; if so, what is held goes on afterwards. */
  #mustWait(packet: FrequentPublish, client: BrokerConnection, lane: Lane): boolean {
    if (!mayBeOurs(packet)) return false;
    const { finding } = this.#routes.lookUp(packet.topic);
    void finding?.then(() => this.#goOn(client, lane));
    return finding !== undefined;
  }

  /** Also of a connection that has ended meanwhile: what it sent before is taken. */
  #goOn(client: BrokerConnection, lane: Lane): void {
    const { held } = lane;
    let count = 0;
    for (; count < held.length; count++) {
      const next = held[count]!;
      if (Buffer.isBuffer(next)) {
        lane.parse(next);
        continue;
      }
      if (this.#mustWait(next, client, lane)) break;
      if (!this.#publish(next, client, lane)) client._parser.emit("packet", next);
    }
    held.splice(0, count);
  }

  #publish(packet: FrequentPublish, client: BrokerConnection, lane: Lane): boolean {
    const clientIds = mayBeOurs(packet) ? this.#routes.lookUp(packet.topic).clientIds : undefined;
    if (clientIds === undefined || lane.atAedes > 0 || !this.#sessions.hasRoom) {
      // Acknowledgements keep the order of the messages, and aedes' are written at once.
      payOwed(client, lane);
      return false;
    }
    this.#sessions.publish(clientIds, packet);
    lane.owed.push(packet.messageId!);
    answerLater(client, lane);
    this.#onPublished(packet.topic);
    return true;
  }

  #find(topic: string): Route {
    const route: Route = { clientIds: undefined, finding: undefined };
    if (!isOrdinary(topic)) return route;
    const { matcher, persistence } = this.#parts;
    route.finding = persistence.subscriptionsByTopic(topic).then((subscriptions) => {
      const clientIds = subscriptions.map(({ clientId }) => clientId);
      // Live deliveries to sessions do nothing; those to others, or at QoS 0, do.
      const isOurs = matcher.match(topic).every((deliver) =>
        this.#sessions.isOfSession(deliver, clientIds)
      );
      if (isOurs) route.clientIds = clientIds;
      route.finding = undefined;
    });
    return route;
  }
}

function mayBeOurs({ qos, retain }: FrequentPublish): boolean {
  return qos === 1 && !retain;
}

/** Whether it is a topic that anybody may publish to, and that is remembered. */
function isOrdinary(topic: string): boolean {
  return topic.length <= TOPIC_LENGTH_MAX && !topic.startsWith("$") && !/[+#]/.test(topic) &&
    topic.split("/").length <= LEVELS_MAX;
}

/** Has a connection acknowledge what it owes at the end of this turn, and then read on. */
function answerLater(client: BrokerConnection, lane: Lane): void {
  if (lane.isDue) return;
  lane.isDue = true;
  client._keepaliveTimer?.refresh();
  client._parsingBatch++;
  setImmediate(() => {
    lane.isDue = false;
    if (client.closed) return;
    if (payOwed(client, lane)) client._nextBatch();
    else client.waitForDrain(() => client._nextBatch());
  });
}

/** Sends the acknowledgements that are owed; false where no more should be sent for now. */
function payOwed(client: BrokerConnection, lane: Lane): boolean {
  const { owed } = lane;
  if (owed.length === 0 || client.closed) return true;
  lane.owed = [];
  return client.conn.write(encodePubacks(owed));
}
