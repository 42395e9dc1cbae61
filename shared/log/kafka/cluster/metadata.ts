/** What a broker says of topics: which there are, and who leads their partitions. */
import { ProtocolError } from "@platformatic/kafka";
import { brokerCodes, explain, isRetriable } from "./errors.ts";
import type * as protocol from "./protocol.ts";

/** What is kept of a topic. */
export interface Topic {
  /** By partition; undefined where it has no leader now. */
  readonly leaders: readonly ({ readonly nodeId: number; readonly epoch: number } | undefined)[];
}

/** A topic as the brokers list it. */
export interface ListedTopic {
  readonly name: string;
  readonly isInternal: boolean;
  /** By partition; -1 where it has none now. */
  readonly leaders: readonly number[];
}

/** The answer as it comes. */
export type MetadataAnswer = Awaited<ReturnType<typeof protocol.metadata.async>>;
type ListedPartitions = MetadataAnswer["topics"][number]["partitions"];

/** The topics of an answer that exist. @throws where one can be neither listed nor passed over. */
export function listedIn({ topics }: MetadataAnswer): ListedTopic[] {
  const listed: ListedTopic[] = [];
  for (const { name, isInternal, errorCode, partitions } of topics) {
    if (errorCode !== 0 || typeof name !== "string") {
      const error = new ProtocolError(errorCode);
      if (brokerCodes(error).includes("UNKNOWN_TOPIC_OR_PARTITION")) continue;
      if (isRetriable(error)) throw error;
      throw explain(error, { operation: "DESCRIBE", resource: `topic ${name}` });
    }
    const leaders = leadersOf(partitions).map((leader) => leader?.nodeId ?? -1);
    listed.push({ name, isInternal, leaders });
  }
  return listed;
}

/** The leaders of a topic's partitions. */
export function leadersOf(partitions: ListedPartitions): Topic["leaders"] {
  const leaders: Topic["leaders"][number][] = [];
  for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
    leaders[partitionIndex] = leaderId < 0 ? undefined : { nodeId: leaderId, epoch: leaderEpoch };
  }
  return leaders;
}
