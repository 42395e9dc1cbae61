/**
 * A real Kafka cluster on this machine, for development and tests: one broker, or three with
 * replication 3 and min.insync 2, every one a controller too.
 */
import { Admin } from "@platformatic/kafka";
import { WattstreamError } from "../../errors.ts";
import { eventually } from "../eventually.ts";
import { KafkaBroker } from "./kafka_broker.ts";
import { type BrokerAddress, brokerProperties, propertiesText } from "./kafka_config.ts";
import { installKafka, runKafkaTool } from "./kafka_install.ts";
import { freePorts } from "./ports.ts";
import { endedTooSoon } from "./process.ts";

const READY_DEADLINE_MS = 90_000;

export interface KafkaOptions {
  /** 1 by default. */
  readonly brokers?: 1 | 3;
  /** Takes settings, data and logs; a temporary folder that `stop` removes by default. */
  readonly folder?: string;
  /** The brokers go on when this process ends. Off by default: they end with it. */
  readonly outlives?: boolean;
}

/** A running cluster. */
export interface Kafka {
  /** `kafka://127.0.0.1:PORT[,127.0.0.1:PORT…]`. */
  readonly url: string;
  readonly brokers: readonly KafkaBroker[];
  /** Settings, data and logs. */
  readonly folder: string;
  /** Kills the brokers, whose data nobody needs any more. Harmless when called again. */
  stop(): Promise<void>;
}

/**
 * Starts an empty cluster and resolves once topics can be created on it.
 * @throws WattstreamError `unavailable` that says what to install, or why a broker does not start.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const classPath = await installKafka();
  const folder = options.folder ?? await Deno.makeTempDir({ prefix: "wattstream-kafka-" });
  const addresses = chooseAddresses(options.brokers ?? 1);
  await formatStorage(folder, addresses);
  const brokers = addresses.map((address) =>
    new KafkaBroker({
      address,
      folder: brokerFolder(folder, address),
      classPath,
      outlives: options.outlives ?? false,
      untilReady: (broker) => untilServing(broker, [broker.id]),
    })
  );
  const stop = async () => {
    await Promise.all(brokers.map((broker) => broker.kill()));
    if (options.folder === undefined) await removeFolder(folder);
  };
  try {
    await Promise.all(brokers.map((broker) => broker.launch()));
    const ids = brokers.map((broker) => broker.id);
    await Promise.all(brokers.map((broker) => untilServing(broker, ids)));
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `kafka://${addresses.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
  return { url, brokers, folder, stop };
}

function chooseAddresses(count: number): BrokerAddress[] {
  const ports = freePorts(count * 3);
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    port: ports[index * 3]!,
    controllerPort: ports[index * 3 + 1]!,
    securePort: ports[index * 3 + 2]!,
  }));
}

function brokerFolder(folder: string, address: BrokerAddress): string {
  return `${folder}/broker-${address.id}`;
}

/** Writes the settings of every broker and makes its data folder that of a new cluster. */
async function formatStorage(folder: string, cluster: readonly BrokerAddress[]): Promise<void> {
  const clusterId = crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: "base64url" });
  await Promise.all(cluster.map(async (address) => {
    const own = brokerFolder(folder, address);
    await Deno.mkdir(own, { recursive: true });
    const properties = brokerProperties(address, cluster, {
      dataFolder: `${own}/data`,
      secure: undefined,
    });
    const path = `${own}/server.properties`;
    await Deno.writeTextFile(path, propertiesText(properties));
    await runKafkaTool("kafka.tools.StorageTool", [
      "format",
      `--cluster-id=${clusterId.slice(0, 22)}`,
      `--config=${path}`,
    ]);
  }));
}

/** Resolves once `broker` itself answers and knows these brokers as alive. */
async function untilServing(broker: KafkaBroker, ids: readonly number[]): Promise<void> {
  const admin = new Admin({
    clientId: "wattstream-services",
    bootstrapBrokers: [`127.0.0.1:${broker.port}`],
    retries: 0,
    connectTimeout: 1000,
    timeout: 2000,
  });
  try {
    const alive = await eventually(async () => {
      if (!await broker.isRunning()) return false;
      const metadata = await admin.metadata({ topics: [], forceUpdate: true });
      const missing = ids.filter((id) => !metadata.brokers.has(id));
      if (missing.length > 0) {
        throw new WattstreamError("unavailable", `broker ${missing.join(", ")} is not alive yet`);
      }
      return true;
    }, { deadlineMs: READY_DEADLINE_MS, intervalMs: 100 });
    if (!alive) throw await endedTooSoon(`Kafka broker ${broker.id}`, broker.logPath);
  } finally {
    await admin.close();
  }
}

async function removeFolder(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true });
}
