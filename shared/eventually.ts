/** Waiting for a condition, in tests and for servers to become ready, in place of sleeping. */
import { WattstreamError } from "./errors.ts";

/**
 * How long tests wait before they give up, in ms. Nobody waits for so long where all is well; a machine
 * that is slow and busy needs minutes for what takes seconds elsewhere.
 */
export const PATIENCE_MS = 300_000;

export interface EventuallyOptions {
  /** How long to go on trying, in ms. */
  readonly deadlineMs: number;
  /** Pause between two attempts, in ms. */
  readonly intervalMs?: number;
}

/**
 * Calls `attempt` until it does not throw, and returns its result.
 * @throws WattstreamError `unavailable` once the deadline has passed; its cause is the last failure.
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  options: EventuallyOptions,
): Promise<T> {
  const startedMs = performance.now();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() - startedMs >= options.deadlineMs) {
        throw new WattstreamError(
          "unavailable",
          `not within ${options.deadlineMs} ms: ${error instanceof Error ? error.message : error}`,
          { cause: error },
        );
      }
    }
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? 50));
  }
}
