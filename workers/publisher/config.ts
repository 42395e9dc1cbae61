/** Flags of the publisher. */
import { z } from "zod";
import { logFlags, taskFlags } from "../../shared/log/open.ts";
import { checkMqttFlags, mqttFlags } from "../../shared/mqtt/flags.ts";
import { flag } from "../../shared/service/config.ts";
import { workerFlags } from "../../shared/service/program.ts";
import { streamFlags } from "../../shared/stream/stream_flags.ts";
import { traceFlags } from "../../shared/tracing/open.ts";

const { mqttTopics: _, ...brokerFlags } = mqttFlags;
const { idleTimeoutS, maxAheadS, lostRecords } = streamFlags;

export const publisherConfig = z.strictObject({
  ...logFlags,
  ...taskFlags,
  ...brokerFlags,
  homeAssistant: flag.boolean().describe(
    "Announce households and devices to Home Assistant, below homeassistant/",
  ),
  ...{ idleTimeoutS, maxAheadS, lostRecords },
  ...traceFlags,
  ...workerFlags,
}).superRefine(checkMqttFlags);

export type PublisherConfig = z.output<typeof publisherConfig>;
