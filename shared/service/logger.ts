/**
 * Structured logs: one line a message on standard error, a fixed sentence and then fields; JSON, or
 * text for people. Never a line a record, never a payload or a secret.
 *
 *   {"time":"2026-11-27T14:00:00.123Z","level":"info","worker":"bridge","message":"started","http":"…"}
 *   14:00:00.123 info    bridge  started  http=127.0.0.1:9401
 */
import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";
import { withoutCredentials } from "./secrets.ts";
import { printable } from "./terminal.ts";

/** The level names, the least severe first. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevel = typeof LOG_LEVELS[number];

export const LOG_FORMATS = ["json", "text"] as const;
export type LogFormat = typeof LOG_FORMATS[number];

/** The least severe level that is logged, which can be another one at any time. */
export interface LogThreshold {
  level: LogLevel;
}

/** A limit on repeated lines of one kind, see {@link atMostEvery}. */
const REPEAT_MS = 10_000;

function jsonLine(record: LogRecord, worker: string): string {
  return JSON.stringify({
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    worker,
    message: record.message.join(""),
    ...record.properties,
  });
}

const LEVEL_WIDTH = Math.max(...LOG_LEVELS.map((level) => level.length));

function textLine(record: LogRecord, worker: string): string {
  const time = new Date(record.timestamp).toISOString().slice("2026-01-01T".length, -1);
  const fields = Object.entries(record.properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${fieldText(value)}`);
  const parts = [worker, record.message.join(""), fields.join(" ")].filter((part) => part !== "");
  return `${time} ${record.level.padEnd(LEVEL_WIDTH)} ${parts.join("  ")}`;
}

/** A value as it is where it is one word, else as JSON. */
function fieldText(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

const LINES: Readonly<Record<LogFormat, typeof jsonLine>> = { json: jsonLine, text: textLine };

/** Sets up the process's one logger. `write` takes whole lines. */
export function createLogger(
  worker: string,
  { threshold, format = "json" }: {
    readonly threshold: LogThreshold;
    readonly format?: LogFormat;
  },
  write: (line: string) => void,
): Logger {
  const isLogged = (level: string) =>
    LOG_LEVELS.indexOf(level as LogLevel) >= LOG_LEVELS.indexOf(threshold.level) ||
    // One that is more severe than any of ours.
    !LOG_LEVELS.some((known) => known === level);
  const lines = (record: LogRecord) => {
    if (!isLogged(record.level)) return;
    write(printable(withoutCredentials(LINES[format](record, worker))));
  };
  configureSync({
    reset: true,
    sinks: { lines },
    loggers: [
      { category: "wattstream", lowestLevel: "debug", sinks: ["lines"] },
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
