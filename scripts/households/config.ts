/** The flags of `deno task households`: one schema a command. */
import { z } from "zod";
import { checkMqttFlags, mqttFlags } from "../../shared/mqtt/flags.ts";
import { DEFAULT_TOPIC_LAYOUT, topicLayoutFlag } from "../../shared/mqtt/topics.ts";
import { flag } from "../../shared/service/config.ts";
import { onePlace, otherLogFlags, placeFlags } from "../log_place.ts";

const { mqtt, mqttTopics: _, ...otherMqttFlags } = mqttFlags;

export const eraseConfig = onePlace(z.strictObject({
  ...placeFlags,
  user: flag.text().describe("Username of the household"),
  clientId: flag.text().describe("Its client id"),
  state: z.string().min(1).transform((text) => text.split(",")).optional().describe(
    "State folders of bridges and gateways: their spools are rewritten; FOLDER[,FOLDER…]",
  ),
  rewrite: flag.boolean().describe(
    "Writes dataset2train on Kafka, which no retention empties, anew without the household",
  ),
  mqttTopics: topicLayoutFlag().prefault(DEFAULT_TOPIC_LAYOUT).describe(
    "Topic layout of the bridge: what cannot be read is the household's by its topic",
  ),
  mqtt: mqtt.optional().describe(
    "Broker that the publisher told of the household, which is taken back: mqtt[s]://host[:port] or ws[s]://…",
  ),
  ...otherMqttFlags,
  ...otherLogFlags,
})).superRefine((config, context) => {
  if (config.rewrite && config.log?.startsWith("kafka") !== true) {
    const message = "expected --log kafka://…: a log on SQLite is written anew without it";
    context.addIssue({ code: "custom", path: ["rewrite"], message });
  }
  checkMqttFlags({ ...config, mqtt: config.mqtt ?? "mqtts://127.0.0.1" }, context);
});

export type EraseConfig = z.output<typeof eraseConfig>;
