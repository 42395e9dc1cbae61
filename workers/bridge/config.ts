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
  group: z.string().regex(/^[^/+#]+$/, "expected a name without / + #").default("bridge").describe(
    "Shared subscription (MQTT 5): bridges of one group share the messages",
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
    "At SIGTERM: return, the broker keeps messages for us; leave, the rest of the group gets them",
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
  if (config.atStop === "leave" && config.mqttVersion !== "5") {
    refuse("atStop", `expected return with MQTT ${config.mqttVersion}, which has no groups`);
  }
});

export type BridgeConfig = z.output<typeof bridgeConfig>;

/** What the bridge subscribes to: each kind of message, shared within its group where MQTT 5 can. */
export function subscriptionFilters(
  config: Pick<BridgeConfig, "mqttTopics" | "mqttVersion" | "group">,
): string[] {
  const prefix = config.mqttVersion === "5" ? `$share/${config.group}/` : "";
  return MESSAGE_KINDS.map((kind) => prefix + config.mqttTopics.filter(kind));
}
