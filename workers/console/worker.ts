/** The console's wiring: log and workers' metrics → the pages of those who watch. It keeps nothing. */
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import { openLog } from "../../shared/log/open.ts";
import type { WorkerContext, WorkerProgram } from "../../shared/service/program.ts";
import type { IClientOptions } from "mqtt";
import { LogIn } from "./access/log_in.ts";
import { sessionOfAll, Sessions } from "./access/sessions.ts";
import { asksWho, type ConsoleConfig, consoleConfig } from "./config.ts";
import { Broker } from "./label/broker.ts";
import { Labellers } from "./label/labellers.ts";
import { mqttOptions } from "../../shared/mqtt/flags.ts";
import { type ConsoleMetrics, consoleMetrics } from "./metrics.ts";
import { Directory } from "./household/directory.ts";
import { HouseholdFeeds } from "./household/household_feeds.ts";
import { PartitionTails } from "./household/partition_tails.ts";
import { HealthWatch } from "./server/health.ts";
import { listen } from "./server/listen.ts";
import { loadPageFiles } from "./server/page_files.ts";
import { routes } from "./server/routes.ts";
import { Replays } from "./system/replays.ts";
import { SystemWatch } from "./system/system_watch.ts";

/** Whoever looks at a page is told soon that the log is away. */
const LOG_PATIENCE_MS = 2000;

/** What the process has and tests may set. */
export interface ConsoleEnvironment {
  readonly nowMs: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
}

type Context = WorkerContext<ConsoleConfig, ConsoleMetrics>;

/** The program, for `runWorker`. */
export function consoleProgram(
  environment: ConsoleEnvironment,
): WorkerProgram<typeof consoleConfig, ConsoleMetrics> {
  return {
    name: "console",
    summary: "a web page on which people watch the system and their households",
    config: consoleConfig,
    metrics: consoleMetrics,
    run: (context) => runConsole(context, environment),
  };
}

async function runConsole(context: Context, { nowMs, random }: ConsoleEnvironment): Promise<void> {
  const { config, logger, metrics, readiness, signal } = context;
  const files = await loadPageFiles();
  const log = await openLog(config.log, { ...config, patienceMs: LOG_PATIENCE_MS });
  const system = new SystemWatch({ log, workers: config.workers, nowMs, signal });
  const health = new HealthWatch({ log, workers: config.workers, nowMs, signal });
  const replays = new Replays(log, config.mqttTopics);
  const tails = new PartitionTails(log);
  const feeds = new HouseholdFeeds({ log, tails, signal });
  const directory = new Directory(log, nowMs);
  const { mqtt, mqttTopics: topics } = config;
  const options = mqtt === undefined ? undefined : await mqttOptions({ ...config, mqtt });
  const brokerOf = (options: IClientOptions | undefined) =>
    new Broker({ options, topics, random, signal });
  const ofAll = brokerOf(options);
  const sessions = new Sessions({ operators: config.operators, nowMs });
  const logIn = new LogIn({
    ...{ sessions, nowMs },
    brokerFor: (credentials) => brokerOf({ ...options, ...credentials }),
  });
  const labellers = new Labellers({
    readingsOf: (household, sinceS) => feeds.readingsOf(household, sinceS),
    nowMs,
  });
  const asks = asksWho(config);
  metrics.beforeText(() => {
    metrics.set("wattstream_console_labellers", labellers.count);
    metrics.set("wattstream_console_sessions", sessions.count);
  });
  const app = routes({
    ...{ log, files, health, system, replays, feeds, directory, labellers, signal },
    logIn: asks ? logIn : undefined,
    sessionOfAll: sessionOfAll(ofAll, signal),
    isLoopbackOnly: !asks,
    isSecure: config.tlsCert !== undefined || config.behindIngress,
    isBehindIngress: config.behindIngress,
    basePath: config.basePath,
    onLogIn: (outcome) => metrics.add("wattstream_console_log_ins_total", 1, { outcome }),
    onRefused: () => metrics.add("wattstream_console_refused_total", 1),
    onViewer: (end) => {
      metrics.add("wattstream_console_viewers", end === undefined ? 1 : -1);
      if (end === "cut") metrics.add("wattstream_console_viewers_cut_total", 1);
    },
  });
  app.onError((error, context) => {
    const code = error instanceof WattstreamError && error.code === "unavailable" ? 503 : 500;
    if (code === 500) logger.error("a request failed", { error: messageOf(error) });
    return context.json({ error: messageOf(error) }, code);
  });
  const { server, url } = await listen(config, app.fetch);
  logger.info("serving", { address: url });
  readiness.ready();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  readiness.unready("stopping");
  labellers.close();
  await Promise.all([ofAll.close(), sessions.close()]);
  await Promise.all([health.close(), system.close(), feeds.close(), tails.close()]);
  await server.shutdown();
  await log.close();
}
