/**
 * The bridge's wiring: MQTT → intake → log. It waits, unready, for the log's topics and the broker,
 * each whether or not the other is there, runs until SIGTERM, then drains: intake off, append what is in hand, acknowledge, disconnect.
 */
import { hasCode, messageOf, WattstreamError } from "../../shared/errors.ts";
import type { Appender } from "../../shared/log/log.ts";
import { requestObserver } from "../../shared/log/log_metrics.ts";
import { openLog } from "../../shared/log/open.ts";
import { brokerAddress, mqttOptions } from "../../shared/mqtt/flags.ts";
import { pause } from "../../shared/pause.ts";
import type { WorkerContext, WorkerProgram } from "../../shared/service/program.ts";
import { TopicCheck } from "../../shared/topics.ts";
import { openTracing } from "../../shared/tracing/open.ts";
import { type BridgeConfig, bridgeConfig, NO_SPOOL, subscriptionFilters } from "./config.ts";
import { type BridgeState, openState } from "./bridge_state.ts";
import { isGuessable, shortClientId } from "./client_id.ts";
import { DropWatch } from "./drop_watch.ts";
import { Intake } from "./intake.ts";
import { MessageTraces } from "./message_traces.ts";
import { bridgeMetrics } from "./metrics.ts";
import { Spool } from "../../shared/spool/spool.ts";
import { Status } from "./status.ts";
import { Subscriber } from "./subscriber.ts";
import { BRIDGE_TOPICS } from "../../shared/mqtt/validate.ts";

const RETRY_MS = 1000;
/** How often a bridge looks whether the log is still there, and its topics as they were. */
const PROBE_MS = 5000;
/** Problems of the spool's disk are logged at most this often. */
const PROBLEM_MS = 10_000;

type BridgeContext = WorkerContext<BridgeConfig, typeof bridgeMetrics>;

/** What the process has and tests may set. */
export interface BridgeEnvironment {
  readonly nowMs: () => number;
  readonly elapsedMs: () => number;
  readonly random: () => number;
  /** The variables of the process. */
  readonly env: (name: string) => string | undefined;
}

/** The program, for `runWorker`. */
export function bridgeProgram(
  environment: BridgeEnvironment,
): WorkerProgram<typeof bridgeConfig, typeof bridgeMetrics> {
  return {
    name: "bridge",
    summary: "takes readings and device states from MQTT into the log",
    config: bridgeConfig,
    metrics: bridgeMetrics,
    run: (context) => runBridge(context, environment),
  };
}

async function runBridge(context: BridgeContext, environment: BridgeEnvironment): Promise<void> {
  const { config, logger, metrics, signal } = context;
  const status = new Status(context, environment.nowMs);
  const mqtt = await mqttOptions(config);
  using state = openState(config, environment.env);
  const log = await openLog(config.log, { ...config, onRequest: requestObserver(metrics) });
  const appender = movingAppender(log.appender(), context.moved);
  const tracing = await openTracing(config, { ...context, ...environment, worker: "bridge" });
  let spool: Spool | undefined;
  try {
    spool = openSpool(context, state.folder, environment);
    const intake = new Intake({
      appender,
      layout: config.mqttTopics,
      share: config.share,
      metrics,
      bufferMessagesMax: config.bufferMessages,
      spool,
      traces: tracing && new MessageTraces({ ...environment, tracing, share: config.traceSample }),
      onLogState: (problem) => status.log(problem),
      onDrop: (reason, count) => status.dropped(reason, count),
      ...environment,
    });
    const filters = subscriptionFilters(config);
    const client = shortClientId(state.clientId);
    logger.info("connecting", { broker: brokerAddress(config.mqtt), client, state: state.folder });
    if (isGuessable(state.clientId)) {
      logger.warn("give no client id, or a longer one: who guesses it can take our messages");
    }
    const subscriber = new Subscriber(mqtt, { ...config, clientId: state.clientId, filters }, {
      offer: (message) => {
        context.moved();
        return intake.offer(message);
      },
      onState: (problem) => {
        status.broker(problem);
        if (problem === undefined && (config.mqttVersion !== "5" || config.sessionExpiryS > 0)) {
          remember(context, () => state.session.remember());
        }
      },
      drops: new DropWatch({
        before: (topic) => state.session.droppedBefore(topic),
        remember: (topic, count) => {
          remember(context, () => state.session.rememberDropped(topic, count));
        },
        onDropped: (count) => status.brokerDropped(count),
      }),
      hasSession: () => state.session.isKnown,
      onSessionLost: (how) => status.sessionLost(how),
      onWarning: (message, fields = {}) => logger.warn(message, fields),
      signal,
      isSettled: () => intake.unacknowledgedCount === 0,
      stalled: context.stalled,
      ...environment,
    });
    await bridge(context, {
      topics: new TopicCheck(log, BRIDGE_TOPICS),
      intake,
      spool,
      state,
      subscriber,
      status,
    });
  } finally {
    await spool?.close();
    await appender.close();
    await log.close();
    await tracing?.close();
  }
}

/** Writes down what the next process is to know. */
function remember({ logger }: BridgeContext, write: () => void): void {
  try {
    write();
  } catch (error) {
    logger.warn("our next process will not know of our session", { problem: messageOf(error) });
  }
}

/** Tells whenever the log has taken something. */
function movingAppender(appender: Appender, moved: () => void): Appender {
  return {
    append: (records) => appender.append(records).then(moved),
    close: () => appender.close(),
  };
}

/** @param stateFolder where it is unless a flag says otherwise. */
function openSpool(
  { config, logger, metrics }: BridgeContext,
  stateFolder: string,
  { nowMs }: BridgeEnvironment,
): Spool | undefined {
  const { spool: folder = `${stateFolder}/spool`, spoolBytes } = config;
  if (folder === NO_SPOOL) return undefined;
  let suppressed = 0;
  let lastMs = -Infinity;
  const spool = new Spool({
    folder,
    bytesMax: spoolBytes,
    nowMs,
    onProblem: (message, fields) => {
      if (nowMs() - lastMs < PROBLEM_MS) return void suppressed++;
      lastMs = nowMs();
      logger.error(message, { folder, ...fields, suppressed });
      suppressed = 0;
    },
  });
  metrics.set("wattstream_bridge_spool_max_bytes", spoolBytes);
  metrics.beforeText(() => {
    const ageMs = nowMs() - (spool.oldestMs ?? nowMs());
    metrics.set("wattstream_bridge_spool_oldest_seconds", ageMs / 1000);
  });
  logger.info("opened the spool", { folder, messages: spool.count });
  return spool;
}

interface BridgeParts {
  readonly topics: TopicCheck;
  readonly intake: Intake;
  readonly spool: Spool | undefined;
  readonly state: BridgeState;
  readonly subscriber: Subscriber;
  readonly status: Status;
}

/** Bridges until SIGTERM, then drains. */
async function bridge(context: BridgeContext, parts: BridgeParts): Promise<void> {
  const { config, signal, stalled } = context;
  const { intake, spool, state, subscriber, status } = parts;
  const failed = new AbortController();
  // An attempt that is under way can outlast it.
  const giveUp = AbortSignal.any([failed.signal, stalled]);
  const appending = append(parts, { signal, giveUp });
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const probing = probeLog(parts, AbortSignal.any([signal, giveUp]));
  let hasLeft = false;
  try {
    await Promise.race([stopped, appending, probing, subscriber.connected.then(() => stopped)]);
    status.stopping();
    hasLeft = await subscriber.stopIntake(config.atStop === "leave");
    intake.stop(hasLeft);
    await appending.catch((error) => settleGivenUp(error, context, parts));
  } finally {
    status.stopping();
    // After a failure: the append under way may end, nothing follows it; its own error is the second.
    failed.abort();
    intake.stop();
    await Promise.allSettled([appending, probing]);
    await intake.close();
    if (hasLeft && spool?.isEmpty === false) {
      context.logger.warn("left messages in the spool", { messages: spool.count });
    }
    await subscriber.close(hasLeft && intake.pendingCount + intake.unacknowledgedCount === 0);
    if (hasLeft) state.session.forget();
  }
}

/** Appends what comes, once the log has its topics. @throws what `Intake.run` does. */
async function append(
  { topics, intake, status }: BridgeParts,
  { signal, giveUp }: { readonly signal: AbortSignal; readonly giveUp: AbortSignal },
): Promise<void> {
  const onAway = (problem: string) => intake.logIsAway(problem);
  const timer = setTimeout(() => onAway("waiting for the log"), RETRY_MS);
  const stop = AbortSignal.any([signal, giveUp]);
  const isThere = await topicsAreThere(topics, { onAway, status, signal: stop })
    .finally(() => clearTimeout(timer));
  if (isThere) return await intake.run(giveUp);
  if (intake.pendingCount === 0) return;
  throw new WattstreamError("unavailable", "The log is away: it was never there");
}

/**
 * The log stayed away while draining: broker and spool keep what is theirs. @throws where more is lost.
 */
function settleGivenUp(
  error: unknown,
  { logger }: BridgeContext,
  { intake, spool }: BridgeParts,
): void {
  if (!hasCode(error, "unavailable")) throw error;
  const { unacknowledgedCount, atRiskCount } = intake;
  if (atRiskCount > 0) {
    logger.error("lost messages of QoS 0: the log is away", { lost: atRiskCount });
    throw error;
  }
  logger.warn("left messages with the broker and in the spool: the log is away", {
    broker: unacknowledgedCount,
    spool: spool?.count ?? 0,
  });
}

/** Waits until the log has the topics; false where SIGTERM comes first. @throws `topic`. */
async function topicsAreThere(
  topics: TopicCheck,
  { status, onAway, signal }: {
    readonly status: Status;
    readonly onAway: (problem: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<boolean> {
  while (!signal.aborted) {
    const problem = await problemOf(topics);
    status.log(problem);
    if (problem === undefined) return true;
    onAway(problem);
    await pause(RETRY_MS, signal);
  }
  return false;
}

/**
 * Keeps `/readyz` true while no messages come: the log can go away unnoticed.
 * @throws WattstreamError `topic` when partitions were added: nobody would read what goes there.
 */
async function probeLog(
  { topics, intake, status }: BridgeParts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const problem = await problemOf(topics);
    if (intake.pendingCount === 0) status.log(problem);
    await pause(PROBE_MS, signal);
  }
}

/** Why the log takes no records, or undefined. @throws WattstreamError where waiting is no help. */
async function problemOf(topics: TopicCheck): Promise<string | undefined> {
  try {
    await topics.count();
    return undefined;
  } catch (error) {
    if (!hasCode(error, "unavailable")) throw error;
    return messageOf(error);
  }
}
