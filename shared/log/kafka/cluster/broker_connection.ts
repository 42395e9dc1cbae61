/**
 * A connection to one broker, under the requests of the client. Its own one takes about twice the CPU
 * time for the same: it joins what it sends and what it reads, with a timer, a queue and a channel
 * for diagnostics a request.
 *
 *   connect ─▶ log in ─▶ send ─▶ send ─▶ … ─▶ closed, broken or too late: all under way fail
 *                          ◀─ answers, in the order of the requests
 */
import {
  type Connection,
  NetworkError,
  Reader,
  TimeoutError,
  UnexpectedCorrelationIdError,
  UserError,
  type Writer,
} from "@platformatic/kafka";
import type { Buffer } from "node:buffer";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions as TlsOptions } from "node:tls";
import { AnswerReader } from "./answer_reader.ts";
import { type Login, logIn } from "./login.ts";
import type { Address } from "./options.ts";
import { piecesOf } from "./request_pieces.ts";

/** Requests under way at a time; a broker works on one after the other. */
const UNDER_WAY_MAX = 5;
/** Of the time for which a login counts, after which another connection takes over. */
const LOGIN_SHARE = 0.8;
const MAX_INT32 = 0x7fffffff;

/** How to connect. */
export interface ConnectionSettings {
  /** Until requests can be made, login included. */
  readonly connectTimeoutMs: number;
  /** From when a request goes out. */
  readonly requestTimeoutMs: number;
  readonly tls?: TlsOptions;
  readonly login?: Login;
}

/** The arguments of the client's own `send`, by which its requests are made. */
type SendArguments = Parameters<Connection["send"]>;

interface Request {
  readonly correlationId: number;
  readonly pieces: readonly Uint8Array[];
  readonly read: (answer: Buffer) => unknown;
  readonly callback: (error: Error | null, answer?: unknown) => void;
  /** When it is too late for an answer, by `performance.now()`. */
  dueMs: number;
}

export class BrokerConnection {
  readonly #address: Address;
  readonly #settings: ConnectionSettings;
  readonly #reader = new AnswerReader((answer) => this.#answered(answer));
  /** In the order in which they went out. */
  readonly #underWay: Request[] = [];
  readonly #waiting: Request[] = [];
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #correlationId = 0;
  /** Why no request is taken any more. */
  #failure: Error | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #loginEndsMs = Infinity;
  #isRetired = false;

  /** Sets out to connect. */
  constructor(address: Address, settings: ConnectionSettings) {
    this.#address = address;
    this.#settings = settings;
    const options = {
      ...address,
      onread: { buffer: () => this.#reader.free, callback: (count: number) => this.#read(count) },
    };
    const { tls } = settings;
    this.#socket = tls === undefined
      ? connect(options)
      // An address of numbers is no server name, and some TLS stacks refuse it as one.
      : connectTls({
        ...tls,
        ...(isIP(address.host) === 0 && { servername: address.host }),
        ...options,
      });
    this.#socket.setNoDelay(true);
    this.#closed = new Promise((resolve) =>
      this.#socket.once("close", () => {
        this.#end(new NetworkError("Connection closed"));
        resolve();
      })
    );
  }

  /** Resolves once it has come to its end, whoever ended it. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** True where the login does not count for much longer: another connection is to take over. */
  get isStale(): boolean {
    return performance.now() >= this.#loginEndsMs;
  }

  /** Whether it ends because another one has taken over. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** Resolves once requests can be made. @throws NetworkError, TimeoutError where that does not come about. */
  async connect(): Promise<void> {
    const { host, port } = this.#address;
    const { connectTimeoutMs, login } = this.#settings;
    const timer = setTimeout(() => {
      const text = `Connection to ${host}:${port} timed out.`;
      this.#end(new TimeoutError(text, { canRetry: true }));
    }, connectTimeoutMs);
    try {
      await this.#established();
      if (login !== undefined) await this.#logIn(login);
    } catch (cause) {
      this.#socket.destroy();
      throw new NetworkError(`Connection to ${host}:${port} failed.`, { cause: cause as Error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** As the client's own, which the requests are made by. */
  send(...[key, version, create, parse, hasTags, hasAnswerTags, callback]: SendArguments): void {
    if (this.#failure !== undefined) return callback(this.#failure);
    const correlationId = this.#correlationId = (this.#correlationId + 1) & MAX_INT32;
    let pieces: Uint8Array[];
    try {
      pieces = piecesOf({ key, version, correlationId, hasTags }, create() as Writer);
    } catch (error) {
      return callback(error as Error);
    }
    const start = hasAnswerTags ? 5 : 4;
    const read = (answer: Buffer) =>
      parse(correlationId, key, version, Reader.from(answer.subarray(start)));
    const request = { correlationId, pieces, read, callback, dueMs: 0 };
    if (this.#underWay.length < UNDER_WAY_MAX) this.#write(request);
    else this.#waiting.push(request);
  }

  /** Ends once what is under way has been answered. */
  retire(): void {
    this.#isRetired = true;
    this.#closeRetired();
  }

  /** Ends everything that is under way, too. */
  async close(): Promise<void> {
    this.#socket.destroy();
    await this.#closed;
  }

  async #logIn(login: Login): Promise<void> {
    // The client's requests ask for no more of a connection than `send`.
    const lifetimeMs = await logIn(this as unknown as Connection, login);
    if (lifetimeMs > 0) this.#loginEndsMs = performance.now() + LOGIN_SHARE * lifetimeMs;
  }

  #established(): Promise<void> {
    const isSecure = this.#settings.tls !== undefined;
    return new Promise((resolve, reject) => {
      this.#socket.once(isSecure ? "secureConnect" : "connect", resolve);
      // Whoever makes a request hears of a later error by that.
      this.#socket.on("error", (error) => reject(isSecure ? ofTls(error) : error));
      this.#socket.once("close", () => reject(this.#failure));
    });
  }

  #write(request: Request): void {
    const { requestTimeoutMs } = this.#settings;
    request.dueMs = performance.now() + requestTimeoutMs;
    this.#underWay.push(request);
    this.#timer ??= setTimeout(() => this.#watch(), requestTimeoutMs);
    const socket = this.#socket;
    socket.cork();
    for (const piece of request.pieces) socket.write(piece);
    socket.uncork();
  }

  /** Whether the oldest request is too late. One timer for all: they have the same time, in order. */
  #watch(): void {
    this.#timer = undefined;
    const [oldest] = this.#underWay;
    if (oldest === undefined) return;
    const leftMs = oldest.dueMs - performance.now();
    if (leftMs > 0) {
      this.#timer = setTimeout(() => this.#watch(), leftMs);
      return;
    }
    this.#underWay.shift();
    this.#end(new NetworkError("Connection closed"));
    oldest.callback(new TimeoutError("Request timed out", { canRetry: true }));
  }

  #read(count: number): boolean {
    try {
      this.#reader.received(count);
    } catch (error) {
      this.#end(error as Error);
    }
    return true;
  }

  /** @throws UnexpectedCorrelationIdError where it is not that of the oldest request. */
  #answered(answer: Buffer): void {
    const correlationId = answer.length < 4 ? -1 : answer.readInt32BE(0);
    const [request] = this.#underWay;
    if (request?.correlationId !== correlationId) {
      throw new UnexpectedCorrelationIdError(
        `Received unexpected response with correlation_id=${correlationId}`,
      );
    }
    this.#underWay.shift();
    const next = this.#waiting.shift();
    if (next !== undefined) this.#write(next);
    let read: unknown;
    let error: Error | null = null;
    try {
      read = request.read(answer);
    } catch (thrown) {
      error = thrown as Error;
    }
    request.callback(error, read);
    if (this.#isRetired) this.#closeRetired();
  }

  #closeRetired(): void {
    if (this.#underWay.length === 0 && this.#waiting.length === 0) this.#socket.destroy();
  }

  /** Takes no more requests; those under way and waiting fail. */
  #end(failure: Error): void {
    this.#failure ??= failure;
    clearTimeout(this.#timer);
    this.#socket.destroy();
    const failed = [...this.#underWay.splice(0), ...this.#waiting.splice(0)];
    for (const { callback } of failed) callback(this.#failure);
  }
}

/** A broker without TLS closes the connection when it is greeted by it. */
function ofTls(error: Error): Error {
  const { code } = error as { readonly code?: unknown };
  return code === "ECONNRESET" && /secure TLS connection was established/.test(error.message)
    ? new UserError("TLS handshake failed. Please verify the broker supports TLS.", {
      cause: error,
    })
    : error;
}
