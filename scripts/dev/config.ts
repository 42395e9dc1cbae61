/** The flags of `deno task dev`: its own, and those of the workers that it hands on to them. */
import { z } from "zod";
import { logFlags, taskFlags } from "../../shared/log/open.ts";
import { checkMqttFlags, mqttFlags } from "../../shared/mqtt/flags.ts";
import type { Semantics } from "../../shared/oracle/semantics.ts";
import { flag, withRule } from "../../shared/service/config.ts";
import { streamFlags } from "../../shared/stream/stream_flags.ts";
import { DEFAULT_PARTITION_COUNT } from "../../shared/topics.ts";
import { traceFlags } from "../../shared/tracing/open.ts";
import { bridgeConfig } from "../../workers/bridge/config.ts";
import { retentionFlags } from "../retention.ts";
import { publisherConfig } from "../../workers/publisher/config.ts";
import { predictionsConfig } from "../../workers/predictions/config.ts";
import { checkLoop, simulatorConfig } from "../../workers/simulator/config.ts";
import { trainingConfig } from "../../workers/training/config.ts";

const { log, ...otherLogFlags } = logFlags;
// Each worker gets a name of its own.
const { kafkaInstance: _, ...otherTaskFlags } = taskFlags;
const { mqtt, ...otherMqttFlags } = mqttFlags;
const { connections, seed, replay, replaySpeed, replayFromS, replayLimitS, replayLabels } =
  simulatorConfig.shape;
const { replayGapsS, timeColumn, powerColumn, deviceColumns, onThreshold, resample, strict, loop } =
  simulatorConfig.shape;
const { windowS, slideS, minReadings } = predictionsConfig.shape;
const { homeAssistant } = publisherConfig.shape;
const { traceSample } = bridgeConfig.shape;
const { gapS, minDurationS, maxSessionS } = trainingConfig.shape;

/** So many the embedded broker was seen to hold. */
const CONNECTIONS_MAX = 10_000;

const schema = z.strictObject({
  households: flag.integer(1, 100_000).prefault("20").describe("Simulated households"),
  connections,
  durationMs: flag.milliseconds().optional().describe(
    "How long to publish; without it until Ctrl-C, or the end of the recording",
  ),
  seed,
  ...{ replay, replaySpeed, replayFromS, replayLimitS, replayLabels, replayGapsS },
  ...{ timeColumn, powerColumn, deviceColumns, onThreshold, resample, strict, loop },
  noDisaggregation: flag.boolean().describe(
    "Leave out the worker that learns the households' devices and tells which are on",
  ),
  console: flag.address().optional().describe(
    "Address of the console, a web page; without it 127.0.0.1:8080, or the next port that is free",
  ),
  noConsole: flag.boolean().describe("Leave the console out"),
  homeAssistant,
  data: flag.text().optional().describe(
    "Folder that keeps the log between runs; without it a temporary one",
  ),
  report: flag.text().optional().describe("File for the closing report, as JSON"),
  log: log.optional().describe(
    "Log in place of the embedded one: sqlite:PATH, kafka://HOST:PORT or kafkas://HOST:PORT",
  ),
  mqtt: mqtt.optional().describe(
    "Broker in place of the embedded one: mqtt[s]://host[:port] or ws[s]://…",
  ),
  mqttPort: flag.integer(0, 65_535).prefault("0").describe(
    "Port of the embedded broker; 0 takes a free one",
  ),
  httpBase: flag.integer(1, 65_000).optional().describe(
    "First port of the workers' metrics, one each: what a Prometheus watches; without it free ones",
  ),
  partitions: flag.integer(1, 1000).prefault(String(DEFAULT_PARTITION_COUNT)).describe(
    "Partitions of the topics, where they are created",
  ),
  ...retentionFlags,
  // What decides which output is right goes to the workers and to the oracle.
  ...{ windowS, slideS, minReadings, gapS, minDurationS, maxSessionS },
  ...streamFlags,
  ...traceFlags,
  traceSample,
  ...otherTaskFlags,
  ...otherMqttFlags,
  ...otherLogFlags,
});

export const devConfig = withRule(
  schema,
  ["mqtt", "mqttPort"],
  (config) =>
    config.mqtt !== undefined && config.mqttPort !== 0
      ? `expected --mqtt-port of the embedded broker without --mqtt, got ${config.mqttPort}`
      : undefined,
).superRefine((config, context) => {
  // The embedded broker speaks plain MQTT.
  checkMqttFlags({ ...config, mqtt: config.mqtt ?? "mqtt://127.0.0.1" }, context);
}).superRefine(({ homeAssistant, mqtt, noDisaggregation }, context) => {
  if (!homeAssistant || (mqtt === undefined && !noDisaggregation)) return;
  const message = mqtt === undefined
    ? "leave it out with --no-disaggregation: there is nothing to announce"
    : "leave it out with --mqtt: at a broker of others run deno task publisher --home-assistant";
  context.addIssue({ code: "custom", path: ["homeAssistant"], message });
}).superRefine(checkLoop).superRefine(checkConnections("households"));

/** Each household has a connection of its own, or they share some. @param name the flag that says how many they are. */
export function checkConnections<Name extends string>(name: Name) {
  return (
    config: Readonly<Record<Name, number>> & { readonly connections?: number | undefined },
    context: z.RefinementCtx,
  ): void => {
    if (config[name] <= CONNECTIONS_MAX || config.connections !== undefined) return;
    const message = `expected --connections that they share, with more than ${CONNECTIONS_MAX}`;
    context.addIssue({ code: "custom", path: [name], message });
  };
}

export type DevConfig = z.output<typeof devConfig>;

/** What the oracle judges by. */
export function semanticsOf(config: DevConfig): Semantics {
  const { windowS, slideS, minReadings, gapS, minDurationS, maxSessionS } = config;
  const { latenessS, idleTimeoutS, maxAheadS } = config;
  return {
    ...{ windowS, slideS, minReadings, gapS, minDurationS, maxSessionS },
    ...{ latenessS, idleTimeoutS, maxAheadS },
  };
}
