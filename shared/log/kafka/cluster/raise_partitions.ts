/** Gives topics more partitions. */
import { ProtocolError } from "@platformatic/kafka";
import { untilNone } from "../../../service/until_none.ts";
import type { TopicSpec } from "../../log.ts";
import type { Cluster } from "./cluster.ts";
import * as protocol from "./protocol.ts";
import { untilDone } from "./wait.ts";

const RAISE_TIMEOUT_MS = 15_000;

type WantedPartitions = Pick<TopicSpec, "name" | "partitions">;

/** Adds the partitions that topics lack, and waits until every broker knows a leader of each. */
export async function raiseKafkaPartitions(
  cluster: Cluster,
  topics: readonly WantedPartitions[],
): Promise<void> {
  for (const topic of topics) {
    await untilDone(
      () => raise(cluster, topic),
      { operation: "ALTER", resource: `topic ${topic.name}` },
      cluster.patience,
    );
  }
  await untilNone(() => countUnknown(cluster, topics), {
    stallMs: cluster.patience.patienceMs,
    explain: (count) =>
      `Look at the brokers: ${count} times one does not know the leader of a partition of ` +
      topics.map(({ name }) => name).join(", "),
  });
}

/** Looks first: a request that was not answered may have been done. */
async function raise(cluster: Cluster, { name, partitions }: WantedPartitions): Promise<void> {
  const [listed] = await cluster.listTopics([name]);
  if (listed === undefined) throw new ProtocolError("UNKNOWN_TOPIC_OR_PARTITION");
  if (listed.leaders.length >= partitions) return;
  const request = [{ name, count: partitions, assignments: null }];
  await cluster.askOnce(protocol.createPartitions, request, RAISE_TIMEOUT_MS, false);
}

/** How many partitions have no leader as far as a broker knows, over all brokers. */
async function countUnknown(
  cluster: Cluster,
  topics: readonly WantedPartitions[],
): Promise<number> {
  const names = topics.map(({ name }) => name);
  const lists = [await cluster.listTopics(names), ...await cluster.listTopicsOfEach(names)];
  let count = 0;
  for (const listed of lists) {
    for (const { name, partitions } of topics) {
      const leaders = listed.find((topic) => topic.name === name)?.leaders ?? [];
      count += Math.max(0, partitions - leaders.filter((leader) => leader >= 0).length);
    }
  }
  return count;
}
