/** How to reach and enter a Kafka cluster: the URL, the flags, and what the client makes of them. */
import { z } from "zod";
import { WattstreamError } from "../../../errors.ts";
import { flag } from "../../../service/config.ts";
import { pemOf } from "../../../service/read_setting.ts";
import { pathText, whyUnreadable } from "../../../service/secrets.ts";
import type { ConnectionSettings } from "./broker_connection.ts";
import type { Login } from "./login.ts";

const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** How record batches are compressed. */
export type Compression = typeof COMPRESSIONS[number];

/** Flags of every program that can open a Kafka log. Spread into its schema. */
export const kafkaFlags = {
  kafkaUsername: flag.text().optional().describe("Kafka user (SASL)"),
  kafkaPassword: flag.text().optional().describe(
    "Password of the Kafka user; better a file: --kafka-password-file",
  ),
  kafkaPasswordFile: flag.text().optional().describe("File that holds the Kafka user's password"),
  kafkaMechanism: flag.choice(MECHANISMS).default("SCRAM-SHA-512").describe(
    `How the Kafka user logs in: ${MECHANISMS.join(", ")}`,
  ),
  kafkaCaFile: flag.text().optional().describe(
    "PEM file of the authorities that sign the brokers' certificates; without it the system's",
  ),
  kafkaCertFile: flag.text().optional().describe("PEM file of this client's certificate"),
  kafkaKeyFile: flag.text().optional().describe("PEM file of this client's key"),
  kafkaCompression: flag.choice(COMPRESSIONS).default("none").describe(
    `Compression of what is written to Kafka: ${COMPRESSIONS.join(", ")}`,
  ),
  kafkaReplication: flag.integer(1, 32).optional().describe(
    "Copies of each topic that is created; without it 3, or as many as there are brokers",
  ),
};

/** Flags of every program that runs tasks of a group. Spread into its schema. */
export const kafkaGroupFlags = {
  kafkaSessionTimeoutMs: flag.milliseconds().prefault("10s").describe(
    "Silence after which a worker's tasks go to others",
  ),
  kafkaInstance: flag.text().optional().describe(
    "Name of this replica in its group, unlike any other's: started again within the session " +
      "timeout, it has its tasks back at once",
  ),
};

/** The flags as parsed. */
export type KafkaFlags = z.output<z.ZodObject<typeof kafkaFlags & typeof kafkaGroupFlags>>;

/** What a Kafka log is opened with: any of the flags. */
export type KafkaOptions = { readonly [K in keyof KafkaFlags]?: KafkaFlags[K] | undefined } & {
  readonly onRequest?: RequestListener | undefined;
};

/** Hears of each request, by its name in `request_kinds.ts`, and how long it took, ms. */
export type RequestListener = (request: string, tookMs: number) => void;

/** A broker's address. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Everything that the adapter needs to know. */
export interface KafkaSettings {
  readonly bootstrap: readonly Address[];
  readonly connection: ConnectionSettings;
  readonly compression: Compression;
  readonly replication: number | undefined;
  readonly sessionTimeoutMs: number;
  /** `group.instance.id`. */
  readonly instanceId: string | undefined;
  readonly onRequest: RequestListener | undefined;
}

/** Milliseconds that a connection may take to come about. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Milliseconds that an answer may take beyond a session timeout, for which a rebalance may wait. */
const REQUEST_MARGIN_MS = 5_000;
const DEFAULT_PORT = 9092;
const DEFAULT_SESSION_TIMEOUT_MS = 10_000;

/**
 * Settings for a URL `kafka://host:port[,host:port…]` or `kafkas://…` (TLS), secrets read from their
 * files.
 * @throws WattstreamError `config` where URL, flags or files are wrong.
 */
export async function kafkaSettings(url: string, options: KafkaOptions): Promise<KafkaSettings> {
  const { addresses, isSecure } = parseUrl(url);
  const login = await loginOf(options);
  const tls = isSecure ? await tlsOptions(options) : undefined;
  if (!isSecure && (options.kafkaCaFile ?? options.kafkaCertFile) !== undefined) {
    throw new WattstreamError("config", "Use kafkas:// for --log: certificates are for TLS only");
  }
  const sessionTimeoutMs = options.kafkaSessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS;
  return {
    bootstrap: addresses,
    connection: {
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      requestTimeoutMs: sessionTimeoutMs + REQUEST_MARGIN_MS,
      ...(login && { login }),
      ...(tls && { tls }),
    },
    compression: options.kafkaCompression ?? "none",
    replication: options.kafkaReplication,
    sessionTimeoutMs,
    instanceId: options.kafkaInstance,
    onRequest: options.onRequest,
  };
}

function parseUrl(url: string): { addresses: Address[]; isSecure: boolean } {
  const match = /^(kafkas?):\/\/([^/?#@]+)\/?$/.exec(url);
  const addresses = match?.[2]?.split(",").map(parseAddress);
  if (match === null || addresses === undefined || !addresses.every((each) => each !== undefined)) {
    // The URL itself may hold a password where it must not: it is not repeated.
    throw new WattstreamError(
      "config",
      "Write --log as kafka://HOST:PORT[,HOST:PORT…] (kafkas:// for TLS); the user goes into --kafka-username",
    );
  }
  return { addresses, isSecure: match[1] === "kafkas" };
}

/** `HOST[:PORT]`, IPv6 in brackets. */
function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([^\]\s]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const port = Number(match[3] ?? DEFAULT_PORT);
  return port > 0 && port < 65_536 ? { host: (match[1] ?? match[2])!, port } : undefined;
}

async function loginOf(options: KafkaOptions): Promise<Login | undefined> {
  const { kafkaUsername: username, kafkaPasswordFile: file } = options;
  if (options.kafkaPassword !== undefined && file !== undefined) {
    throw new WattstreamError("config", "Give --kafka-password or --kafka-password-file, not both");
  }
  const password = file === undefined
    ? options.kafkaPassword
    : (await readSecret("--kafka-password-file", file)).replace(/\r?\n$/, "");
  if ((username === undefined) !== (password === undefined)) {
    throw new WattstreamError("config", "Give --kafka-username and its password, or neither");
  }
  if (username === undefined || password === undefined) return undefined;
  return { mechanism: options.kafkaMechanism ?? "SCRAM-SHA-512", username, password };
}

async function tlsOptions(options: KafkaOptions): Promise<NonNullable<ConnectionSettings["tls"]>> {
  const { kafkaCaFile: ca, kafkaCertFile: cert, kafkaKeyFile: key } = options;
  if ((cert === undefined) !== (key === undefined)) {
    throw new WattstreamError("config", "Give --kafka-cert-file and --kafka-key-file, or neither");
  }
  return {
    ...(ca !== undefined && { ca: await readPem("--kafka-ca-file", ca) }),
    ...(cert !== undefined && { cert: await readPem("--kafka-cert-file", cert) }),
    ...(key !== undefined && { key: await readPem("--kafka-key-file", key) }),
  };
}

async function readPem(name: string, path: string): Promise<string> {
  return pemOf(name, await readSecret(name, path));
}

async function readSecret(name: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new WattstreamError(
      "config",
      `Correct ${name}: ${pathText(path)} cannot be read, ${whyUnreadable(error)}`,
      {
        cause: error,
      },
    );
  }
}
