/**
 * The gateway's wiring: local broker → households → spools → uplink broker. At SIGTERM nothing more is
 * taken in, what is due goes out, and what the uplink broker does not take stays in the spool.
 */
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import { brokerAddress, mqttOptions } from "../../shared/mqtt/flags.ts";
import { pause } from "../../shared/pause.ts";
import { atMostEvery } from "../../shared/service/logger.ts";
import type { WorkerContext, WorkerProgram } from "../../shared/service/program.ts";
import { pathText, whyUnreadable } from "../../shared/service/secrets.ts";
import { type GatewayConfig, gatewayConfig } from "./config.ts";
import { type AnswerCounts, Downlink } from "./downlink.ts";
import { Gateway } from "./gateway.ts";
import { GatewayState } from "./gateway_state.ts";
import { type HouseholdSpec, notationOf, parseHouseholds } from "./households/file.ts";
import { LocalBroker } from "./local_broker.ts";
import { type GatewayMetrics, gatewayMetrics } from "./metrics.ts";
import { Uplinks } from "./uplink/uplinks.ts";

/** How often labels that wait are looked at. */
const DUE_MS = 250;
/** How often what waits in the spool is brought to the disk for good, in rounds of {@link DUE_MS}. */
const SYNC_ROUNDS = 20;
const REMEMBER_ROUNDS = 4;

/** What the process has and tests may set. */
export interface GatewayEnvironment {
  readonly nowMs: () => number;
  readonly random: () => number;
  /** The variables of the process. */
  readonly env: (name: string) => string | undefined;
}

type Context = WorkerContext<GatewayConfig, GatewayMetrics>;

/** The program, for `runWorker`. */
export function gatewayProgram(
  environment: GatewayEnvironment,
): WorkerProgram<typeof gatewayConfig, GatewayMetrics> {
  return {
    name: "gateway",
    summary: "reads what real devices publish on a local broker, and publishes households' events",
    config: gatewayConfig,
    metrics: gatewayMetrics,
    run: (context) => runGateway(context, environment),
  };
}

/** @throws WattstreamError `config` with the file's path, and line and column of every mistake. */
export async function readHouseholds(
  path: string,
): Promise<HouseholdSpec[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    const problem = `Give --households a readable file, got "${pathText(path)}"`;
    throw new WattstreamError("config", `${problem}: ${whyUnreadable(cause)}`, { cause });
  }
  try {
    return parseHouseholds(text, notationOf(path));
  } catch (cause) {
    if (!(cause instanceof WattstreamError)) throw cause;
    const lines = cause.message.split("\n").map((line) => `${pathText(path)}:${line}`);
    throw new WattstreamError("config", lines.join("\n"), { cause });
  }
}

async function runGateway(context: Context, environment: GatewayEnvironment): Promise<void> {
  const { config, logger, metrics, readiness, signal } = context;
  const { nowMs, random, env } = environment;
  const specs = await readHouseholds(config.households);
  const mqtt = await mqttOptions(config);
  using state = new GatewayState({ state: config.state, env, random });
  metrics.set("wattstream_gateway_households", specs.length);
  const gateway = new Gateway(specs, {
    offsets: state.offsets,
    lastSeconds: state.lastSeconds,
    onOutcome: (outcome) => metrics.add("wattstream_gateway_messages_total", 1, { outcome }),
    onOffset: (name, offsetS) => {
      tryTo(logger, () => state.setOffset(name, offsetS));
    },
  });
  const downlink = new Downlink(config.homeAssistant ? specs : [], {
    announced: state.announced,
    onAnnounced: (name, count) => tryTo(logger, () => state.setAnnounced(name, count)),
    ...answerCounts(context, nowMs),
  });
  const uplinks = await Uplinks.open(specs, context, {
    folder: `${state.folder}/spool`,
    answerTopicsOf: (user) => downlink.topicsOf(user),
    onAnswer: (topic, payload) => downlink.take(topic, payload),
    nowMs,
    random,
  });
  const broker = brokerAddress(config.mqtt);
  readiness.unready(`connecting to ${broker}`);
  let problem = "";
  const warn = atMostEvery(
    (suppressed) => logger.warn("no connection to the local broker", { problem, suppressed }),
    nowMs,
  );
  logger.info("listening", { broker, topics: gateway.topics.length, state: state.folder });
  const local = new LocalBroker({
    ...{ mqtt, clientId: state.clientId, sessionExpiryS: config.sessionExpiryS },
    ...{ topics: gateway.topics, nowMs, random, signal },
    onMessage: async (message) => {
      await gateway.take(message);
      uplinks.publish(gateway.due(nowMs()));
    },
    onState: (found) => {
      metrics.set("wattstream_gateway_connected", found === undefined ? 1 : 0);
      if (found === undefined) readiness.ready();
      else {
        problem = found;
        readiness.unready(`${broker}: ${found}`);
        if (!signal.aborted) warn();
      }
    },
  });
  downlink.open(local.client);
  const remember = () => tryTo(logger, () => state.setLastSeconds(gateway.lastSeconds()));
  try {
    const ticking = tick({ gateway, uplinks, nowMs, remember }, signal);
    await Promise.race([
      ticking,
      uplinks.running.then(() => ticking),
      local.connected.then(() => ticking, (error) => {
        if (!signal.aborted) throw error;
      }),
    ]);
  } finally {
    readiness.unready("stopping");
    await local.close();
    uplinks.publish(gateway.due(nowMs(), true));
    remember();
    await uplinks.close(context.stalled);
  }
}

/** What became of answers, counted and logged. */
function answerCounts({ logger, metrics }: Context, nowMs: () => number): AnswerCounts {
  let found = {};
  const warn = atMostEvery((suppressed) => {
    logger.warn("the uplink broker has said something that is no answer", { ...found, suppressed });
  }, nowMs);
  const refuse = atMostEvery((suppressed) => {
    logger.error("the local broker refused an answer", { ...found, suppressed });
  }, nowMs);
  return {
    onPublished: (kind) => metrics.add("wattstream_gateway_answers_total", 1, { kind }),
    onRefused(topic, reason) {
      metrics.add("wattstream_gateway_answers_refused_total", 1);
      found = { topic, reason };
      refuse();
    },
    onInvalid(topic, problem) {
      metrics.add("wattstream_gateway_answers_invalid_total", 1);
      found = { topic, problem };
      warn();
    },
  };
}

/** The next process knows less where the disk does not take it. */
function tryTo(logger: Context["logger"], write: () => void): void {
  try {
    write();
  } catch (error) {
    logger.warn("what is to be known after a restart cannot be written", {
      problem: messageOf(error),
    });
  }
}

/** Publishes labels as they are decided, until SIGTERM. */
async function tick(
  { gateway, uplinks, nowMs, remember }: {
    readonly gateway: Gateway;
    readonly uplinks: Uplinks;
    readonly nowMs: () => number;
    readonly remember: () => void;
  },
  signal: AbortSignal,
): Promise<void> {
  for (let round = 1; !signal.aborted; round++) {
    await pause(DUE_MS, signal);
    uplinks.publish(gateway.due(nowMs()));
    if (round % REMEMBER_ROUNDS === 0) remember();
    if (round % SYNC_ROUNDS === 0) await uplinks.sync();
  }
}
