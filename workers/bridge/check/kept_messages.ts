/**
 * How many messages a broker keeps for a client that is away: a session of our own goes away, more
 * and more is published for it, and what comes when it is back is counted.
 *
 *   subscribe ─▶ away ─▶ publish 2,000 ─▶ back: 2,000 came? ─▶ away ─▶ publish 20,000 ─▶ …
 *                                           └ fewer: that is what it keeps
 */
import { setTimeout as delay } from "node:timers/promises";
import { messageOf, WattstreamError } from "../../../shared/errors.ts";
import { newClientId } from "../client_id.ts";
import type { Publication } from "../publish_stream.ts";
import { type CheckBroker, type CheckConnection, connectForCheck } from "./connection.ts";

/** Below it `--check` publishes and listens: a user of the broker needs the right to both. */
export const CHECK_TOPIC = "wattstream/check";
/** Each time so many are published. */
const COUNTS: readonly number[] = [2000, 20_000, 100_000];
/** As long as a reading: some brokers have a bound in bytes. */
const PAYLOAD_BYTES = 100;
/** Of publications under way, where the broker takes so many. */
const BATCH_MAX = 100;
const MARKER = "marker";
const MARKER_EVERY_MS = 200;
/** A broker from which nothing comes for so long has nothing. */
const STALL_MS = 15_000;
/** After which the broker forgets the session, should we end before we have cleaned up. */
const SESSION_EXPIRY_S = 600;

export interface KeptMessages {
  readonly count: number;
  /** It kept all that were published: it may keep more. */
  readonly isAtLeast: boolean;
}

export interface KeptSettings {
  /** Of the bridge: should its session be ours by mistake, it is to last as long as before. */
  readonly sessionExpiryS: number;
  /** How many are published, one after the other. */
  readonly counts?: readonly number[];
}

/** A session at the broker for which messages can be kept, and who publishes them. */
export class KeptMessagesCheck {
  readonly #session: AwaySession;
  readonly #publisher: CheckConnection;
  readonly #counts: readonly number[];

  private constructor(
    session: AwaySession,
    publisher: CheckConnection,
    counts: readonly number[] = COUNTS,
  ) {
    this.#session = session;
    this.#publisher = publisher;
    this.#counts = counts;
  }

  /**
   * Connects, and sees that messages come through.
   * @throws WattstreamError `auth` where we may not publish or listen, `config` where the broker gives
   * all connections of a user one client id, or a code of `connectForCheck`.
   */
  static async open(broker: CheckBroker, settings: KeptSettings): Promise<KeptMessagesCheck> {
    await using opening = new AsyncDisposableStack();
    const session = new AwaySession(broker, settings.sessionExpiryS);
    opening.defer(() => session.end());
    await session.open();
    const publisher = await connectForCheck(broker, { clientId: newClientId(), clean: true });
    opening.defer(() => publisher.close());
    await rehearse(session, (payload) => publishTo(publisher, session.topic, payload));
    opening.move();
    return new KeptMessagesCheck(session, publisher, settings.counts);
  }

  /**
   * Finds it out. @param onPublishing hears how many are published next.
   * @throws WattstreamError `unavailable` where nothing moves any more, `auth` as `open`.
   */
  async measure(onPublishing: (count: number) => void): Promise<KeptMessages> {
    const session = this.#session;
    const publish = (payload: string) => publishTo(this.#publisher, session.topic, payload);
    const batch = Math.min(BATCH_MAX, this.#publisher.receiveMaximum);
    for (const count of this.#counts) {
      await session.leave();
      onPublishing(count);
      for (let index = 0; index < count; index += batch) {
        await Promise.all(Array.from({ length: Math.min(batch, count - index) }, (_, offset) => {
          return publish(`${index + offset} `.padEnd(PAYLOAD_BYTES, "."));
        }));
      }
      if (!await session.comeBack()) return { count: 0, isAtLeast: false };
      await untilMarked(session, publish);
      if (session.received.size < count) return { count: session.received.size, isAtLeast: false };
    }
    return { count: this.#counts.at(-1)!, isAtLeast: true };
  }

  /** Disconnects and leaves nothing at the broker. */
  async close(): Promise<void> {
    await this.#publisher.close();
    await this.#session.end();
  }
}

/** The session that goes away. */
class AwaySession {
  readonly topic: string;
  /** Numbers of the messages that came since it was last away. */
  received = new Set<number>();
  markers = 0;
  movedMs = performance.now();
  readonly #broker: CheckBroker;
  readonly #firstExpiryS: number;
  readonly #clientId = newClientId();
  #isOurs = false;
  #connection: CheckConnection | undefined;

  constructor(broker: CheckBroker, sessionExpiryS: number) {
    this.#broker = broker;
    this.#firstExpiryS = Math.max(sessionExpiryS, SESSION_EXPIRY_S);
    this.topic = `${CHECK_TOPIC}/${this.#clientId.slice(-8)}`;
  }

  get #isV5(): boolean {
    return this.#broker.mqtt.protocolVersion === 5;
  }

  get isConnected(): boolean {
    return this.#connection?.client.connected === true;
  }

  /** @throws WattstreamError `auth`, `config`. */
  async open(): Promise<void> {
    this.#connection = await this.#connect(this.#firstExpiryS);
    if (this.#connection.isSessionPresent) {
      // It is not destroyed: nothing of it was acknowledged, and it stays when we hang up.
      await this.#connection.close();
      throw oneClientId();
    }
    this.#isOurs = true;
    const granted = await this.#connection.client.subscribeAsync(this.topic, { qos: 1 })
      .catch((error) => {
        throw refused(this.topic, messageOf(error));
      });
    if (granted.every(({ qos }) => qos === 1)) return;
    throw refused(this.topic, "it does not grant a subscription with QoS 1");
  }

  async leave(): Promise<void> {
    const { client, close } = this.#connection!;
    const properties = this.#isV5 ? { sessionExpiryInterval: SESSION_EXPIRY_S } : undefined;
    await client.endAsync(false, { ...(properties && { properties }) });
    await close();
    this.received = new Set();
    this.markers = 0;
  }

  /** False where the broker has no session any more. */
  async comeBack(): Promise<boolean> {
    this.movedMs = performance.now();
    this.#connection = await this.#connect(SESSION_EXPIRY_S);
    return this.#connection.isSessionPresent;
  }

  /** Leaves nothing at the broker. */
  async end(): Promise<void> {
    await this.#connection?.close();
    if (!this.#isOurs) return;
    const last = await connectForCheck(this.#broker, { clientId: this.#clientId, clean: true });
    await last.close();
  }

  #connect(sessionExpiryInterval: number): Promise<CheckConnection> {
    return connectForCheck(this.#broker, {
      ...{ clientId: this.#clientId, clean: false },
      ...(this.#isV5 && { properties: { sessionExpiryInterval } }),
    }, (message) => this.#take(message));
  }

  #take({ topic, payload }: Publication): boolean {
    if (topic !== this.topic) return false;
    this.movedMs = performance.now();
    const text = new TextDecoder().decode(payload);
    if (text === MARKER) this.markers++;
    else this.received.add(parseInt(text));
    return true;
  }
}

type Publish = (payload: string) => Promise<void>;

/** One message goes through, or we do not have the rights. */
async function rehearse(session: AwaySession, publish: Publish): Promise<void> {
  if (!session.isConnected) throw oneClientId();
  await untilMarked(session, publish).catch((cause) => {
    if (!session.isConnected) throw oneClientId();
    if (cause instanceof WattstreamError && cause.code === "auth") throw cause;
    throw refused(session.topic, "what we publish does not come back");
  });
}

/**
 * Publishes markers until one has come: the broker keeps the order, so all that it kept came before.
 * @throws WattstreamError `unavailable` where nothing comes.
 */
async function untilMarked(session: AwaySession, publish: Publish): Promise<void> {
  while (session.markers === 0) {
    if (performance.now() - session.movedMs > STALL_MS) {
      throw new WattstreamError("unavailable", "The broker delivers nothing any more");
    }
    if (!session.isConnected) {
      throw new WattstreamError("unavailable", "The broker has ended our connection");
    }
    await publish(MARKER);
    await delay(MARKER_EVERY_MS);
  }
}

async function publishTo(
  { client, ended }: CheckConnection,
  topic: string,
  text: string,
): Promise<void> {
  const publishing = client.publishAsync(topic, text, { qos: 1 }).catch((error) => {
    throw refused(topic, messageOf(error));
  });
  await Promise.race([publishing, ended]);
}

function refused(topic: string, reason: string): WattstreamError {
  return new WattstreamError(
    "auth",
    `Let this user of the broker publish and subscribe below ${CHECK_TOPIC}/# (Mosquitto's acl_file: ` +
      `topic readwrite ${CHECK_TOPIC}/#): ${topic} did not work (${reason})`,
  );
}

function oneClientId(): WattstreamError {
  return new WattstreamError(
    "config",
    "Check with a listener or user that leaves client ids alone: here the broker gives our connections " +
      "one client id, so that each ends the other, or a running bridge",
  );
}
