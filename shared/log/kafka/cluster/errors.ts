/**
 * What the Kafka client and the brokers say, in our own terms: which answers are worth another try,
 * and the WattstreamError for the others, whose message names what to change. No message holds a
 * secret: the client's errors name hosts, topics and codes only.
 */
import { ResponseError } from "@platformatic/kafka";
import { WattstreamError } from "../../../errors.ts";

/** What was being done, for messages and access rights. */
export interface Action {
  /** The right that it takes: `READ`, `WRITE`, `CREATE`, `DESCRIBE`, … */
  readonly operation: string;
  /** What it takes the right on, for example `topic power` or `group predictions`. */
  readonly resource: string;
}

/** Answers that another try, a little later and perhaps to another broker, can change. */
const RETRIABLE = new Set([
  "BROKER_NOT_AVAILABLE",
  "CONCURRENT_TRANSACTIONS",
  "COORDINATOR_LOAD_IN_PROGRESS",
  "COORDINATOR_NOT_AVAILABLE",
  "FENCED_LEADER_EPOCH",
  "KAFKA_STORAGE_ERROR",
  "LEADER_NOT_AVAILABLE",
  "NETWORK_EXCEPTION",
  "NOT_CONTROLLER",
  "NOT_COORDINATOR",
  "NOT_ENOUGH_REPLICAS",
  "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  "NOT_LEADER_OR_FOLLOWER",
  "OFFSET_NOT_AVAILABLE",
  "REPLICA_NOT_AVAILABLE",
  "REQUEST_TIMED_OUT",
  "THROTTLING_QUOTA_EXCEEDED",
  "UNKNOWN_LEADER_EPOCH",
  // A mishap within the broker: seen for EndTxn while a new owner was fencing the old one.
  "UNKNOWN_SERVER_ERROR",
  "UNKNOWN_TOPIC_ID",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "UNSTABLE_OFFSET_COMMIT",
]);

/** Another producer has taken over the transactional id, or the coordinator gave up on this one. */
const FENCED = new Set([
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
  "INVALID_TXN_STATE",
  "PRODUCER_FENCED",
  "TRANSACTION_ABORTABLE",
  "TRANSACTION_COORDINATOR_FENCED",
]);

/** The group has moved on: these offsets were not taken, a newer generation decides whose task it is. */
const GENERATION = new Set([
  "FENCED_INSTANCE_ID",
  "ILLEGAL_GENERATION",
  "REBALANCE_IN_PROGRESS",
  "UNKNOWN_MEMBER_ID",
]);

const TOO_FEW_REPLICAS = new Set(["NOT_ENOUGH_REPLICAS", "NOT_ENOUGH_REPLICAS_AFTER_APPEND"]);

const UNAUTHORIZED = /_AUTHORIZATION_FAILED$/;

const BAD_LOGIN = new Set([
  "ILLEGAL_SASL_STATE",
  "SASL_AUTHENTICATION_FAILED",
  "UNSUPPORTED_SASL_MECHANISM",
]);

/** TLS failures of Node, OpenSSL and rustls (under Deno) that a certificate causes. */
const CERTIFICATE = /certificate|CERT_|_CERT|self.signed|UnknownIssuer|ERR_TLS|BadSignature/i;

/** The codes of the brokers' errors in `error` and below it, such as `NOT_COORDINATOR`. */
export function brokerCodes(error: unknown): string[] {
  const codes: string[] = [];
  for (const each of chain(error)) {
    const code = (each as { apiId?: unknown }).apiId;
    if (typeof code === "string") codes.push(code);
  }
  return codes;
}

/** The error itself, the errors it bundles, and their causes. */
function* chain(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  if (error instanceof AggregateError) {
    for (const each of error.errors) yield* chain(each);
  }
  if (error.cause !== undefined) yield* chain(error.cause);
}

/**
 * The whole answer in which the client found an error: what it holds for other topics and partitions
 * counts all the same. @throws `error` where it is not that of an answer.
 */
export function answerIn<R>(error: unknown): R {
  if (error instanceof ResponseError) return error.response as R;
  throw error;
}

function anyOf(error: unknown, codes: ReadonlySet<string>): boolean {
  return brokerCodes(error).some((code) => codes.has(code));
}

/** True where the producer of a transaction is no longer the one of its task. */
export function isFenced(error: unknown): boolean {
  return anyOf(error, FENCED);
}

/** True where the offsets of a transaction were refused since the group has moved on. */
export function isStaleGeneration(error: unknown): boolean {
  return anyOf(error, GENERATION);
}

/** True where the broker answered, so that it is certain that the request had no effect. */
export function isAnswer(error: unknown): boolean {
  return brokerCodes(error).length > 0;
}

/** True where it is worth trying again: connections that fail, and answers that pass. */
export function isRetriable(error: unknown): boolean {
  if (error instanceof WattstreamError) return false;
  const codes = brokerCodes(error);
  if (codes.length > 0) return codes.every((code) => RETRIABLE.has(code));
  return isConnectionFailure(error) && !isRefusedConnection(error);
}

/** True for a connection that could not be made, broke, or brought no answer in time. */
function isConnectionFailure(error: unknown): boolean {
  return [...chain(error)].some((each) =>
    (each as { code?: unknown }).code === "PLT_KFK_NETWORK" ||
    (each as { code?: unknown }).code === "PLT_KFK_UNEXPECTED_CORRELATION_ID"
  );
}

/** True where the broker was there but would not have us: password, certificate, protocol. */
function isRefusedConnection(error: unknown): boolean {
  return anyOf(error, BAD_LOGIN) || [...chain(error)].some((each) => {
    const code = (each as { code?: unknown }).code;
    // A login that a broken connection cut off says nothing about the password.
    if (code === "PLT_KFK_AUTHENTICATION") return !isConnectionFailure(each.cause);
    return code === "PLT_KFK_USER" || isCertificate(each);
  });
}

function isCertificate(error: Error): boolean {
  const code = (error as { code?: unknown }).code;
  return CERTIFICATE.test(error.message) || (typeof code === "string" && CERTIFICATE.test(code));
}

/** The error to hand on for whatever went wrong while doing `action`. */
export function explain(error: unknown, action: Action): WattstreamError {
  if (error instanceof WattstreamError) return error;
  const codes = brokerCodes(error);
  if (isRefusedConnection(error)) return explainRefusal(error);
  if (codes.some((code) => UNAUTHORIZED.test(code))) {
    if (action.operation === "CREATE") {
      const how =
        `Create ${action.resource} first (deno task topics create), or allow CREATE on it`;
      return wrap("auth", `${how} (kafka-acls)`, error);
    }
    return wrap("auth", `Allow ${action.operation} on ${action.resource} (kafka-acls)`, error);
  }
  if (anyOf(error, FENCED)) {
    return wrap("fenced", `another owner took over ${action.resource}`, error);
  }
  if (codes.includes("OFFSET_OUT_OF_RANGE")) {
    return wrap(
      "retention",
      `the log does not hold the offset asked for of ${action.resource}`,
      error,
    );
  }
  if (codes.includes("MESSAGE_TOO_LARGE") || codes.includes("RECORD_LIST_TOO_LARGE")) {
    return wrap(
      "topic",
      `Raise max.message.bytes of ${action.resource}, or message.max.bytes of the brokers`,
      error,
    );
  }
  if (codes.includes("INVALID_REPLICATION_FACTOR")) {
    return wrap(
      "topic",
      `Choose --kafka-replication of at most as many copies as brokers are alive, for ${action.resource}`,
      error,
    );
  }
  if (codes.some((code) => TOO_FEW_REPLICAS.has(code))) {
    return wrap(
      "unavailable",
      `Start the brokers that are missing, or lower min.insync.replicas of ${action.resource}: ` +
        "it asks for more copies in sync than there are",
      error,
    );
  }
  if (codes.includes("UNSTABLE_OFFSET_COMMIT")) {
    return wrap(
      "unavailable",
      `A transaction on offsets of ${action.resource} does not end (kafka-transactions.sh)`,
      error,
    );
  }
  if (codes.includes("INVALID_SESSION_TIMEOUT")) {
    return wrap(
      "config",
      "Choose --kafka-session-timeout within the brokers' group.min/max.session.timeout.ms",
      error,
    );
  }
  if (codes.includes("UNKNOWN_TOPIC_OR_PARTITION")) {
    return wrap("unavailable", `Create ${action.resource} first: Kafka does not know it`, error);
  }
  if (isRetriable(error)) {
    return wrap(
      "unavailable",
      `Kafka does not answer (${action.operation} on ${action.resource})`,
      error,
    );
  }
  if (codes.length > 0) {
    return wrap("topic", `Kafka refuses ${action.operation} on ${action.resource}`, error);
  }
  return wrap("invariant", `${action.operation} on ${action.resource} failed`, error);
}

function explainRefusal(error: unknown): WattstreamError {
  const errors = [...chain(error)];
  if (anyOf(error, BAD_LOGIN)) {
    const unsupported = brokerCodes(error).includes("UNSUPPORTED_SASL_MECHANISM");
    return wrap(
      "auth",
      unsupported
        ? "Choose another --kafka-mechanism: the broker does not offer this one"
        : "Correct --kafka-username or --kafka-password(-file): the broker refuses them",
      error,
    );
  }
  if (errors.some(isCertificate)) {
    return wrap(
      "auth",
      "Correct or renew the certificates (the broker's, --kafka-ca-file, --kafka-cert-file)",
      error,
    );
  }
  if (errors.some((each) => /requires TLS|TLS handshake/.test(each.message))) {
    return wrap("auth", "Use kafkas:// where the broker speaks TLS, kafka:// where not", error);
  }
  return wrap("auth", "The broker refuses this client", error);
}

/** The message with what the broker or the network said last. */
function wrap(code: WattstreamError["code"], message: string, error: unknown): WattstreamError {
  return new WattstreamError(code, `${message}: ${reasonOf(error)}`, { cause: error });
}

/** What the broker or the network said, in short. */
export function reasonOf(error: unknown): string {
  const codes = [...new Set(brokerCodes(error))];
  if (codes.length > 0) return codes.join(", ");
  const errors = [...chain(error)];
  return errors.at(-1)?.message ?? String(error);
}
