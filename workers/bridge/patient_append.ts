/** Appends to a log that may be away for as long as it likes. */
import { setTimeout as delay } from "node:timers/promises";
import { hasCode, messageOf, WattstreamError } from "../../shared/errors.ts";
import type { Appender, NewRecord } from "../../shared/log/log.ts";
import { BACKOFF_OF_ONE, backoffMs } from "../../shared/mqtt/connect.ts";
import type { Metrics } from "../../shared/service/metrics.ts";
import type { bridgeMetrics } from "./metrics.ts";

/** A log that has not answered for so long counts as away. */
const AWAY_MS = 1000;

export interface PatientAppendParts {
  readonly appender: Appender;
  readonly metrics: Metrics<typeof bridgeMetrics>;
  /** Hears, at each attempt, that the log fails or does not answer. */
  readonly onAway: (problem: string) => void;
  /** Called after each attempt. */
  readonly onAttempt: () => void;
  readonly elapsedMs: () => number;
  readonly random: () => number;
  readonly giveUp: AbortSignal;
}

/**
 * Appends these records again and again until the log has them.
 * @throws WattstreamError `unavailable` when given up, another code where waiting does not help.
 */
export async function appendPatiently(
  records: readonly NewRecord[],
  parts: PatientAppendParts,
): Promise<void> {
  for (let attempt = 0;; attempt++) {
    const error = await tryAppend(records, parts);
    if (error === undefined) return;
    parts.onAway(messageOf(error));
    parts.metrics.add("wattstream_bridge_append_failures_total", 1);
    const pauseMs = backoffMs(attempt, parts.random(), BACKOFF_OF_ONE);
    await delay(pauseMs, undefined, { signal: parts.giveUp }).catch(() => {
      throw new WattstreamError("unavailable", `The log is away: ${messageOf(error)}`, {
        cause: error,
      });
    });
  }
}

/** One attempt: undefined, or why the log is away. */
async function tryAppend(
  records: readonly NewRecord[],
  { appender, metrics, onAway, onAttempt, elapsedMs }: PatientAppendParts,
): Promise<WattstreamError | undefined> {
  const startedMs = elapsedMs();
  const timer = setTimeout(() => onAway(`it has not answered for ${AWAY_MS} ms`), AWAY_MS);
  try {
    await appender.append(records);
    return undefined;
  } catch (error) {
    if (!hasCode(error, "unavailable")) throw error;
    return error;
  } finally {
    clearTimeout(timer);
    metrics.observe("wattstream_bridge_append_seconds", (elapsedMs() - startedMs) / 1000);
    onAttempt();
  }
}
