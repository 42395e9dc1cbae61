/** The gateway's flags and variables. */
import { z } from "zod";
import { brokerAddress, checkMqttFlags, mqttFlags } from "../../shared/mqtt/flags.ts";
import { DEFAULT_TOPIC_LAYOUT, topicLayoutFlag } from "../../shared/mqtt/topics.ts";
import { flag } from "../../shared/service/config.ts";
import { workerFlags } from "../../shared/service/program.ts";

const { mqttTopics: _, ...localFlags } = mqttFlags;

export const gatewayConfig = z.strictObject({
  ...workerFlags,
  ...localFlags,
  households: flag.text().describe("File of households and their sources, YAML or .toml"),
  uplink: flag.url(["mqtt", "mqtts", "ws", "wss"]).describe(
    "Broker to which events go, mqtt[s]://host[:port]; users and passwords are in --households",
  ),
  uplinkTopics: topicLayoutFlag().prefault(DEFAULT_TOPIC_LAYOUT).describe(
    "Topic layout of the uplink broker",
  ),
  uplinkVersion: flag.choice(["5", "3.1.1"]).default("5").describe(
    "MQTT version of the uplink broker: 5 or 3.1.1",
  ),
  uplinkCa: flag.text().optional().describe(
    "PEM file of the authority that signed the uplink broker",
  ),
  homeAssistant: flag.boolean().describe(
    "Bring the households' answers from the uplink broker to the local one, and announce them there to Home Assistant",
  ),
  sessionExpiryS: flag.seconds().prefault("1h").describe(
    "How long the local broker keeps messages for a gateway that is away (MQTT 5)",
  ),
  state: flag.text().optional().describe(
    "Folder of the gateway's own that lasts; by default one below $XDG_STATE_HOME, ~/.local/state or /var/lib",
  ),
  spoolBytes: flag.integer(1024).prefault(String(1024 ** 3)).describe(
    "Bound of the spool's files of one user together, in bytes",
  ),
  check: flag.boolean().describe(
    "Listens for a while, says for each source what came and what became of it; publishes nothing",
  ),
  checkForS: flag.seconds().prefault("60s").describe("How long --check listens"),
}).superRefine(checkMqttFlags).superRefine(({ homeAssistant, mqtt, uplink }, context) => {
  if (!homeAssistant || brokerAddress(mqtt) !== brokerAddress(uplink)) return;
  const message = "leave it out where --mqtt and --uplink are one broker: the publisher has it too";
  context.addIssue({ code: "custom", path: ["homeAssistant"], message });
});

export type GatewayConfig = z.output<typeof gatewayConfig>;
