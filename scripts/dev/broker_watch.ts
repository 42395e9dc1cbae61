/**
 * What `deno task dev` says of the embedded broker: which clients do not take their messages, and
 * what became of those. Each kind of line at most every 10 s for a client.
 */
import type { BrokerListener } from "../../shared/mqtt/broker_sessions.ts";
import { atMostEvery } from "../../shared/service/logger.ts";
import { printableLine } from "../../shared/service/terminal.ts";
import type { View } from "./view.ts";

/** Clients with lines of their own; whoever makes up more of them is not told of each. */
const CLIENTS_MAX = 100;

export class BrokerWatch implements BrokerListener {
  readonly #view: View;
  readonly #elapsedMs: () => number;
  readonly #bridgeClientId: string;
  readonly #lines = new Map<string, () => void>();
  readonly #dropped = new Map<string, number>();

  /** @param bridgeClientId a secret: it is called the bridge. */
  constructor(view: View, elapsedMs: () => number, bridgeClientId: string) {
    this.#bridgeClientId = bridgeClientId;
    this.#view = view;
    this.#elapsedMs = elapsedMs;
  }

  dropped(clientId: string, count: number): void {
    this.#dropped.set(clientId, (this.#dropped.get(clientId) ?? 0) + count);
    this.#say(
      "dropped",
      clientId,
      () =>
        `the broker drops the oldest messages for ${nameOf(clientId)}, which does not take them: ${
          this.#dropped.get(clientId)!.toLocaleString("en")
        } so far`,
    );
  }

  waiting(clientId: string): void {
    this.#say(
      "waiting",
      clientId,
      () =>
        `publishers wait: the broker holds all it can for ${
          this.#nameOf(clientId)
        }, which does not take it`,
    );
  }

  ended(clientId: string): void {
    this.#say(
      "ended",
      clientId,
      () => `the broker ended the connection of ${this.#nameOf(clientId)}, which does not read`,
    );
  }

  #nameOf(clientId: string): string {
    return clientId === this.#bridgeClientId ? "the bridge" : nameOf(clientId);
  }

  #say(kind: string, clientId: string, text: () => string): void {
    const key = `${kind} ${clientId}`;
    let line = this.#lines.get(key);
    if (line === undefined) {
      if (this.#lines.size >= CLIENTS_MAX) return;
      line = atMostEvery(() => this.#view.line(`dev: ${text()}`), this.#elapsedMs);
      this.#lines.set(key, line);
    }
    line();
  }
}

/** A client's own name for itself. */
function nameOf(clientId: string): string {
  return `client "${printableLine(clientId)}"`;
}

/** Lines for the end of a run: which others' sessions lost messages. The first, and how many more. */
export function droppedLines(
  dropped: ReadonlyMap<string, number>,
  bridgeClientId: string,
): string[] {
  const most = [...dropped].filter(([clientId]) => clientId !== bridgeClientId)
    .sort(([, a], [, b]) => b - a);
  const lines = most.slice(0, 10).map(([clientId, count]) =>
    `The broker dropped ${count.toLocaleString("en")} messages for ${
      nameOf(clientId)
    }, which did not take them.`
  );
  const rest = most.length - lines.length;
  return rest === 0 ? lines : [...lines, `The same for ${rest.toLocaleString("en")} more clients.`];
}
