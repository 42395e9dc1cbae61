/**
 * Connections to brokers, one a broker. Whoever waits for slow answers (a long poll, a rebalance) has
 * a set of its own, since a broker answers the requests of one connection one after the other.
 */
import { type API, Connection, NetworkError } from "@platformatic/kafka";
import { isIP } from "node:net";
import { WattstreamError } from "../../../errors.ts";
import type { Address, KafkaSettings } from "./options.ts";
import { requestKind } from "./request_kinds.ts";

const CLIENT_ID = "wattstream";

/** A set of connections that are made when they are needed and made again after they broke. */
export class Connections {
  readonly #settings: KafkaSettings;
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #open = new Set<Connection>();
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
    if (onRequest === undefined) return await api.async(connection, ...args);
    const startMs = performance.now();
    try {
      return await api.async(connection, ...args);
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
    await Promise.all(open.map(closeConnection));
  }

  #get(address: Address): Promise<Connection> {
    const key = `${address.host}:${address.port}`;
    const existing = this.#connections.get(key);
    if (existing !== undefined) return existing;
    if (this.#isClosed) return Promise.reject(closed());
    const connecting = this.#connect(address, () => {
      if (this.#connections.get(key) === connecting) this.#connections.delete(key);
    });
    this.#connections.set(key, connecting);
    return connecting;
  }

  async #connect(address: Address, forget: () => void): Promise<Connection> {
    const connection = new Connection(CLIENT_ID, {
      ...this.#settings.connection,
      // An address of numbers is no server name, and some TLS stacks refuse it as one.
      tlsServerName: isIP(address.host) === 0,
    });
    let isEstablished = false;
    const end = () => {
      forget();
      if (this.#open.delete(connection) && isEstablished) this.#lostCount++;
    };
    // Every request under way hears of the failure by itself; an event nobody listens to would throw.
    connection.on("error", end);
    connection.on("close", end);
    this.#open.add(connection);
    try {
      // With a callback: where connecting throws, a promise of its own would stay behind unheard.
      await new Promise<void>((resolve, reject) => {
        connection.connect(
          address.host,
          address.port,
          (error) => error ? reject(error) : resolve(),
        );
      });
      isEstablished = true;
      return connection;
    } catch (error) {
      end();
      connection.socket?.destroy();
      throw error;
    }
  }
}

async function closeConnection(connection: Connection): Promise<void> {
  if (connection.isConnected()) return await connection.close();
  connection.socket?.destroy();
  // Whoever waits for the connection to come about would wait for its timeout.
  connection.emit("close");
}

/** A closed set stays closed: not worth another try. */
function closed(): WattstreamError {
  return new WattstreamError("invariant", "the log is closed", {
    cause: new NetworkError("closed", { canRetry: false }),
  });
}
