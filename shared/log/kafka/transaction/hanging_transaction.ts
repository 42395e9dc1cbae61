/**
 * Settles what Kafka forgot: a transaction that its coordinator calls complete, while partitions hold
 * its records as open, for ever. Their committed readers get no further, and offsets stay undecided.
 *
 * Kafka 4.1 to 4.3.1 does that (KAFKA-20734): where a partition has no leader at the moment in which
 * a coordinator wants to tell it how a transaction ended, the partition is taken for deleted, and
 * skipped. A single broker that is killed in the middle of commits and started again gets there
 * nearly every time; a cluster with replicas only if all of a partition's brokers fail at once.
 *
 *   commit prepared ─▶ (killed) ─▶ started, partition without leader: skipped ─▶ "complete"
 *                                                  records still open ─▶ commit marker, written here
 *
 * Proof that a transaction hangs, and is not just a former owner's next one: the coordinator says
 * complete, the partition open, the coordinator still complete, the partition open from the same
 * offset. A living transaction starts at an offset of its own, and is complete only once it is closed
 * everywhere. (A former owner cannot add to the hanging one: it lost its connections in the same
 * outage, and starts again itself, see transaction.ts.)
 */
import { ProtocolError } from "@platformatic/kafka";
import type { Cluster } from "../cluster/cluster.ts";
import type { Connections } from "../cluster/connections.ts";
import { answerIn, brokerCodes, explain, isRetriable } from "../cluster/errors.ts";
import { byLeader, nameOf, type TopicPartition } from "../cluster/offsets.ts";
import * as protocol from "../cluster/protocol.ts";

/** How a transaction ended, by what its coordinator calls its state. */
const COMPLETE: ReadonlyMap<string, boolean> = new Map([
  ["CompleteCommit", true],
  ["CompleteAbort", false],
]);

/** The coordinator has decided, and is about to tell the partitions. */
const PREPARED = /^Prepare/;

interface Ended {
  readonly producerId: bigint;
  readonly isCommit: boolean;
}

/** A transaction that a partition holds as open. */
interface OpenTransaction extends TopicPartition {
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly startOffset: number;
}

/**
 * Settles the last transaction of a transactional id where it hangs. To be called before the id is
 * initialised anew: that makes the coordinator forget how it ended.
 * @throws a retriable error while the coordinator is about to end it.
 */
export async function settleHanging(
  cluster: Cluster,
  connections: Connections,
  transactionalId: string,
): Promise<void> {
  const ended = await lastTransaction(cluster, connections, transactionalId);
  if (ended === undefined) return;
  const suspects = await openTransactions(cluster, connections, ended.producerId);
  if (suspects.length === 0) return;
  const again = await lastTransaction(cluster, connections, transactionalId);
  if (again?.producerId !== ended.producerId || again.isCommit !== ended.isCommit) return;
  const starts = new Map(suspects.map((each) => [nameOf(each), each.startOffset]));
  const hanging = (await openTransactions(cluster, connections, ended.producerId))
    .filter((each) => starts.get(nameOf(each)) === each.startOffset);
  await writeMarkers(cluster, connections, ended, hanging);
}

/** How the last transaction ended; undefined where there is none, or it is open. */
async function lastTransaction(
  cluster: Cluster,
  connections: Connections,
  transactionalId: string,
): Promise<Ended | undefined> {
  const answer = await cluster.askCoordinatorOnce(
    connections,
    { kind: "transaction", key: transactionalId },
    protocol.describeTransactions,
    [transactionalId],
  ).catch((error) => {
    if (brokerCodes(error).includes("TRANSACTIONAL_ID_NOT_FOUND")) return undefined;
    throw error;
  });
  const [state] = answer?.transactionStates ?? [];
  if (state === undefined) return undefined;
  if (PREPARED.test(state.transactionState)) throw new ProtocolError("CONCURRENT_TRANSACTIONS");
  const isCommit = COMPLETE.get(state.transactionState);
  return isCommit === undefined ? undefined : { producerId: state.producerId, isCommit };
}

/** What this producer has open, in every partition that there is and that we may look into. */
async function openTransactions(
  cluster: Cluster,
  connections: Connections,
  producerId: bigint,
): Promise<OpenTransaction[]> {
  const partitions = (await cluster.listTopics(undefined)).flatMap(({ name: topic, leaders }) =>
    leaders.flatMap((leader, partition) => leader < 0 ? [] : [{ topic, partition }])
  );
  const found = (await byLeader(cluster, partitions)).map(async ([leader, own]) => {
    const topics = [...Map.groupBy(own, ({ topic }) => topic)].map(([name, each]) => ({
      name,
      partitionIndexes: each.map(({ partition }) => partition),
    }));
    const answer = await connections.call(leader, protocol.describeProducers, topics)
      .catch(answerIn<Awaited<ReturnType<typeof protocol.describeProducers.async>>>);
    return answer.topics.flatMap(({ name: topic, partitions }) =>
      partitions.flatMap(({ partitionIndex: partition, activeProducers }) =>
        activeProducers
          .filter((each) => each.producerId === producerId && each.currentTxnStartOffset >= 0n)
          .map(({ producerEpoch, coordinatorEpoch, currentTxnStartOffset }) => ({
            topic,
            partition,
            producerEpoch,
            coordinatorEpoch,
            startOffset: Number(currentTxnStartOffset),
          }))
      )
    );
  });
  return (await Promise.all(found)).flat();
}

async function writeMarkers(
  cluster: Cluster,
  connections: Connections,
  { producerId, isCommit }: Ended,
  hanging: readonly OpenTransaction[],
): Promise<void> {
  for (const [leader, own] of await byLeader(cluster, hanging)) {
    const errorCodes = await connections.call(
      leader,
      protocol.writeTxnMarkers,
      own.map(({ topic, partition, producerEpoch, coordinatorEpoch }) => ({
        producerId,
        producerEpoch,
        isCommit,
        // None yet in this partition: the first coordinator counts from 0.
        coordinatorEpoch: Math.max(coordinatorEpoch, 0),
        topic,
        partition,
      })),
    );
    const errorCode = errorCodes.find((code) => code !== 0);
    if (errorCode === undefined) continue;
    const error = new ProtocolError(errorCode);
    throw isRetriable(error) ? error : explain(error, {
      operation: "ALTER",
      resource: `cluster, to end a transaction that Kafka has left open in ${nameOf(own[0]!)}`,
    });
  }
}
