/**
 * Logging in: the broker is asked whether it lets somebody in with this name and password. What it says
 * is all there is to it; the password goes to the connection that comes of it, and nowhere else.
 */
import { messageOf, WattstreamError } from "../../../shared/errors.ts";
import { hasTopics } from "../../../shared/mqtt/topics.ts";
import type { Broker } from "../label/broker.ts";
import { LogInAttempts } from "./attempts.ts";
import type { Sessions } from "./sessions.ts";

/** Attempts under way; each of them is a connection to the broker. */
const UNDER_WAY_MAX = 50;

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export type LogInResult =
  | { readonly outcome: "accepted"; readonly id: string }
  | { readonly outcome: "refused" }
  | { readonly outcome: "limited"; readonly waitS: number }
  | { readonly outcome: "unavailable"; readonly problem: string };

export interface LogInParts {
  readonly sessions: Sessions;
  /** A connection to the broker that is not yet made. */
  readonly brokerFor: (credentials: Credentials) => Broker;
  readonly nowMs: () => number;
}

export class LogIn {
  readonly sessions: Sessions;
  readonly #parts: LogInParts;
  readonly #attempts = new LogInAttempts();
  #underWay = 0;
  /** Whether the broker refuses whom it cannot know; undefined until it was asked. */
  #isGuarded: Promise<boolean> | undefined;

  constructor(parts: LogInParts) {
    this.#parts = parts;
    this.sessions = parts.sessions;
  }

  /** @param address of who tries. */
  async attempt(credentials: Credentials, address: string): Promise<LogInResult> {
    const { username } = credentials;
    if (this.#underWay >= UNDER_WAY_MAX) {
      return { outcome: "unavailable", problem: "Too many people log in now: try again" };
    }
    const waitMs = this.#attempts.begin(address, username, this.#parts.nowMs());
    if (waitMs > 0) return { outcome: "limited", waitS: Math.ceil(waitMs / 1000) };
    this.#underWay++;
    try {
      const result = await this.#ask(credentials);
      // What the broker did not judge is nobody's failure.
      if (result.outcome !== "refused") this.#attempts.succeeded(address, username);
      return result;
    } finally {
      this.#underWay--;
    }
  }

  async #ask(credentials: Credentials): Promise<LogInResult> {
    const { username } = credentials;
    // Nobody publishes under such a name, and a pattern is no name.
    if (!hasTopics({ username, client_id: "any" })) return { outcome: "refused" };
    try {
      if (!await this.#guarded()) {
        const problem = "The broker lets everyone in under any name: it cannot say who somebody is";
        return { outcome: "unavailable", problem };
      }
      const broker = await this.#connected(credentials);
      if (broker === undefined) return { outcome: "refused" };
      try {
        return { outcome: "accepted", id: this.sessions.open(username, broker) };
      } catch (error) {
        await broker.close();
        throw error;
      }
    } catch (error) {
      if (!(error instanceof WattstreamError)) throw error;
      return { outcome: "unavailable", problem: messageOf(error) };
    }
  }

  /** Asked once, with a name and a password that nobody has. */
  #guarded(): Promise<boolean> {
    if (this.#isGuarded !== undefined) return this.#isGuarded;
    const ask = async () => {
      const [username, password] = [crypto.randomUUID(), crypto.randomUUID()];
      const broker = await this.#connected({ username, password });
      await broker?.close();
      return broker === undefined;
    };
    const asked = ask();
    this.#isGuarded = asked;
    const again = () => void (this.#isGuarded = undefined);
    // A broker that is away, or that is put right, is asked anew.
    asked.then((isGuarded) => isGuarded || again(), again);
    return asked;
  }

  /** @returns undefined where the broker refuses. @throws WattstreamError where it does not answer. */
  async #connected(credentials: Credentials): Promise<Broker | undefined> {
    const broker = this.#parts.brokerFor(credentials);
    try {
      await broker.open();
      return broker;
    } catch (error) {
      await broker.close();
      if (broker.isRefused) return undefined;
      throw error;
    }
  }
}
