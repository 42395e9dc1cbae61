/** Which broker this is, and the setting that changes how much it keeps for a client that is away. */

export interface BrokerKind {
  readonly name: string;
  readonly setting: string;
}

const MOSQUITTO: BrokerKind = {
  name: "Mosquitto",
  setting: "max_queued_messages in mosquitto.conf (0: no bound)",
};
const EMQX: BrokerKind = {
  name: "EMQX",
  setting: "mqtt.max_mqueue_len in emqx.conf (infinity: no bound)",
};
const MOCHI: BrokerKind = { name: "mochi", setting: "capabilities.maximum_inflight" };

/** Those whose settings are known; the README has a table of them. */
export const BROKER_KINDS: readonly BrokerKind[] = [
  MOSQUITTO,
  { name: "HiveMQ", setting: "<queued-messages><max-queue-size> in config.xml" },
  EMQX,
  { name: "VerneMQ", setting: "max_offline_messages in vernemq.conf (-1: no bound)" },
  {
    name: "RabbitMQ",
    setting: "the policy that gives the queues mqtt-subscription-… a max-length",
  },
  { name: "NanoMQ", setting: "mqtt.max_mqueue_len in nanomq.conf" },
  MOCHI,
];

/** Where brokers tell what they are. */
export const IDENTITY_FILTERS: readonly string[] = [
  "$SYS/broker/version",
  "$SYS/brokers/+/version",
];

/** What a broker says of itself at one of these topics. */
export interface BrokerIdentity {
  readonly kind: BrokerKind | undefined;
  /** Its name and version, for people. */
  readonly text: string;
}

/** Reads the payload of an identity topic. */
export function identityOf(topic: string, version: string): BrokerIdentity {
  if (topic.startsWith("$SYS/brokers/")) return { kind: EMQX, text: `EMQX ${version}` };
  const mosquitto = /^mosquitto version (.+)$/.exec(version);
  if (mosquitto !== null) return { kind: MOSQUITTO, text: `Mosquitto ${mosquitto[1]}` };
  // It says its number alone.
  if (/^v?\d+\.\d+/.test(version)) return { kind: MOCHI, text: `mochi ${version}` };
  return { kind: undefined, text: version };
}
