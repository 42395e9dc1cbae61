/**
 * The frame around every program: config, logger, signals, HTTP, exit code. `main.ts` hands over what
 * belongs to the process (arguments, environment) and gets back an exit code.
 */
import type { z } from "zod";
import { hasCode, messageOf, WattstreamError } from "../errors.ts";
import {
  type ConfigSource,
  flag,
  parseConfig,
  type ParsedConfig,
  type ProgramDescription,
} from "./config.ts";
import { Drain } from "./drain.ts";
import { checkHealth } from "./health_check.ts";
import { callOf, helpText } from "./help.ts";
import { Readiness, serveHttp } from "./http.ts";
import { createLogger, LOG_FORMATS, LOG_LEVELS, type Logger } from "./logger.ts";
import { Metrics, type MetricTable } from "./metrics.ts";
import { ProcessMetrics } from "./process_metrics.ts";
import { print, printError } from "./terminal.ts";
import { VERSION } from "./version.ts";

/** Flags that every worker has. Spread into its schema. */
export const workerFlags = {
  http: flag.address().prefault("127.0.0.1:0").describe(
    "Address of /healthz, /readyz, /metrics and /hot; port 0 takes a free one",
  ),
  logLevel: flag.choice(LOG_LEVELS).default("info").describe(
    "Least severe level that is logged: debug, info, warning or error; " +
      "while it runs, PUT another to /log-level from the same machine",
  ),
  logFormat: flag.choice(LOG_FORMATS).default("json").describe(
    "A line of the log is json, or text for people",
  ),
  drainTimeoutMs: flag.milliseconds().prefault("10s").describe(
    "At SIGTERM, longest time in which nothing moves before what is left is given up",
  ),
  drainMaxMs: flag.milliseconds().optional().describe(
    "At SIGTERM, longest time of all, more than 5s below the supervisor's grace period, such as " +
      "20s of Kubernetes' 30s; without it as long as something moves",
  ),
};

/** What a worker's own code gets from its frame. */
export interface WorkerContext<C, T extends MetricTable> {
  readonly config: C;
  readonly logger: Logger;
  readonly metrics: Metrics<T>;
  readonly readiness: Readiness;
  /** Aborts at SIGTERM or SIGINT: intake off, drain, commit, close, return. */
  readonly signal: AbortSignal;
  /** To be called whenever something was settled: a drain lasts as long as this is so. */
  readonly moved: () => void;
  /** Aborts where a drain stands still: what cannot be settled is to be given up. */
  readonly stalled: AbortSignal;
  /** Serves what `read` gives, as JSON, under a path beside `/metrics`. */
  readonly page: (path: string, read: () => unknown) => void;
}

/** A worker process. */
export interface WorkerProgram<S extends z.ZodObject, T extends MetricTable>
  extends Omit<ProgramDescription, "config"> {
  readonly config: S;
  readonly metrics: T;
  /** Resolves when the work is done or drained. */
  run(context: WorkerContext<z.output<S>, T>): Promise<void>;
}

const CHECK_HEALTH_NOTE =
  "--check-health --http HOST:PORT, instead, asks one that runs whether it is well: exit code 0 or 1.";

/** Runs a worker to its end and returns the exit code: 0 done, 1 failed, 2 bad configuration. */
export async function runWorker<S extends z.ZodObject, T extends MetricTable>(
  program: WorkerProgram<S, T>,
  source: ConfigSource,
): Promise<number> {
  if (source.args[0] === "--check-health") {
    return await checkHealth({ ...source, args: source.args.slice(1) });
  }
  const parsed = parseOrExplain({ ...program, notes: [CHECK_HEALTH_NOTE] }, source);
  if (typeof parsed === "number") return parsed;
  const config = parsed.config as z.output<S> & z.output<z.ZodObject<typeof workerFlags>>;
  const threshold = { level: config.logLevel };
  const logger = createLogger(program.name, { threshold, format: config.logFormat }, printError);
  const metrics = new Metrics(program.metrics);
  const ofProcess = new ProcessMetrics();
  const pages = new Map<string, () => unknown>();
  const readiness = new Readiness();
  const stop = new AbortController();
  const drain = new Drain({ timeoutMs: config.drainTimeoutMs, maxMs: config.drainMaxMs });
  const onSignal = () => {
    if (stop.signal.aborted) return;
    logger.info("stopping");
    drain.begin();
    stop.abort();
  };
  for (const name of STOP_SIGNALS) Deno.addSignalListener(name, onSignal);
  let server: ReturnType<typeof serveHttp> | undefined;
  try {
    const metricsText = async () => await metrics.text() + await ofProcess.text();
    server = serveHttp(config.http, { readiness, metricsText, pages, threshold });
    logger.info("started", { http: server.address });
    await Promise.race([
      program.run({
        ...{ config, logger, metrics, readiness, signal: stop.signal },
        ...{ moved: () => drain.moved(), stalled: drain.stalled },
        page: (path, read) => void pages.set(path, read),
      }),
      drain.overdue,
    ]);
    logger.info("stopped");
    return 0;
  } catch (error) {
    logger.error("failed", {
      error: messageOf(error),
      ...(error instanceof WattstreamError ? { code: error.code } : { stack: stackOf(error) }),
    });
    return hasCode(error, "config") ? 2 : 1;
  } finally {
    drain.close();
    ofProcess.close();
    for (const name of STOP_SIGNALS) Deno.removeSignalListener(name, onSignal);
    await server?.close();
  }
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

const STOP_SIGNALS: readonly Deno.Signal[] = ["SIGTERM", "SIGINT"];

/** Parses the configuration; an exit code where there is nothing to run. */
export function parseOrExplain<S extends z.ZodObject>(
  program: ProgramDescription & { readonly config: S; readonly positionals?: boolean },
  source: ConfigSource,
): ParsedConfig<z.output<S>> | number {
  if (source.args.includes("--version")) {
    print(`${program.name} ${VERSION}`);
    return 0;
  }
  try {
    const parsed = parseConfig(program.config, source, { allowed: program.positionals === true });
    if (parsed !== "help") return parsed as ParsedConfig<z.output<S>>;
    print(helpText(program));
    return 0;
  } catch (error) {
    if (!hasCode(error, "config")) throw error;
    printError(`${program.name}: these settings are wrong:`);
    for (const line of error.message.split("\n")) printError(`  ${line}`);
    printError(`See ${callOf(program.name)} --help.`);
    return 2;
  }
}
