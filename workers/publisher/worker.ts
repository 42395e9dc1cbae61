/** The publisher: models and disaggregated seconds → MQTT, to the households that they are of. */
import { Announcer } from "../../shared/answers/announcer.ts";
import { invariant } from "../../shared/errors.ts";
import { BACKOFF_OF_ONE, openMqtt } from "../../shared/mqtt/connect.ts";
import { brokerAddress, mqttOptions } from "../../shared/mqtt/flags.ts";
import type { Readiness } from "../../shared/service/http.ts";
import { jointReadiness } from "../../shared/service/joint_readiness.ts";
import { atMostEvery } from "../../shared/service/logger.ts";
import type { WorkerContext, WorkerProgram } from "../../shared/service/program.ts";
import { householdOf } from "../../shared/stream/household_memories.ts";
import {
  type MemoryFollower,
  runStreamWorker,
  type StreamEnvironment,
} from "../../shared/stream/stream_worker.ts";
import { PUBLISHER_GROUP } from "../../shared/topics.ts";
import { publicationsOf } from "./answers.ts";
import { type PublisherConfig, publisherConfig } from "./config.ts";
import { publisherCore } from "./core.ts";
import { decodeMemory } from "./household_memory.ts";
import { type PublisherMetrics, publisherMetrics } from "./metrics.ts";

export function publisherProgram(
  environment: StreamEnvironment,
): WorkerProgram<typeof publisherConfig, PublisherMetrics> {
  return {
    name: PUBLISHER_GROUP,
    summary: "tells each household over MQTT which of its devices are on, and what they have used",
    config: publisherConfig,
    metrics: publisherMetrics,
    run: (context) => run(context, environment),
  };
}

async function run(
  context: WorkerContext<PublisherConfig, PublisherMetrics>,
  environment: StreamEnvironment,
): Promise<void> {
  const { config, logger, metrics, moved, signal, stalled } = context;
  const { nowMs, random } = environment;
  const broker = brokerAddress(config.mqtt);
  const [ofLog, ofBroker] = jointReadiness(context.readiness, 2) as [Readiness, Readiness];
  ofBroker.unready(`connecting to ${broker}`);
  let problem = "";
  const complain = atMostEvery((suppressed) => {
    logger.warn("waiting for the broker", { broker, problem, suppressed });
  }, nowMs);
  let refusal = {};
  const complainOfRefusal = atMostEvery((suppressed) => {
    logger.error("the broker refused a publication", { broker, ...refusal, suppressed });
  }, nowMs);
  // Ends the worker where the broker refuses us for good.
  const over = new AbortController();
  const connection = openMqtt({
    ...await mqttOptions(config),
    clientId: `wattstream-publisher-${Math.floor(random() * 2 ** 32).toString(16)}`,
  }, {
    ...{ backoff: BACKOFF_OF_ONE, signal, random },
    onProblem(reason) {
      problem = reason;
      ofBroker.unready(`not connected to ${broker}: ${reason}`);
      complain();
    },
  });
  const { client } = connection;
  client.on("connect", () => {
    metrics.set("wattstream_publisher_connected", 1);
    ofBroker.ready();
    logger.info("connected", { broker });
  });
  client.on("close", () => metrics.set("wattstream_publisher_connected", 0));
  const announcer = new Announcer<string>(client, {
    publicationsOf(name, text) {
      const identity = householdOf(name);
      invariant(identity !== undefined, `the memory has an entry that is no household: ${name}`);
      return publicationsOf(identity, decodeMemory(text), config);
    },
    onPublished(kind) {
      moved();
      metrics.add("wattstream_publisher_published_total", 1, { kind });
    },
    onRefused(topic, reason) {
      metrics.add("wattstream_publisher_refused_total", 1);
      refusal = { topic, reason };
      complainOfRefusal();
    },
  });
  metrics.beforeText(() =>
    metrics.set("wattstream_publisher_waiting_households", announcer.waitingCount)
  );
  let failure: unknown;
  const connecting = connection.connected.catch((error) => {
    if (signal.aborted) return;
    failure = error;
    over.abort();
  });
  const stop = AbortSignal.any([signal, over.signal]);
  try {
    await runStreamWorker(
      publisherCore(),
      {
        ...{ ...context, readiness: ofLog, signal: stop },
        // Nothing is ever open here that a tick would have to close.
        config: { ...config, quietTimeoutMs: Infinity },
      },
      environment,
      followerOf(announcer),
    );
  } finally {
    await connection.close({ force: stalled.aborted });
    await connecting;
  }
  if (failure !== undefined) throw failure;
}

/** Tells the broker what tasks have committed, and of tasks that are another's nothing. */
function followerOf(announcer: Announcer<string>): MemoryFollower {
  return {
    recovered: (partition, memories) => announcer.tell(partition, memories),
    committed: (partition, memories) => announcer.tell(partition, memories),
    drained: async (partition) => {
      await announcer.drained(partition);
    },
    ended: (partition) => announcer.forget(partition),
  };
}
