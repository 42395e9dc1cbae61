/** A connection to the broker over which somebody's labels go; it is made when it is first needed. */
import type { IClientOptions } from "mqtt";
import { messageOf, WattstreamError } from "../../../shared/errors.ts";
import {
  BACKOFF_OF_ONE,
  isAuthRefusal,
  type MqttConnection,
  openMqtt,
} from "../../../shared/mqtt/connect.ts";
import type { TopicLayout } from "../../../shared/mqtt/topics.ts";
import type { PublishEvent } from "./labellers.ts";

/** So long a page waits for the broker. */
const ANSWER_MS_MAX = 2500;
/** So long for one that was lost to be back: a page is to say within 3 s that it is not. */
const BACK_MS_MAX = 1000;

export interface BrokerParts {
  /** Undefined where no broker was named. */
  readonly options: IClientOptions | undefined;
  readonly topics: TopicLayout;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

export class Broker {
  readonly #parts: BrokerParts;
  #connection: MqttConnection | undefined;
  #problem = "it is being connected to";
  #isAway = false;
  #isRefused = false;
  #wasConnected = false;

  constructor(parts: BrokerParts) {
    this.#parts = parts;
  }

  /** The newest attempt was refused by the broker for who we are. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Why there is no connection; undefined where there is one, or the first is on its way. */
  get problem(): string | undefined {
    return this.#isAway ? this.#problem : undefined;
  }

  /** Connects, if it is not and there is a broker: {@link problem} says what comes of it. */
  begin(): void {
    if (this.#parts.options !== undefined) this.#connection ??= this.#connect();
  }

  /**
   * Connects, if it is not.
   * @throws WattstreamError `auth` where the broker refuses who we are, `unavailable` where it does
   * not answer in time.
   */
  async open(): Promise<void> {
    const connection = this.#connection ??= this.#connect();
    await this.#inTime(ANSWER_MS_MAX, (late) => Promise.race([connection.connected, late]));
  }

  /** @throws WattstreamError `unavailable` where the broker does not take it in time. */
  readonly publish: PublishEvent = async (kind, event) => {
    const { client } = this.#connection ??= this.#connect();
    const topic = this.#parts.topics.format({ ...event, kind });
    const isLost = this.#wasConnected && !client.connected;
    try {
      await this.#inTime(isLost ? BACK_MS_MAX : ANSWER_MS_MAX, async (late) => {
        if (!client.connected) await untilConnected(client, late);
        await Promise.race([client.publishAsync(topic, JSON.stringify(event), { qos: 1 }), late]);
      });
    } catch (cause) {
      if (cause instanceof WattstreamError) throw cause;
      const problem = `The broker refuses it: ${messageOf(cause)}`;
      throw new WattstreamError("unavailable", problem, { cause });
    }
  };

  async close(): Promise<void> {
    await this.#connection?.close({ force: true });
  }

  /** `late` rejects where the broker has not answered in time. */
  async #inTime(
    maxMs: number,
    body: (late: Promise<never>) => Promise<void>,
  ): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const problem = () => `The broker does not answer: ${this.#problem}`;
      const fail = () => reject(new WattstreamError("unavailable", problem()));
      timer = setTimeout(fail, maxMs);
    });
    try {
      await body(late);
    } finally {
      clearTimeout(timer);
    }
  }

  #connect(): MqttConnection {
    const { options, random, signal } = this.#parts;
    if (options === undefined) {
      throw new WattstreamError("unavailable", "Start the console with --mqtt, to label over it");
    }
    const clientId = `wattstream-console-${crypto.randomUUID()}`;
    const connection = openMqtt({ ...options, clientId, clean: true, queueQoSZero: false }, {
      ...{ backoff: BACKOFF_OF_ONE, random, signal },
      onProblem: (reason) => this.#lose(reason),
    });
    connection.client.on("error", (error) => this.#isRefused = isAuthRefusal(error));
    connection.client.on("connect", () => {
      this.#isRefused = false;
      this.#isAway = false;
      this.#wasConnected = true;
    });
    connection.connected.catch((error) => {
      // Refused for good: the next who labels tries anew.
      this.#lose(messageOf(error));
      this.#connection = undefined;
    });
    return connection;
  }

  #lose(reason: string): void {
    this.#problem = reason;
    this.#isAway = true;
  }
}

async function untilConnected(
  client: MqttConnection["client"],
  late: Promise<never>,
): Promise<void> {
  const back = Promise.withResolvers<void>();
  const onConnect = () => back.resolve();
  client.once("connect", onConnect);
  try {
    await Promise.race([back.promise, late]);
  } finally {
    // Whoever labels while the broker is away tries again and again.
    client.off("connect", onConnect);
  }
}
