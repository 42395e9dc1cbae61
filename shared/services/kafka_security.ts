/**
 * A second listener with passwords and access lists, beside the open one through which tests prepare
 * things: SASL (SCRAM-SHA-512 and PLAIN), over TLS or not, and Kafka's StandardAuthorizer.
 */
import {
  AclOperations,
  AclPermissionTypes,
  type Admin,
  ResourcePatternTypes,
  ResourceTypes,
} from "@platformatic/kafka";
import { makeCertificates } from "./certificates.ts";
import type { SecureListener } from "./kafka_config.ts";
import type { Report } from "./report.ts";

export interface KafkaSecurityOptions {
  readonly protocol: "SASL_PLAINTEXT" | "SASL_SSL";
  /** The server's certificate ran out a day ago. */
  readonly certificateExpired?: boolean;
}

export interface KafkaUser {
  readonly username: string;
  readonly password: string;
}

/** What an access list lets a user do. */
export interface KafkaGrant {
  readonly username: string;
  readonly resource: "TOPIC" | "GROUP" | "TRANSACTIONAL_ID" | "CLUSTER";
  /** `*` stands for all; of a cluster always `kafka-cluster`. */
  readonly name: string;
  readonly operations: readonly (keyof typeof AclOperations)[];
}

/** A listener as brokers and their clients need to know it. */
export interface KafkaSecurity {
  readonly listener: SecureListener;
  /** Of the authority that clients must trust; undefined without TLS. */
  readonly caPath: string | undefined;
  /** May do everything. */
  readonly admin: KafkaUser;
  /** May do nothing until it is allowed to. */
  readonly worker: KafkaUser;
}

/** Makes users with passwords of their own, and certificates in `folder` where TLS needs them. */
export async function makeSecurity(
  options: KafkaSecurityOptions,
  folder: string,
  report: Report,
): Promise<KafkaSecurity> {
  const admin = { username: "admin", password: crypto.randomUUID() };
  const worker = { username: "worker", password: crypto.randomUUID() };
  const tls = options.protocol === "SASL_PLAINTEXT"
    ? undefined
    : await makeTls(folder, options.certificateExpired ?? false, report);
  return {
    listener: {
      protocol: options.protocol,
      properties: { ...saslProperties([admin, worker]), ...tls?.properties },
      superUsers: [admin.username],
    },
    caPath: tls?.caPath,
    admin,
    worker,
  };
}

/** Arguments of the storage tool that give these users SCRAM passwords. */
export function scramArgs({ admin, worker }: KafkaSecurity): string[] {
  return [admin, worker].map(({ username, password }) =>
    `--add-scram=SCRAM-SHA-512=[name=${username},password=${password}]`
  );
}

/** Adds to the access lists. */
export async function addGrants(admin: Admin, grants: readonly KafkaGrant[]): Promise<void> {
  const creations = grants.flatMap((grant) =>
    grant.operations.map((operation) => ({
      principal: `User:${grant.username}`,
      resourceType: ResourceTypes[grant.resource],
      resourceName: grant.name,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      host: "*",
      operation: AclOperations[operation],
      permissionType: AclPermissionTypes.ALLOW,
    }))
  );
  await admin.createAcls({ creations });
}

function saslProperties(users: readonly KafkaUser[]): Record<string, string> {
  const plain = users.map(({ username, password }) => ` user_${username}="${password}"`).join("");
  const modules = "org.apache.kafka.common.security";
  return {
    "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
    "scram-sha-512.sasl.jaas.config": `${modules}.scram.ScramLoginModule required;`,
    "plain.sasl.jaas.config": `${modules}.plain.PlainLoginModule required${plain};`,
  };
}

async function makeTls(folder: string, expired: boolean, report: Report) {
  const { caPath, certificatePath, keyPath } = await makeCertificates({ folder, expired }, report);
  const keyStore = `${folder}/server_with_key.pem`;
  const parts = await Promise.all(
    [keyPath, certificatePath].map((path) => Deno.readTextFile(path)),
  );
  await Deno.writeTextFile(keyStore, parts.join(""));
  return {
    caPath,
    properties: { "ssl.keystore.type": "PEM", "ssl.keystore.location": keyStore },
  };
}
