/** Trying again, with an end. */
import { pause } from "../../../pause.ts";
import { type Action, brokerCodes, explain, isRetriable } from "./errors.ts";

/** How often and how long to try. */
export interface Patience {
  /** Trying again ends this long after the first failure, ms. */
  readonly patienceMs: number;
  /** Ends the trying early. */
  readonly signal?: AbortSignal;
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
}

const FIRST_DELAY_MS = 20;
const MAX_DELAY_MS = 1000;
/** A topic that was just created is known everywhere within this; after it, it is missing. */
export const UNKNOWN_TOPIC_MS = 3_000;

/** The pause before try number `attempt` (from 1): doubles, up to a bound. */
export function backoffMs(attempt: number, patience: Partial<Patience> = {}): number {
  const { firstDelayMs = FIRST_DELAY_MS, maxDelayMs = MAX_DELAY_MS } = patience;
  return Math.min(firstDelayMs * 2 ** Math.min(attempt - 1, 20), maxDelayMs);
}

/** How long to go on trying after this failure. */
export function patienceMsFor(error: unknown, patience: Patience): number {
  const isUnknown = brokerCodes(error).includes("UNKNOWN_TOPIC_OR_PARTITION");
  return isUnknown ? Math.min(UNKNOWN_TOPIC_MS, patience.patienceMs) : patience.patienceMs;
}

/**
 * Does something until it succeeds, as long as its failures are ones that pass.
 * @throws WattstreamError that says what to change, see {@link explain}.
 */
export async function untilDone<T>(
  attempt: () => Promise<T>,
  action: Action,
  patience: Patience,
): Promise<T> {
  let failedAtMs: number | undefined;
  for (let count = 1;; count++) {
    try {
      return await attempt();
    } catch (error) {
      failedAtMs ??= performance.now();
      const failingMs = performance.now() - failedAtMs;
      const isOver = failingMs >= patienceMsFor(error, patience) || patience.signal?.aborted;
      if (isOver || !isRetriable(error)) throw explain(error, action);
    }
    await pause(backoffMs(count, patience), patience.signal);
  }
}
