/**
 * A real Kafka cluster on this machine, for development and tests: one broker, or three with
 * replication 3 and min.insync 2, every one a controller too.
 */
import { Admin } from "@platformatic/kafka";
import { WattstreamError } from "../errors.ts";
import { type BrokerAddress, brokerProperties, propertiesText } from "./kafka_config.ts";
import { installKafka } from "./kafka_install.ts";
import { KafkaLink } from "./kafka_links.ts";
import { javaArgs, type KafkaRuntime, runKafkaTool } from "./kafka_java.ts";
import {
  addGrants,
  type KafkaGrant,
  type KafkaSecurity,
  type KafkaSecurityOptions,
  type KafkaUser,
  makeSecurity,
  scramArgs,
} from "./kafka_security.ts";
import { freePorts } from "./ports.ts";
import { noReport, type Report } from "./report.ts";
import { Server } from "./server.ts";

export interface KafkaOptions {
  /** 1 by default. */
  readonly brokers?: 1 | 3;
  /** Adds a listener with passwords and access lists. */
  readonly security?: KafkaSecurityOptions;
  /** Adds so many links, for clients whose network can stall; none by default. */
  readonly linkCount?: number;
  /** Settings of the brokers beside ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Takes settings, data and logs; a temporary folder that `stop` removes by default. */
  readonly folder?: string;
  /** Brokers start slower and run faster: for benchmarks and long runs. Off by default. */
  readonly optimized?: boolean;
  /**
   * Where there is a file at this path when this process ends, the brokers go on; otherwise
   * they end within about a second.
   */
  readonly keepPath?: string | undefined;
  readonly report?: Report;
}

/** A running cluster. */
export interface Kafka {
  /** `kafka://127.0.0.1:PORT[,127.0.0.1:PORT…]`: the open listener, all rights, no password. */
  readonly url: string;
  readonly brokers: readonly KafkaBroker[];
  /** Where it was asked for. */
  readonly secure: SecureKafka | undefined;
  /** As many as were asked for. */
  readonly links: readonly KafkaLink[];
  /** Settings, data and logs. */
  readonly folder: string;
  /** What runs Kafka's command-line tools: see `runKafkaTool`. */
  readonly runtime: KafkaRuntime;
  /** Kills the brokers, whose data nobody needs any more. Harmless when called again. */
  stop(): Promise<void>;
}

/** The listener with passwords and access lists. */
export interface SecureKafka {
  /** `kafkas://…` with TLS, `kafka://…` without. */
  readonly url: string;
  /** PEM of the authority that clients must trust; undefined without TLS. */
  readonly caPath: string | undefined;
  /** May do everything. */
  readonly admin: KafkaUser;
  /** May do nothing until `grant` lets it. */
  readonly worker: KafkaUser;
  grant(...grants: KafkaGrant[]): Promise<void>;
}

/** One broker of a cluster. */
export class KafkaBroker extends Server {
  readonly id: number;

  constructor(
    address: BrokerAddress,
    folder: string,
    runtime: KafkaRuntime,
    options: KafkaOptions,
  ) {
    super({
      name: `Kafka broker ${address.id}`,
      port: address.port,
      command: runtime.java,
      args: javaArgs(runtime, {
        className: "kafka.Kafka",
        args: [`${folder}/server.properties`],
        heapMiB: 512,
        optimized: options.optimized ?? false,
      }),
      logPath: `${folder}/broker.log`,
      keepPath: options.keepPath,
    });
    this.id = address.id;
  }

  /** Starts it, on the same ports and data as before, and resolves once it serves. */
  async start(): Promise<void> {
    await this.launch();
    await this.untilAlive([this.id]);
  }

  /** Resolves once this broker itself answers and knows all of these as alive. */
  async untilAlive(ids: readonly number[]): Promise<void> {
    await this.untilServing(() => checkAlive(this.port, ids));
  }
}

/**
 * Starts an empty cluster and resolves once topics can be created on it.
 * @throws WattstreamError `unavailable` that says what to install, or why a broker does not start.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const report = options.report ?? noReport;
  const runtime = await installKafka(report);
  const folder = options.folder ?? await Deno.makeTempDir({ prefix: "wattstream-kafka-" });
  const addresses = chooseAddresses(options.brokers ?? 1, options.linkCount ?? 0);
  const security = options.security && await makeSecurity(options.security, folder, report);
  const brokers = addresses.map((address) =>
    new KafkaBroker(address, brokerFolder(folder, address), runtime, options)
  );
  const links = addresses[0]!.links!.map((_, index) => new KafkaLink(index, addresses));
  const stop = async () => {
    await Promise.all(links.map((link) => link.close()));
    await Promise.all(brokers.map((broker) => broker.kill()));
    if (options.folder === undefined) await removeFolder(folder);
  };
  try {
    const { settings } = options;
    await formatStorage({ folder, cluster: addresses, security, runtime, settings });
    report(`Starting Kafka, brokers: ${brokers.length}`);
    await Promise.all(brokers.map((broker) => broker.launch()));
    const ids = brokers.map((broker) => broker.id);
    await Promise.all(brokers.map((broker) => broker.untilAlive(ids)));
  } catch (error) {
    await stop();
    throw error;
  }
  const url = urlOf("kafka", addresses.map(({ port }) => port));
  const secure = security && secureKafka(security, addresses);
  return { url, brokers, secure, links, folder, runtime, stop };
}

/**
 * Asks the broker on this port of 127.0.0.1.
 * @throws an error while it does not answer or does not know all of these brokers as alive.
 */
export async function checkAlive(port: number, ids: readonly number[]): Promise<void> {
  await using admin = openAdmin(port);
  const metadata = await admin.metadata({ topics: [] });
  const missing = ids.filter((id) => !metadata.brokers.has(id));
  if (missing.length === 0) return;
  throw new WattstreamError("unavailable", `Kafka broker ${missing.join(", ")} is not alive`);
}

/** A client of the open listener that gives up at once. */
function openAdmin(port: number): Admin & AsyncDisposable {
  const admin = new Admin({
    clientId: "wattstream-services",
    bootstrapBrokers: [`127.0.0.1:${port}`],
    retries: 0,
    connectTimeout: 1000,
    requestTimeout: 2000,
  });
  return Object.assign(admin, { [Symbol.asyncDispose]: () => admin.close() });
}

function secureKafka(security: KafkaSecurity, addresses: readonly BrokerAddress[]): SecureKafka {
  const { caPath, admin, worker } = security;
  return {
    url: urlOf(caPath === undefined ? "kafka" : "kafkas", addresses.map((each) => each.securePort)),
    caPath,
    admin,
    worker,
    grant: async (...grants) => {
      await using client = openAdmin(addresses[0]!.port);
      await addGrants(client, grants);
    },
  };
}

function urlOf(scheme: string, ports: readonly number[]): string {
  return `${scheme}://${ports.map((port) => `127.0.0.1:${port}`).join(",")}`;
}

function chooseAddresses(count: number, linkCount: number): BrokerAddress[] {
  const ports = freePorts(count * (3 + 2 * linkCount));
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    port: ports.pop()!,
    controllerPort: ports.pop()!,
    securePort: ports.pop()!,
    links: Array.from({ length: linkCount }, () => ({
      port: ports.pop()!,
      proxyPort: ports.pop()!,
    })),
  }));
}

function brokerFolder(folder: string, address: BrokerAddress): string {
  return `${folder}/broker-${address.id}`;
}

/** Writes the settings of every broker and makes its data folder that of a new cluster. */
async function formatStorage(
  { folder, cluster, security, runtime, settings }: {
    readonly folder: string;
    readonly cluster: readonly BrokerAddress[];
    readonly security: KafkaSecurity | undefined;
    readonly runtime: KafkaRuntime;
    readonly settings: KafkaOptions["settings"];
  },
): Promise<void> {
  const clusterId = crypto.getRandomValues(new Uint8Array(16))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  await Promise.all(cluster.map(async (address) => {
    const own = brokerFolder(folder, address);
    await Deno.mkdir(own, { recursive: true });
    const properties = brokerProperties(address, cluster, {
      dataFolder: `${own}/data`,
      secure: security?.listener,
      settings,
    });
    const path = `${own}/server.properties`;
    await Deno.writeTextFile(path, propertiesText(properties));
    const users = security === undefined ? [] : scramArgs(security);
    await runKafkaTool(runtime, {
      className: "kafka.tools.StorageTool",
      args: ["format", `--cluster-id=${clusterId}`, `--config=${path}`, ...users],
    });
  }));
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    // Stopped before.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
