/**
 * Who has logged in: each session with its own connection to the broker, in memory alone, for as long
 * as a page of it is open. Nothing of it is stored: a console that is started again asks anew.
 */
import type { HouseholdIdentity } from "../../../shared/events.ts";
import { WattstreamError } from "../../../shared/errors.ts";
import type { Broker } from "../label/broker.ts";
import type { PublishEvent } from "../label/labellers.ts";

/** A page that is reloaded, or a phone that loses its network, comes back within it. */
const IDLE_MS_MAX = 5 * 60_000;
/** By then the broker is asked for the password anew. */
const AGE_MS_MAX = 12 * 3_600_000;
const LOOK_MS = 1000;
const SESSIONS_MAX = 2000;
const OF_USER_MAX = 20;
/** That listen at a time; each may have a megabyte waiting. */
const PAGES_MAX = 50;

/** Who asks, and what they may. */
export interface Session {
  /** Undefined where nobody is asked who they are. */
  readonly username: string | undefined;
  /** Sees all households and the system. */
  readonly isOperator: boolean;
  /** Over the connection that its own credentials made. */
  readonly publish: PublishEvent;
  /** Why that connection is not there, for who looks at a page. */
  readonly brokerProblem: () => string | undefined;
  /** Aborts when it is over. */
  readonly signal: AbortSignal;
  /**
   * A page listens, until what is returned is called.
   * @throws WattstreamError `unavailable` where too many do.
   */
  readonly hold: () => () => void;
}

export function maySee({ isOperator, username }: Session, household: HouseholdIdentity): boolean {
  return isOperator || username === household.username;
}

/** Operators too speak for nobody else. */
export function mayPublish({ username }: Session, household: HouseholdIdentity): boolean {
  return username === undefined || username === household.username;
}

/** Where nobody is asked who they are: everyone is this. */
export function sessionOfAll(broker: Broker, signal: AbortSignal): Session {
  return {
    ...{ username: undefined, isOperator: true, publish: broker.publish, signal },
    brokerProblem: () => broker.problem,
    hold: () => {
      // Where nobody logs in, it is the first page for whom there is a connection.
      broker.begin();
      return () => {};
    },
  };
}

/** What a session has of its connection. */
export type SessionBroker = Pick<Broker, "publish" | "problem" | "isRefused" | "close">;

interface OpenSession extends Session {
  readonly username: string;
  readonly broker: SessionBroker;
  readonly stop: AbortController;
  readonly openedMs: number;
  seenMs: number;
  pages: number;
}

export interface SessionParts {
  readonly operators: readonly string[];
  readonly nowMs: () => number;
}

export class Sessions {
  readonly #parts: SessionParts;
  readonly #sessions = new Map<string, OpenSession>();
  readonly #closing = new Set<Promise<void>>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  get count(): number {
    return this.#sessions.size;
  }

  /**
   * Takes over the broker's connection, which the broker has accepted for this user.
   * @returns its id, which nobody can guess.
   * @throws WattstreamError `unavailable` where too many have logged in.
   */
  open(username: string, broker: SessionBroker): string {
    if (this.#sessions.size >= SESSIONS_MAX) {
      throw new WattstreamError("unavailable", "Too many people have logged in: try again later");
    }
    const own = [...this.#sessions].filter(([, session]) => session.username === username);
    if (own.length >= OF_USER_MAX) this.end(own[0]![0]);
    const id = crypto.getRandomValues(new Uint8Array(32)).toHex();
    const stop = new AbortController();
    const nowMs = this.#parts.nowMs();
    const session: OpenSession = {
      ...{ username, broker, stop, signal: stop.signal, publish: broker.publish },
      brokerProblem: () => broker.problem,
      isOperator: this.#parts.operators.includes(username),
      ...{ openedMs: nowMs, seenMs: nowMs, pages: 0 },
      hold: () => this.#hold(session),
    };
    this.#sessions.set(id, session);
    return id;
  }

  /** The session of this id, which is in use: undefined where it is over. */
  find(id: string): Session | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined) return undefined;
    if (this.#isOver(session)) {
      this.end(id);
      return undefined;
    }
    session.seenMs = this.#parts.nowMs();
    return session;
  }

  /** Its pages are told nothing more, and its connection to the broker closes. */
  end(id: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    session.stop.abort();
    const closing = session.broker.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const id of this.#sessions.keys()) this.end(id);
    await Promise.all(this.#closing);
  }

  #hold(session: OpenSession): () => void {
    if (session.pages >= PAGES_MAX) {
      throw new WattstreamError("unavailable", "Close some of your pages: too many are open");
    }
    session.pages++;
    return () => {
      session.pages--;
      session.seenMs = this.#parts.nowMs();
    };
  }

  #isOver({ pages, seenMs, openedMs, broker }: OpenSession): boolean {
    const nowMs = this.#parts.nowMs();
    const isIdle = pages === 0 && nowMs - seenMs > IDLE_MS_MAX;
    return isIdle || nowMs - openedMs > AGE_MS_MAX || broker.isRefused;
  }

  #look(): void {
    for (const [id, session] of this.#sessions) {
      if (this.#isOver(session)) this.end(id);
    }
  }
}
