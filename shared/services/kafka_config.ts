/** The `server.properties` of a broker for development and tests. Pure. */

/** One broker of a cluster, which is a controller too. */
export interface BrokerAddress {
  /** Counts from 1. */
  readonly id: number;
  /** Of the listener for everyone: no password, all rights. */
  readonly port: number;
  readonly controllerPort: number;
  /** Of the listener with passwords and access lists, where the cluster has one. */
  readonly securePort: number;
  /** Of further open listeners behind proxies, see `kafka_links.ts`. */
  readonly links?: readonly LinkAddress[];
}

/** A listener that clients reach by a proxy. */
export interface LinkAddress {
  readonly port: number;
  /** The port that clients are told. */
  readonly proxyPort: number;
}

/** A listener of its own name, beside the open one. */
export interface SecureListener {
  readonly protocol: "SASL_PLAINTEXT" | "SASL_SSL";
  /** Properties of the listener, without their prefix `listener.name.secure.`. */
  readonly properties: Readonly<Record<string, string>>;
  /** Users whom access lists do not bind. */
  readonly superUsers: readonly string[];
}

/** The settings of one broker. */
export function brokerProperties(
  broker: BrokerAddress,
  cluster: readonly BrokerAddress[],
  options: {
    readonly dataFolder: string;
    readonly secure: SecureListener | undefined;
    /** Further settings, which count before ours. */
    readonly settings?: Readonly<Record<string, string>> | undefined;
  },
): Record<string, string> {
  const voters = cluster.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`);
  return {
    "process.roles": "broker,controller",
    "node.id": `${broker.id}`,
    "controller.quorum.voters": voters.join(","),
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "OPEN",
    "listeners": listeners(broker, options.secure),
    "advertised.listeners": advertised(broker, options.secure),
    "listener.security.protocol.map": protocols(broker, options.secure),
    "log.dirs": options.dataFolder,
    "auto.create.topics.enable": "false",
    ...replication(cluster.length),
    ...QUICK,
    ...(options.secure === undefined ? {} : accessControl(options.secure)),
    ...options.settings,
  };
}

/** Properties as the text of a file. */
export function propertiesText(properties: Readonly<Record<string, string>>): string {
  const lines = Object.entries(properties).map(([key, value]) =>
    `${key}=${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`
  );
  return lines.join("");
}

/** Small internal topics and no waiting: a test group is complete when its members say so. */
const QUICK = {
  "group.initial.rebalance.delay.ms": "0",
  "offsets.topic.num.partitions": "5",
  "transaction.state.log.num.partitions": "5",
  "share.coordinator.state.topic.num.partitions": "1",
  "controller.quorum.election.timeout.ms": "500",
  "controller.quorum.fetch.timeout.ms": "1000",
  // A broker that was killed is noticed within this time; a test waits for nothing else.
  "broker.session.timeout.ms": "3000",
  "broker.heartbeat.interval.ms": "500",
  // One test's clients need not wait for another's idle ones.
  "group.min.session.timeout.ms": "1000",
  // What a benchmark's last run has written is gone, memory and disk, before the next one is measured.
  "log.segment.delete.delay.ms": "1000",
};

function replication(brokerCount: number): Record<string, string> {
  const factor = `${Math.min(brokerCount, 3)}`;
  const inSyncMin = brokerCount >= 3 ? "2" : "1";
  return {
    "default.replication.factor": factor,
    "min.insync.replicas": inSyncMin,
    "offsets.topic.replication.factor": factor,
    "transaction.state.log.replication.factor": factor,
    "transaction.state.log.min.isr": inSyncMin,
    "share.coordinator.state.topic.replication.factor": factor,
    "share.coordinator.state.topic.min.isr": inSyncMin,
  };
}

function listeners(broker: BrokerAddress, secure: SecureListener | undefined): string {
  const { links = [] } = broker;
  return [
    ...ownListeners(broker, secure),
    `CONTROLLER://127.0.0.1:${broker.controllerPort}`,
    ...links.map(({ port }, index) => `LINK${index}://127.0.0.1:${port}`),
  ].join(",");
}

/** Where clients find the broker, by the listener through which they ask. */
function advertised(broker: BrokerAddress, secure: SecureListener | undefined): string {
  const { links = [] } = broker;
  return [
    ...ownListeners(broker, secure),
    ...links.map(({ proxyPort }, index) => `LINK${index}://127.0.0.1:${proxyPort}`),
  ].join(",");
}

function ownListeners(broker: BrokerAddress, secure: SecureListener | undefined): string[] {
  const open = `OPEN://127.0.0.1:${broker.port}`;
  return secure === undefined ? [open] : [open, `SECURE://127.0.0.1:${broker.securePort}`];
}

function protocols(broker: BrokerAddress, secure: SecureListener | undefined): string {
  const { links = [] } = broker;
  const all = ["OPEN:PLAINTEXT", "CONTROLLER:PLAINTEXT"];
  if (secure !== undefined) all.push(`SECURE:${secure.protocol}`);
  return [...all, ...links.map((_, index) => `LINK${index}:PLAINTEXT`)].join(",");
}

/** Who comes through the open listener is `ANONYMOUS`, and so are the brokers to each other. */
function accessControl(secure: SecureListener): Record<string, string> {
  const superUsers = ["ANONYMOUS", ...secure.superUsers].map((name) => `User:${name}`);
  const properties = Object.entries(secure.properties).map(([key, value]) =>
    [`listener.name.secure.${key}`, value] as const
  );
  return {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": superUsers.join(";"),
    ...Object.fromEntries(properties),
  };
}
