/**
 * A Kafka as Strimzi makes it of the manifests: the listener with TLS and SCRAM that pods reach by its
 * name, the KafkaUsers with their passwords, and Kafka's own authorizer with just their rights.
 */
import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  ResourcePatternTypes,
  ResourceTypes,
} from "@platformatic/kafka";
import { makeCertificates } from "../../../shared/services/certificates.ts";
import { checkAlive } from "../../../shared/services/kafka.ts";
import { brokerProperties, propertiesText } from "../../../shared/services/kafka_config.ts";
import { installKafka } from "../../../shared/services/kafka_install.ts";
import { javaArgs, type KafkaRuntime, runKafkaTool } from "../../../shared/services/kafka_java.ts";
import { freePorts } from "../../../shared/services/ports.ts";
import { noReport } from "../../../shared/services/report.ts";
import { Server } from "../../../shared/services/server.ts";

/** What is read of a KafkaUser. */
export interface UserManifest {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly authorization: { readonly acls: readonly AclManifest[] } };
}

export interface AclManifest {
  readonly resource: {
    readonly type: "topic" | "group" | "transactionalId" | "cluster";
    readonly name?: string;
    readonly patternType?: "literal" | "prefix";
  };
  /** `Read`, `DescribeConfigs` … */
  readonly operations: readonly string[];
}

export interface OperatedKafkaOptions {
  readonly users: readonly UserManifest[];
  /** Takes settings and data. */
  readonly folder: string;
  /** `HOST:PORT` under which clients with passwords reach it, and further listeners of that kind. */
  readonly addresses: readonly string[];
  /** Its listeners are open to more than this machine's own programs. */
  readonly listen: string;
}

/** The one broker. */
class OperatedBroker extends Server {
  constructor(port: number, folder: string, runtime: KafkaRuntime) {
    const program = { className: "kafka.Kafka", args: [`${folder}/server.properties`] };
    super({
      name: "Kafka",
      port,
      command: runtime.java,
      args: [
        // For each connection with a password Kafka asks for the name of its own address; where
        // nobody knows it, and no DNS answers, that takes longer than clients wait.
        `-Djdk.net.hosts.file=${folder}/hosts`,
        ...javaArgs(runtime, { ...program, heapMiB: 512, optimized: false }),
      ],
      logPath: `${folder}/broker.log`,
      keepPath: undefined,
    });
  }

  /** Starts it, with the data that it has, and resolves once it serves. */
  async start(): Promise<void> {
    await this.launch();
    await this.untilServing(() => checkAlive(this.port, [BROKER_ID]));
  }
}

/** A broker that can be stopped and started again. */
export interface OperatedKafka {
  readonly broker: OperatedBroker;
  /** The open listener, for the campaign itself. */
  readonly url: string;
  /** PEM of the authority. */
  readonly ca: string;
  /** Passwords by user. */
  readonly passwords: ReadonlyMap<string, string>;
  /** Gives a user these rights, beside those that it has. */
  grant(user: string, acls: readonly AclManifest[]): Promise<void>;
  /** Takes these rights from a user. */
  revoke(user: string, acls: readonly AclManifest[]): Promise<void>;
}

const BROKER_ID = 1;
const SNAKE = /(?<=[a-z])(?=[A-Z])/g;
const constantOf = (name: string) => name.replace(SNAKE, "_").toUpperCase();

/** Prepares it, not yet started, with its users. `grant` needs it to run. */
export async function makeOperatedKafka(options: OperatedKafkaOptions): Promise<OperatedKafka> {
  const { users, folder, addresses, listen } = options;
  const runtime = await installKafka(noReport);
  const hosts = addresses.map((address) => address.split(":")[0]!);
  const names = hosts.map((host) => /^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`);
  const { caPath, certificatePath, keyPath } = await makeCertificates(
    { folder, expired: false, names },
    noReport,
  );
  const keyStore = `${folder}/server_with_key.pem`;
  const pems = await Promise.all([keyPath, certificatePath].map((path) => Deno.readTextFile(path)));
  await Deno.writeTextFile(keyStore, pems.join(""));
  const [port, controllerPort] = freePorts(2);
  const address = { id: BROKER_ID, port: port!, controllerPort: controllerPort!, securePort: 0 };
  const base = brokerProperties(address, [address], {
    dataFolder: `${folder}/data`,
    secure: undefined,
  });
  const secure = addresses.map((each, index) => ({
    name: `SCRAM${index}`,
    bind: `${listen}:${each.split(":")[1]}`,
    advertised: each,
  }));
  const joined = (key: string, ours: readonly string[]) => [base[key], ...ours].join(",");
  const properties: Record<string, string> = {
    ...base,
    "listeners": joined("listeners", secure.map(({ name, bind }) => `${name}://${bind}`)),
    "advertised.listeners": joined(
      "advertised.listeners",
      secure.map(({ name, advertised }) => `${name}://${advertised}`),
    ),
    "listener.security.protocol.map": joined(
      "listener.security.protocol.map",
      secure.map(({ name }) => `${name}:SASL_SSL`),
    ),
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": keyStore,
  };
  for (const { name } of secure) {
    properties[`listener.name.${name.toLowerCase()}.scram-sha-512.sasl.jaas.config`] =
      "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  }
  await Deno.writeTextFile(`${folder}/server.properties`, propertiesText(properties));
  const passwords = new Map(users.map(({ metadata }) => [metadata.name, crypto.randomUUID()]));
  const scram = [...passwords].map(([name, password]) =>
    `--add-scram=SCRAM-SHA-512=[name=${name},password=${password}]`
  );
  const clusterId = crypto.getRandomValues(new Uint8Array(16))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  await runKafkaTool(runtime, {
    className: "kafka.tools.StorageTool",
    args: ["format", `--cluster-id=${clusterId}`, `--config=${folder}/server.properties`, ...scram],
  });
  const known = new Map([["127.0.0.1", "localhost"], [listen, "broker"]]);
  const lines = [...known].map(([ip, name]) => `${ip} ${name}\n`);
  await Deno.writeTextFile(`${folder}/hosts`, lines.join(""));
  const broker = new OperatedBroker(port!, folder, runtime);
  return {
    broker,
    url: `kafka://127.0.0.1:${port}`,
    ca: await Deno.readTextFile(caPath),
    passwords,
    grant: (user, acls) =>
      withAdmin(port!, async (admin) => {
        await admin.createAcls({ creations: bindings(user, acls) });
      }),
    revoke: (user, acls) =>
      withAdmin(port!, async (admin) => {
        await admin.deleteAcls({ filters: bindings(user, acls) });
      }),
  };
}

/** Starts it, with the rights of its users. */
export async function startOperated(
  kafka: OperatedKafka,
  users: readonly UserManifest[],
): Promise<void> {
  await kafka.broker.start();
  for (const { metadata, spec } of users) {
    await kafka.grant(metadata.name, spec.authorization.acls);
  }
}

function bindings(user: string, acls: readonly AclManifest[]) {
  return acls.flatMap(({ resource, operations }) =>
    operations.map((operation) => ({
      principal: `User:${user}`,
      resourceType: ResourceTypes[constantOf(resource.type) as keyof typeof ResourceTypes],
      resourceName: resource.name ?? "kafka-cluster",
      resourcePatternType: resource.patternType === "prefix"
        ? ResourcePatternTypes.PREFIXED
        : ResourcePatternTypes.LITERAL,
      host: "*",
      operation: AclOperations[constantOf(operation) as keyof typeof AclOperations],
      permissionType: AclPermissionTypes.ALLOW,
    }))
  );
}

async function withAdmin(port: number, use: (admin: Admin) => Promise<void>): Promise<void> {
  const admin = new Admin({
    clientId: "wattstream-verify",
    bootstrapBrokers: [`127.0.0.1:${port}`],
    retries: 3,
  });
  try {
    await use(admin);
  } finally {
    await admin.close();
  }
}
