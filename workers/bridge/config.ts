/** The bridge's flags and variables. */
import { z } from "zod";
import { logFlags } from "../../shared/log/open.ts";
import { checkMqttFlags, mqttFlags } from "../../shared/mqtt/flags.ts";
import { MESSAGE_KINDS } from "../../shared/mqtt/topics.ts";
import { flag } from "../../shared/service/config.ts";
import { workerFlags } from "../../shared/service/program.ts";

export const bridgeConfig = z.strictObject({
  ...workerFlags,
  ...logFlags,
  ...mqttFlags,
  clientId: flag.text().default("wattstream-bridge").describe(
    "Client id at the broker; each bridge has its own and keeps it, so that it gets its messages back",
  ),
  group: z.string().regex(/^[^/+#]+$/, "expected a name without / + #").optional().describe(
    "Name of a shared subscription (MQTT 5): its bridges share the messages, in no order among them",
  ),
  sessionExpiryS: flag.seconds().prefault("1d").describe(
    "How long the broker keeps messages for a bridge that is away (MQTT 5)",
  ),
  receiveMaximum: flag.integer(1, 65_535).prefault("1000").describe(
    "Messages that the broker may send ahead of their acknowledgement (MQTT 5)",
  ),
  bufferMessages: flag.integer(1, 1_000_000).prefault("10000").describe(
    "Messages taken in ahead of the log; when full, the bridge stops reading from the broker",
  ),
  atStop: flag.choice(["return", "leave"]).default("return").describe(
    "At SIGTERM: return (the broker keeps our messages) or leave (the group's others get them)",
  ),
}).superRefine(checkMqttFlags).superRefine((config, context) => {
  const refuse = (key: keyof typeof config, message: string) =>
    context.addIssue({ code: "custom", path: [key], message });
  if (config.receiveMaximum > config.bufferMessages) {
    refuse(
      "receiveMaximum",
      `expected at most --buffer-messages ${config.bufferMessages}, got ${config.receiveMaximum}`,
    );
  }
  if (config.group !== undefined && config.mqttVersion !== "5") {
    refuse("group", `expected --mqtt-version 5 with it, got ${config.mqttVersion}`);
  }
  if (config.atStop === "leave" && config.group === undefined) {
    refuse("atStop", "expected return without --group: nobody else would get the messages");
  }
});

export type BridgeConfig = z.output<typeof bridgeConfig>;

/** What the bridge subscribes to: each kind of message, shared with its group where it has one. */
export function subscriptionFilters(config: Pick<BridgeConfig, "mqttTopics" | "group">): string[] {
  const prefix = config.group === undefined ? "" : `$share/${config.group}/`;
  return MESSAGE_KINDS.map((kind) => prefix + config.mqttTopics.filter(kind));
}
