/** Topics: created, and described as they stand. */
import { pause } from "../../../pause.ts";
import { untilNone } from "../../../service/until_none.ts";
import type { TopicDescription, TopicSpec } from "../../log.ts";
import type { Cluster } from "./cluster.ts";
import type { ListedTopic } from "./metadata.ts";
import type { Connections } from "./connections.ts";
import { answerIn, brokerCodes, explain, isRetriable } from "./errors.ts";
import { nameOf, partitionOffsets, type TopicPartition } from "./offsets.ts";
import * as protocol from "./protocol.ts";
import { backoffMs, UNKNOWN_TOPIC_MS, untilDone } from "./wait.ts";

const REPLICATION_MAX = 3;
const CREATE_TIMEOUT_MS = 15_000;
const TOPIC_RESOURCE = 2;
/** `log.retention.check.interval.ms` of brokers that have none of their own. */
const RETENTION_CHECK_MS = 300_000;
const DISK_SETTINGS = ["retention.ms", "segment.ms", "file.delete.delay.ms"] as const;
const SETTINGS = ["message.timestamp.type", "cleanup.policy", ...DISK_SETTINGS] as const;

/** Compaction works on segments that are full: small ones keep a memory small. */
const COMPACTED = {
  "cleanup.policy": "compact",
  "segment.bytes": `${4 << 20}`,
  "segment.ms": "600000",
  "min.cleanable.dirty.ratio": "0.1",
  // However little of a topic is superseded: what is buried is to go.
  "max.compaction.lag.ms": "86400000",
};
/** A segment is removed as a whole: one lasts for so much of the retention, but for this at least. */
const SEGMENT_SHARE = 1 / 7;
const SEGMENT_MS_MIN = 600_000;

/** Creates those that do not exist, and waits until every broker knows them, so that they can be used. */
export async function createKafkaTopics(
  cluster: Cluster,
  connections: Connections,
  topics: readonly TopicSpec[],
): Promise<void> {
  const names = topics.map(({ name }) => name);
  const existing = new Set((await cluster.listTopics(names)).map(({ name }) => name));
  const missing = topics.filter(({ name }) => !existing.has(name));
  if (missing.length > 0) await create(cluster, missing);
  await untilKnownEverywhere(cluster, topics);
  // The leader answers once it knows that it is the leader.
  await partitionOffsets(cluster, connections, await partitionsOf(cluster, missing), "end");
}

/** What tells which topics the brokers know. */
type KnownTopics = Pick<Cluster, "listTopics" | "listTopicsOfEach" | "patience">;

/**
 * Waits until every broker that answers knows the leaders of these topics.
 * @throws WattstreamError `unavailable` where nothing moves for as long as the patience lasts.
 */
export async function untilKnownEverywhere(
  cluster: KnownTopics,
  topics: readonly Pick<TopicSpec, "name" | "partitions">[],
): Promise<void> {
  const names = topics.map(({ name }) => name);
  await untilNone(() => countUnknown(cluster, topics), {
    stallMs: cluster.patience.patienceMs,
    explain: (count) =>
      `Look at the brokers: ${count} times one does not know the leader of a partition of ` +
      names.join(", "),
  });
}

/** How many partitions have no leader as far as a broker knows, over all brokers. */
async function countUnknown(
  cluster: KnownTopics,
  topics: readonly Pick<TopicSpec, "name" | "partitions">[],
): Promise<number> {
  const names = topics.map(({ name }) => name);
  // Which brokers there are can change meanwhile.
  const lists = [await cluster.listTopics(names), ...await cluster.listTopicsOfEach(names)];
  let count = 0;
  for (const listed of lists) {
    for (const { name, partitions } of topics) {
      const leaders = listed.find((topic) => topic.name === name)?.leaders;
      count += leaders?.filter((leader) => leader < 0).length ?? partitions;
    }
  }
  return count;
}

async function create(cluster: Cluster, topics: readonly TopicSpec[]): Promise<void> {
  const replication = cluster.settings.replication ??
    Math.min(REPLICATION_MAX, cluster.brokers().size);
  const request = topics.map((topic) => ({
    name: topic.name,
    numPartitions: topic.partitions,
    replicationFactor: replication,
    assignments: [],
    configs: Object.entries(topicConfigs(topic)).map(([name, value]) => ({ name, value })),
  }));
  for (const topic of request) {
    const action = { operation: "CREATE", resource: `topic ${topic.name}` };
    await untilDone(
      () =>
        cluster.askOnce(protocol.createTopics, [topic], CREATE_TIMEOUT_MS, false).then(
          () => {},
          (error) => {
            if (!brokerCodes(error).includes("TOPIC_ALREADY_EXISTS")) throw error;
          },
        ),
      action,
      cluster.patience,
    );
  }
}

/** What a topic is created with, beside its partitions and replicas. */
export function topicConfigs(topic: TopicSpec): Record<string, string> {
  return {
    "retention.ms": `${topic.retentionMs ?? -1}`,
    ...(topic.retentionMs !== undefined && {
      "segment.ms": `${Math.max(SEGMENT_MS_MIN, Math.ceil(topic.retentionMs * SEGMENT_SHARE))}`,
    }),
    ...(topic.retentionBytes !== undefined && { "retention.bytes": `${topic.retentionBytes}` }),
    ...(topic.logAppendTime === true && { "message.timestamp.type": "LogAppendTime" }),
    ...(topic.compacted === true && COMPACTED),
  };
}

/** Every topic that is not Kafka's own, or those named that exist; by name. */
export async function describeKafkaTopics(
  cluster: Cluster,
  connections: Connections,
  names: readonly string[] | undefined,
): Promise<TopicDescription[]> {
  const listed = (await listPatiently(cluster, names)).filter((topic) => !topic.isInternal)
    .sort((left, right) => left.name < right.name ? -1 : 1);
  if (listed.length === 0) return [];
  const partitions = listed.flatMap(({ name: topic, leaders }) =>
    leaders.map((_, partition) => ({ topic, partition }))
  );
  const [settings, starts, ends, bytes] = await Promise.all([
    topicSettings(cluster, listed),
    partitionOffsets(cluster, connections, partitions, "start"),
    partitionOffsets(cluster, connections, partitions, "committed end"),
    bytesOf(cluster, listed),
  ]);
  return listed.map(({ name, leaders }) => ({
    name,
    ...settings.get(name)!,
    partitions: leaders.map((_, partition) => {
      const key = nameOf({ topic: name, partition });
      return {
        partition,
        startOffset: starts.get(key)!,
        endOffset: ends.get(key)!,
        bytes: bytes.get(key) ?? 0,
      };
    }),
  }));
}

/** Asks again for those that are missing: a broker may not have heard yet that there are any. */
export async function listPatiently(
  cluster: Pick<Cluster, "listTopics">,
  names: readonly string[] | undefined,
): Promise<ListedTopic[]> {
  const startMs = performance.now();
  for (let attempt = 1;; attempt++) {
    const listed = await cluster.listTopics(names);
    const isOver = performance.now() - startMs >= UNKNOWN_TOPIC_MS;
    if (isOver || listed.length >= new Set(names).size) return listed;
    await pause(backoffMs(attempt));
  }
}

/** What a topic's settings say of it, by name. */
async function topicSettings(
  cluster: Cluster,
  topics: readonly ListedTopic[],
): Promise<Map<string, Pick<TopicDescription, "logAppendTime" | "diskMsMax">>> {
  const { results } = await cluster.askAny(
    {
      operation: "DESCRIBE_CONFIGS",
      resource: `topic ${topics.map(({ name }) => name).join(", ")}`,
    },
    protocol.describeConfigs,
    topics.map(({ name }) => ({
      resourceType: TOPIC_RESOURCE,
      resourceName: name,
      configurationKeys: [...SETTINGS],
    })),
    false,
    false,
  );
  return new Map(results.map(({ resourceName, configs }) => {
    const values = new Map(configs.map(({ name, value }) => [name, value]));
    return [resourceName, {
      logAppendTime: values.get("message.timestamp.type") === "LogAppendTime",
      ...(values.get("cleanup.policy") === "delete" && { diskMsMax: diskMsMax(values) }),
    }];
  }));
}

/**
 * A segment takes records for `segment.ms`, and goes once the newest of them is older than
 * `retention.ms`: the broker looks from time to time, and removes files a while later.
 */
function diskMsMax(values: ReadonlyMap<string, unknown>): number {
  const [retentionMs, segmentMs, delayMs] = DISK_SETTINGS.map((name) => Number(values.get(name)));
  return retentionMs! < 0 ? Infinity : retentionMs! + segmentMs! + delayMs! + RETENTION_CHECK_MS;
}

/**
 * Bytes on disk by partition, of one replica. Sizes are for reports: none where a broker is down, or
 * where this takes a right that we do not have (DESCRIBE on the cluster).
 */
async function bytesOf(
  cluster: Cluster,
  topics: readonly ListedTopic[],
): Promise<Map<string, number>> {
  const bytes = new Map<string, number>();
  const request = topics.map(({ name, leaders }) => ({ name, partitions: [...leaders.keys()] }));
  await Promise.all([...cluster.brokers().values()].map(async (address) => {
    try {
      const { results } = await cluster.ask(address, protocol.describeLogDirs, request)
        .catch(answerIn<Awaited<ReturnType<typeof protocol.describeLogDirs.async>>>);
      for (const { name: topic, partitions } of results.flatMap((result) => result.topics)) {
        for (const { partitionIndex, partitionSize } of partitions) {
          const key = nameOf({ topic, partition: partitionIndex });
          bytes.set(key, Math.max(bytes.get(key) ?? 0, Number(partitionSize)));
        }
      }
    } catch (error) {
      const isForbidden = brokerCodes(error).includes("CLUSTER_AUTHORIZATION_FAILED");
      if (isForbidden || isRetriable(error)) return;
      throw explain(error, { operation: "DESCRIBE", resource: "cluster" });
    }
  }));
  return bytes;
}

async function partitionsOf(
  cluster: Cluster,
  topics: readonly TopicSpec[],
): Promise<TopicPartition[]> {
  const partitions: TopicPartition[] = [];
  for (const { name: topic } of topics) {
    const count = await cluster.partitionCount(topic);
    for (let partition = 0; partition < count; partition++) partitions.push({ topic, partition });
  }
  return partitions;
}
