/** The flags of everything that connects to a broker, and the mqtt.js options that they come to. */
import type { IClientOptions } from "mqtt";
import { z } from "zod";
import { flag } from "../service/config.ts";
import { readPem, readSetting } from "../service/read_setting.ts";
import { DEFAULT_TOPIC_LAYOUT, topicLayoutFlag } from "./topics.ts";

/** Milliseconds that a broker may take to answer before the attempt counts as failed. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Spread these into a schema, and add {@link checkMqttFlags} to it. */
export const mqttFlags = {
  mqtt: flag.url(["mqtt", "mqtts", "ws", "wss"])
    .refine(
      isBrokerUrl,
      "expected a URL such as mqtt://host:1883, with user and password percent-encoded",
    )
    .describe("Broker, mqtt[s]://[user:password@]host[:port] or ws[s]://…"),
  mqttTopics: topicLayoutFlag().prefault(DEFAULT_TOPIC_LAYOUT).describe(
    "Topic layout: flat, or levels with {kind} and, if wanted, {username} and {client_id}",
  ),
  mqttVersion: flag.choice(["5", "3.1.1"]).default("5").describe("MQTT version: 5 or 3.1.1"),
  mqttUsername: flag.text().optional().describe("User at the broker"),
  mqttPassword: flag.text().optional().describe("Password; better from a file"),
  mqttPasswordFile: flag.text().optional().describe("File with the password"),
  mqttCa: flag.text().optional().describe("PEM file of the authority that signed the broker"),
  mqttCert: flag.text().optional().describe("PEM file of the client certificate"),
  mqttKey: flag.text().optional().describe("PEM file of the client certificate's key"),
};

export type MqttConfig = Omit<z.output<z.ZodObject<typeof mqttFlags>>, "mqttTopics">;

/** The rules between the flags: `schema.superRefine(checkMqttFlags)`. */
export function checkMqttFlags(config: MqttConfig, context: z.RefinementCtx): void {
  const refuse = (key: keyof MqttConfig, message: string) =>
    context.addIssue({ code: "custom", path: [key], message });
  // Every problem is listed at once, so this also sees a URL that was refused by itself.
  if (!isBrokerUrl(config.mqtt)) return;
  const url = new URL(config.mqtt);
  const hasPassword = config.mqttPassword !== undefined || config.mqttPasswordFile !== undefined;
  if (config.mqttPassword !== undefined && config.mqttPasswordFile !== undefined) {
    refuse("mqttPasswordFile", "leave it out or --mqtt-password, both are given");
  }
  if (hasPassword && config.mqttUsername === undefined && url.username === "") {
    refuse("mqttUsername", "expected with a password");
  }
  if ((config.mqttCert === undefined) !== (config.mqttKey === undefined)) {
    refuse("mqttCert", "expected together with --mqtt-key");
  }
  if (!isSecure(url) && (config.mqttCa ?? config.mqttCert ?? config.mqttKey) !== undefined) {
    refuse("mqtt", `expected mqtts: or wss: with certificates, got "${url.protocol}"`);
  }
}

/**
 * The mqtt.js options for these flags, with the password and certificate files read. A flag wins
 * over what the URL says.
 * @throws WattstreamError `config` when a file cannot be read.
 */
export async function mqttOptions(
  config: MqttConfig,
  { caFlag = "--mqtt-ca" }: { readonly caFlag?: string } = {},
): Promise<IClientOptions> {
  const url = new URL(config.mqtt);
  const protocol = url.protocol.slice(0, -1) as "mqtt" | "mqtts" | "ws" | "wss";
  const username = config.mqttUsername ?? decodeURIComponent(url.username);
  const password = config.mqttPassword ??
    (config.mqttPasswordFile === undefined
      ? decodeURIComponent(url.password)
      : (await readSetting("--mqtt-password-file", config.mqttPasswordFile)).trimEnd());
  return {
    protocol,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    ...(url.port !== "" && { port: Number(url.port) }),
    ...(protocol.startsWith("ws") && { path: url.pathname + url.search }),
    protocolVersion: config.mqttVersion === "5" ? 5 : 4,
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...(username !== "" && { username }),
    ...(password !== "" && { password }),
    ...(config.mqttCa !== undefined && { ca: await readPem(caFlag, config.mqttCa) }),
    ...(config.mqttCert !== undefined && {
      cert: await readPem("--mqtt-cert", config.mqttCert),
    }),
    ...(config.mqttKey !== undefined && { key: await readPem("--mqtt-key", config.mqttKey) }),
  };
}

/** The broker's address for logs: the URL without user and password. */
export function brokerAddress(mqttUrl: string): string {
  const url = new URL(mqttUrl);
  return `${url.protocol}//${url.host}`;
}

function isBrokerUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.hostname === "" || /%(?![0-9a-f]{2})/i.test(text)) return false;
  // A password with / ? or # that is not encoded would be taken for host, port and path.
  return !`${url.pathname}${url.search}${url.hash}`.includes("@");
}

function isSecure(url: URL): boolean {
  return url.protocol === "mqtts:" || url.protocol === "wss:";
}
