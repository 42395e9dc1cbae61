/** Offsets of partitions and of groups, asked from whoever knows them. */
import { ProtocolError } from "@platformatic/kafka";
import type { Cluster, Leader } from "./cluster.ts";
import type { Connections } from "./connections.ts";
import { answerIn } from "./errors.ts";
import * as protocol from "./protocol.ts";
import { untilDone } from "./wait.ts";

/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/**
 * - `start`: of the oldest record held;
 * - `end`: behind the last record that is safe, of open and aborted transactions too;
 * - `committed end`: below which every transaction is settled.
 */
export type OffsetKind = "start" | "end" | "committed end";

const LATEST = -1n;
const EARLIEST = -2n;
const READ_UNCOMMITTED = 0;
export const READ_COMMITTED = 1;
/** Any leader's answer will do. */
const ANY_EPOCH = -1;

/** The name of a partition in maps and messages. */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/**
 * One offset of each partition, by name. An end that comes from a new leader is one that it has
 * caught up to: it is never below an end that was seen before.
 * @throws WattstreamError `unavailable`, `auth`.
 */
export async function partitionOffsets(
  cluster: Cluster,
  connections: Connections,
  partitions: readonly TopicPartition[],
  kind: OffsetKind,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  let missing = partitions;
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  await untilDone(
    async () => {
      try {
        await Promise.all(
          (await byLeader(cluster, missing)).map(([leader, own]) =>
            ask(connections, leader, own, kind, found)
          ),
        );
      } catch (error) {
        for (const topic of topics) cluster.forgetLeaders(topic);
        throw error;
      } finally {
        missing = missing.filter((each) => !found.has(nameOf(each)));
      }
    },
    { operation: "DESCRIBE", resource: `topic ${topics.join(", ")}` },
    cluster.patience,
  );
  return found;
}

/** Partitions by the broker that leads them. */
export async function byLeader<P extends TopicPartition>(
  cluster: Cluster,
  partitions: readonly P[],
): Promise<[Leader, P[]][]> {
  const leaders = new Map<number, [Leader, P[]]>();
  for (const each of partitions) {
    const leader = await cluster.leader(each.topic, each.partition);
    const entry = leaders.get(leader.nodeId);
    if (entry === undefined) leaders.set(leader.nodeId, [leader, [each]]);
    else entry[1].push(each);
  }
  return [...leaders.values()];
}

async function ask(
  connections: Connections,
  leader: Leader,
  partitions: readonly TopicPartition[],
  kind: OffsetKind,
  found: Map<string, number>,
): Promise<void> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, own]) => ({
    name,
    partitions: own.map(({ partition }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: ANY_EPOCH,
      timestamp: kind === "start" ? EARLIEST : LATEST,
    })),
  }));
  const isolation = kind === "committed end" ? READ_COMMITTED : READ_UNCOMMITTED;
  const answer = await connections.call(leader, protocol.listOffsets, -1, isolation, topics)
    .catch(answerIn<Awaited<ReturnType<typeof protocol.listOffsets.async>>>);
  let failure: Error | undefined;
  for (const { name: topic, partitions } of answer.topics) {
    for (const { partitionIndex: partition, errorCode, offset } of partitions) {
      if (errorCode === 0) found.set(nameOf({ topic, partition }), Number(offset));
      else failure ??= new ProtocolError(errorCode);
    }
  }
  if (failure !== undefined) throw failure;
}

/**
 * What a group has committed, by topic and partition; undefined where nothing.
 * @param topics these partitions of these topics, once open transactions on their offsets have
 * settled; where it is left out, every topic of the group as it stands.
 */
export async function committedOffsets(
  cluster: Cluster,
  connections: Connections,
  group: string,
  topics?: ReadonlyMap<string, readonly number[]>,
): Promise<Map<string, (number | undefined)[]>> {
  const request = topics === undefined
    ? null
    : [...topics].map(([name, partitions]) => ({ name, partitionIndexes: [...partitions] }));
  const answer = await cluster.askCoordinator(
    connections,
    {
      kind: "group",
      key: group,
      action: { operation: "DESCRIBE", resource: `group ${group}` },
    },
    protocol.offsetFetch,
    [{ groupId: group, memberEpoch: -1, topics: request }],
    topics !== undefined,
  );
  const offsets = new Map<string, (number | undefined)[]>();
  for (const { name, partitions } of answer.groups[0]?.topics ?? []) {
    const own: (number | undefined)[] = [];
    for (const { partitionIndex, committedOffset } of partitions) {
      if (committedOffset >= 0n) own[partitionIndex] = Number(committedOffset);
    }
    offsets.set(name, Array.from(own));
  }
  return offsets;
}
