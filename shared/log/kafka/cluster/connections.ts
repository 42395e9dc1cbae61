/**
 * Connections to brokers, one a broker. Whoever waits for slow answers (a long poll, a rebalance) has
 * a set of its own, since a broker answers the requests of one connection one after the other.
 */
import { type API, type Connection, NetworkError } from "@platformatic/kafka";
import { WattstreamError } from "../../../errors.ts";
import { BrokerConnection } from "./broker_connection.ts";
import type { Address, KafkaSettings } from "./options.ts";
import { requestKind } from "./request_kinds.ts";

/** A set of connections that are made when they are needed and made again after they broke. */
export class Connections {
  readonly #settings: KafkaSettings;
  readonly #connections = new Map<string, Promise<BrokerConnection>>();
  readonly #open = new Set<BrokerConnection>();
  #isClosed = false;
  #lostCount = 0;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  /**
   * Makes one request.
   * @throws the client's errors; see `errors.ts` for what they mean.
   */
  async call<A extends unknown[], R>(address: Address, api: API<A, R>, ...args: A): Promise<R> {
    const connection = await this.#get(address);
    if (this.#isClosed) throw closed();
    const { onRequest } = this.#settings;
    if (onRequest === undefined) return await answerOf(connection, api, args);
    const startMs = performance.now();
    try {
      return await answerOf(connection, api, args);
    } finally {
      onRequest(requestKind(api.key), performance.now() - startMs);
    }
  }

  /** Connections that came about and broke. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /** Ends everything that is under way, too. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const open = [...this.#open];
    this.#open.clear();
    this.#connections.clear();
    await Promise.all(open.map((connection) => connection.close()));
  }

  async #get(address: Address): Promise<BrokerConnection> {
    const key = `${address.host}:${address.port}`;
    const existing = this.#connections.get(key);
    if (existing === undefined) return await this.#begin(key, address);
    const connection = await existing;
    if (!connection.isStale) return connection;
    // Of several that see it, the first begins anew.
    if (this.#connections.get(key) === existing) this.#connections.delete(key);
    connection.retire();
    return await (this.#connections.get(key) ?? this.#begin(key, address));
  }

  #begin(key: string, address: Address): Promise<BrokerConnection> {
    if (this.#isClosed) return Promise.reject(closed());
    const connecting = this.#connect(address, () => {
      if (this.#connections.get(key) === connecting) this.#connections.delete(key);
    });
    this.#connections.set(key, connecting);
    return connecting;
  }

  async #connect(address: Address, forget: () => void): Promise<BrokerConnection> {
    const connection = new BrokerConnection(address, this.#settings.connection);
    let isEstablished = false;
    this.#open.add(connection);
    void connection.closed.then(() => {
      forget();
      const isLost = this.#open.delete(connection) && isEstablished && !connection.isRetired;
      if (isLost) this.#lostCount++;
    });
    try {
      await connection.connect();
      isEstablished = true;
      return connection;
    } catch (error) {
      forget();
      throw error;
    }
  }
}

function answerOf<A extends unknown[], R>(
  connection: BrokerConnection,
  api: API<A, R>,
  args: A,
): Promise<R> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null, answer?: R) => error ? reject(error) : resolve(answer!);
    // The client's requests ask for no more of a connection than `send`.
    api(connection as unknown as Connection, ...args, settle);
  });
}

/** A closed set stays closed: not worth another try. */
function closed(): WattstreamError {
  return new WattstreamError("invariant", "the log is closed", {
    cause: new NetworkError("closed", { canRetry: false }),
  });
}
