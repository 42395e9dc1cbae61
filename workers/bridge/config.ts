/** The bridge's flags and variables. */
import { z } from "zod";
import { logFlags } from "../../shared/log/open.ts";
import { checkMqttFlags, mqttFlags } from "../../shared/mqtt/flags.ts";
import { MESSAGE_KINDS } from "../../shared/mqtt/topics.ts";
import { flag } from "../../shared/service/config.ts";
import { workerFlags } from "../../shared/service/program.ts";
import { traceFlags } from "../../shared/tracing/open.ts";
import { shareFlag } from "./share.ts";

/** The value of `--spool` that turns it off. */
export const NO_SPOOL = "none";

export const bridgeConfig = z.strictObject({
  ...workerFlags,
  ...logFlags,
  ...mqttFlags,
  state: flag.text().optional().describe(
    "Folder of the bridge's own that lasts; by default one below $XDG_STATE_HOME, ~/.local/state or /var/lib",
  ),
  clientId: flag.text().optional().describe(
    "Client id at the broker, a secret: who has it can take our messages; by default made once and kept in --state",
  ),
  clientIdFile: flag.text().optional().describe("File with the client id"),
  share: shareFlag().prefault("0/1").describe(
    "INDEX/COUNT where COUNT bridges stand side by side: this one takes its share of the households",
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
  bufferMessages: flag.integer(1, 1_000_000).prefault("50000").describe(
    "Messages taken in ahead of the log, of QoS 0 and of QoS 1 each",
  ),
  spool: flag.text().optional().describe(
    "Folder for what the log does not take at once, or none; by default spool in --state",
  ),
  spoolBytes: flag.integer(1024).prefault(String(1024 ** 3)).describe(
    "Bound of the spool's files together, in bytes",
  ),
  atStop: flag.choice(["return", "leave"]).default("return").describe(
    "At SIGTERM: return (the broker keeps our messages) or leave for good (other bridges get them)",
  ),
  ...traceFlags,
  traceSample: flag.number(0, 1).prefault("0.001").describe(
    "Share of the readings that are traced, where --trace-to names a collector",
  ),
  check: flag.boolean().describe(
    "Says how many messages the broker keeps for a client that is away, and for how long that lasts; then ends",
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
  if (config.group !== undefined && config.share?.count > 1) {
    refuse("group", "leave it out or --share: the group's messages are dealt out already");
  }
  if (config.clientId !== undefined && config.clientIdFile !== undefined) {
    refuse("clientIdFile", "leave it out or --client-id, both are given");
  }
});

export type BridgeConfig = z.output<typeof bridgeConfig>;

/** What the bridge subscribes to: each kind of message, shared with its group where it has one. */
export function subscriptionFilters(config: Pick<BridgeConfig, "mqttTopics" | "group">): string[] {
  const prefix = config.group === undefined ? "" : `$share/${config.group}/`;
  return MESSAGE_KINDS.map((kind) => prefix + config.mqttTopics.filter(kind));
}
