/**
 * The connections of the users, one each or some that they share: opened a few at a time, counted, drained and closed
 * together.
 */
import type { IClientOptions } from "mqtt";
import { WattstreamError } from "../../shared/errors.ts";
import { BACKOFF_OF_MANY, type MqttConnection, openMqtt } from "../../shared/mqtt/connect.ts";
import type { Readiness } from "../../shared/service/http.ts";
import { atMostEvery, type Logger } from "../../shared/service/logger.ts";
import type { Metrics } from "../../shared/service/metrics.ts";
import { USERNAME_PLACEHOLDER } from "./config.ts";
import type { SimulatorMetrics } from "./metrics.ts";
import { Publisher } from "./publisher.ts";
import type { Tally } from "./tally.ts";

/** Connections that are being opened at the same time, so that a broker's accept queue suffices. */
const OPENING_MAX = 50;

export interface ConnectionsOptions {
  readonly mqtt: IClientOptions;
  /** The broker's address for messages. */
  readonly broker: string;
  readonly qos: 0 | 1;
  /** How many there are; undefined: one for each user. */
  readonly count?: number | undefined;
  readonly logger: Logger;
  readonly metrics: Metrics<SimulatorMetrics>;
  /** Counts what the broker acknowledges. */
  readonly tally: Tally;
  readonly readiness: Readiness;
  /** Aborts where nothing more is to be opened. */
  readonly signal: AbortSignal;
  /** Called whenever the broker has acknowledged something. */
  readonly moved: () => void;
  readonly nowMs: () => number;
  readonly random: () => number;
}

interface User {
  readonly connection: MqttConnection;
  readonly publisher: Publisher;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #users: User[] = [];
  readonly #shared: Promise<Publisher | undefined>[] = [];
  #nextShared = 0;
  readonly #reportProblem: (reason: string) => void;
  readonly #reportRefusal: (reason: string) => void;
  #openingCount = 0;
  #forOpening: (() => void)[] = [];
  #upCount = 0;
  #openedCount = 0;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    const { logger, broker } = options;
    this.#reportProblem = atMostEvery10s(
      options.nowMs,
      (fields) =>
        logger.warning("no connection to the broker, trying again", { broker, ...fields }),
    );
    this.#reportRefusal = atMostEvery10s(
      options.nowMs,
      (fields) => logger.error("the broker refused a publication", { broker, ...fields }),
    );
    options.readiness.unready(`connecting to ${broker}`);
  }

  /**
   * Opens the connection of a user, unless it shares one that is there, and waits until it is up;
   * undefined where the signal aborts.
   * @throws WattstreamError `auth` or `config` where the broker refuses it for good.
   */
  open(username: string): Promise<Publisher | undefined> {
    const { count } = this.#options;
    if (count === undefined) return this.#openInTurn(username);
    const place = this.#nextShared++ % count;
    return this.#shared[place] ??= this.#openInTurn(`connection-${place + 1}`);
  }

  async #openInTurn(username: string): Promise<Publisher | undefined> {
    const { signal } = this.#options;
    while (this.#openingCount >= OPENING_MAX && !signal.aborted) {
      await new Promise<void>((resolve) => this.#forOpening.push(resolve));
    }
    if (signal.aborted) return undefined;
    this.#openingCount++;
    try {
      return await this.#open(username);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    } finally {
      this.#openingCount--;
      this.#forOpening.shift()?.();
    }
  }

  /** Lets go whoever waits for room in a publisher. */
  releaseWaiters(): void {
    for (const { publisher } of this.#users) publisher.releaseWaiters();
  }

  /**
   * Waits until everything is acknowledged: as long as it takes, or until `stalled` aborts.
   * @throws WattstreamError `unavailable` with the number of publications that are not.
   */
  async drain(stalled: AbortSignal): Promise<void> {
    const overdue = Promise.withResolvers<never>();
    const onAbort = () => overdue.reject(this.#notDrained());
    stalled.addEventListener("abort", onAbort);
    if (stalled.aborted) onAbort();
    try {
      const drained = this.#users.map(({ publisher }) => publisher.drained());
      await Promise.race([Promise.all(drained), overdue.promise]);
    } finally {
      stalled.removeEventListener("abort", onAbort);
    }
  }

  /**
   * Disconnects every user; what is not acknowledged by now is given up.
   * @param isHanging the broker: nobody takes leave of it.
   */
  async close(isHanging: boolean): Promise<void> {
    await Promise.all(
      this.#users.map(({ connection, publisher }) =>
        connection.close({ force: isHanging || publisher.outstanding > 0 })
      ),
    );
  }

  async #open(username: string): Promise<Publisher> {
    const { mqtt, signal, random } = this.#options;
    const publisher = this.#publisher();
    const suffix = Math.floor(random() * 2 ** 32).toString(16).padStart(8, "0");
    const connection = openMqtt({
      ...mqtt,
      // Of its own, since a broker ends a connection whose client id another one takes.
      clientId: `${username}-${suffix}`,
      ...(mqtt.username !== undefined && {
        username: mqtt.username.replaceAll(USERNAME_PLACEHOLDER, username),
      }),
    }, {
      ...{ backoff: BACKOFF_OF_MANY, signal, random, onProblem: this.#reportProblem },
      onStream: (stream) => publisher.listenTo(stream),
    });
    publisher.publishOver(connection.client);
    this.#countUp(connection);
    await connection.connected;
    this.#users.push({ connection, publisher });
    this.#openedCount++;
    this.#tellReadiness();
    return publisher;
  }

  #publisher(): Publisher {
    const { metrics, mqtt, qos, moved, tally } = this.#options;
    return new Publisher({
      qos,
      isV5: mqtt.protocolVersion === 5,
      onAcknowledged: (kind) => {
        moved();
        tally.acknowledge(kind);
      },
      onRefused: (reason) => {
        metrics.add("wattstream_simulator_refused_total", 1);
        this.#reportRefusal(reason);
      },
    });
  }

  #countUp(connection: MqttConnection): void {
    let isUp = false;
    const set = (up: boolean) => {
      if (up === isUp) return;
      isUp = up;
      this.#upCount += up ? 1 : -1;
      this.#options.metrics.set("wattstream_simulator_connections", this.#upCount);
      this.#tellReadiness();
    };
    connection.client.on("connect", () => set(true));
    connection.client.on("close", () => set(false));
  }

  #tellReadiness(): void {
    const { readiness, broker } = this.#options;
    const downCount = this.#openedCount - this.#upCount;
    if (this.#openedCount === 0) readiness.unready(`connecting to ${broker}`);
    else if (downCount <= 0) readiness.ready();
    else {readiness.unready(
        `${downCount} of ${this.#openedCount} connections to ${broker} are down`,
      );}
  }

  #notDrained(): WattstreamError {
    const count = this.#users.reduce((sum, { publisher }) => sum + publisher.outstanding, 0);
    return new WattstreamError(
      "unavailable",
      `Check the broker ${this.#options.broker}: ${count} publications were not acknowledged and may be lost`,
    );
  }
}

/** The last reason is logged, with how many before it were not. */
function atMostEvery10s(
  nowMs: () => number,
  log: (fields: { readonly reason: string; readonly suppressed: number }) => void,
): (reason: string) => void {
  let last = "";
  const report = atMostEvery((suppressed) => log({ reason: last, suppressed }), nowMs);
  return (reason) => {
    last = reason;
    report();
  };
}
