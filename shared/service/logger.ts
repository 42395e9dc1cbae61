/**
 * Structured logs: one JSON line a message on standard error, a fixed sentence and then fields.
 * Never a line a record, never a payload or a secret.
 */
import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";
import { withoutCredentials } from "./secrets.ts";
import { printable } from "./terminal.ts";

/** The level names in JSON lines. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/** A limit on repeated lines of one kind, see {@link atMostEvery}. */
const REPEAT_MS = 10_000;

function jsonLine(record: LogRecord, worker: string): string {
  return printable(withoutCredentials(JSON.stringify({
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    worker,
    message: record.message.join(""),
    ...record.properties,
  })));
}

/** Sets up the process's one logger. `write` takes whole lines. */
export function createLogger(
  worker: string,
  level: LogLevel,
  write: (line: string) => void,
): Logger {
  configureSync({
    reset: true,
    sinks: { lines: (record) => write(jsonLine(record, worker)) },
    loggers: [
      { category: "wattstream", lowestLevel: level, sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["lines"] },
    ],
  });
  return getLogger("wattstream");
}

/** Wraps a repeated message so that at most one in 10 s comes out, with the count of those held back. */
export function atMostEvery(
  report: (suppressed: number) => void,
  nowMs: () => number,
  intervalMs: number = REPEAT_MS,
): () => void {
  let lastMs = -Infinity;
  let suppressed = 0;
  return () => {
    if (nowMs() - lastMs < intervalMs) {
      suppressed++;
      return;
    }
    lastMs = nowMs();
    report(suppressed);
    suppressed = 0;
  };
}

export type { Logger };
