/**
 * Writes a topic anew without some of its records, where Kafka itself removes whole files only. Each
 * partition that has such records ends its segment, what stays is copied behind it (copy_partition.ts),
 * and the broker is told that everything before is not needed: its files go at the broker's next pass.
 *
 *   segments ended ─▶ copies, with all offsets: one transaction ─▶ the former records removed
 *
 * Killed at any point it is run again: what a transaction has not ended is aborted, and copies say
 * themselves (COPIED_HEADER) what is still to be removed before them. Topics stay what they are, with
 * their settings, whoever owns them; append times become those of the copies, which is why this is for
 * topics whose append times decide nothing.
 */
import { hasCode, WattstreamError } from "../../../errors.ts";
import { untilNone } from "../../../service/until_none.ts";
import type { LogRecord } from "../../log.ts";
import { Cluster } from "../cluster/cluster.ts";
import { Connections } from "../cluster/connections.ts";
import { nameOf, partitionOffsets, type TopicPartition } from "../cluster/offsets.ts";
import { type KafkaOptions, kafkaSettings } from "../cluster/options.ts";
import * as protocol from "../cluster/protocol.ts";
import { untilDone } from "../cluster/wait.ts";
import { readPartition, type ReadParts } from "../records/read_log.ts";
import {
  TransactionRequests,
  type TransactionTarget,
} from "../transaction/transaction_requests.ts";
import { COPIED_HEADER, copyPartition, type PartitionCopy } from "./copy_partition.ts";
import { endSegments, restoreSegments, type Said } from "./end_segments.ts";
import { offsetsOfReaders } from "./group_offsets.ts";

/** Longest time in which nothing moves. */
const STALL_MS = 60_000;
const REMOVE_TIMEOUT_MS = 30_000;

/** What is to become of a topic. */
export interface TopicRewrite extends Pick<PartitionCopy, "goes" | "group" | "moved"> {
  readonly topic: string;
  /** Groups that write it: they have no members, like those that read it. */
  readonly writers: readonly string[];
  readonly said: Said;
}

/** How to reach the brokers. */
export interface RewriteOptions extends KafkaOptions {
  /** How long to try again what may pass, ms. */
  readonly patienceMs?: number;
  readonly nowMs: () => number;
}

/**
 * Rewrites the topic at the brokers of `url`. Done again it finds nothing to do.
 * @throws WattstreamError `unavailable` where groups that read or write the topic have members, or
 *   somebody else writes to it; else as the log does.
 */
export async function rewriteKafkaTopic(
  url: string,
  rewrite: TopicRewrite,
  options: RewriteOptions,
): Promise<void> {
  const cluster = new Cluster(await kafkaSettings(url, options), options.patienceMs);
  const connections = new Connections(cluster.settings);
  try {
    await rewriteTopic({ cluster, connections, nowMs: options.nowMs }, rewrite);
  } catch (error) {
    if (!hasCode(error, "fenced")) throw error;
    const advice = `Run it again, nothing is lost: ${error.message}`;
    throw new WattstreamError("unavailable", advice, { cause: error });
  } finally {
    await connections.close();
    await cluster.close();
  }
}

async function rewriteTopic(parts: ReadParts, rewrite: TopicRewrite): Promise<void> {
  const { topic, group, said, writers } = rewrite;
  const [listed] = await parts.cluster.listTopics([topic]);
  if (listed === undefined) return;
  const partitions = listed.leaders.map((_, partition) => ({ topic, partition }));
  const offsets = await offsetsOfReaders(parts, topic, writers);
  await restoreSegments(parts, topic);
  for (const target of [group, ...writers].flatMap((each) => tasksOf(each, partitions))) {
    // What was killed has left a transaction open, a rewrite among them.
    await new TransactionRequests(parts.cluster, parts.connections, target).init();
  }
  await untilQuiet(parts, partitions);
  const concerned: TopicPartition[] = [];
  for (const each of partitions) {
    if (await finishAndLook(parts, each, rewrite)) concerned.push(each);
  }
  await endSegments(parts, group, concerned, said);
  for (const partition of concerned) {
    const own = [...offsets].flatMap(([reader, committed]) => {
      const offset = committed[partition.partition];
      return offset === undefined ? [] : [[reader, offset] as const];
    });
    const copy = { ...rewrite, partition, group, offsets: new Map(own) };
    const from = await startOf(parts, partition);
    const { base } = await copyPartition(parts, copy, from, said);
    await removeBefore(parts, partition, base, said);
  }
}

function tasksOf(group: string, partitions: readonly TopicPartition[]): TransactionTarget[] {
  return partitions.map(({ partition }) => ({ group, partition }));
}

/** Removes what has been copied already; then, whether the partition has records that are to go. */
async function finishAndLook(
  parts: ReadParts,
  partition: TopicPartition,
  { goes, said }: TopicRewrite,
): Promise<boolean> {
  const [from, ends] = [
    await startOf(parts, partition),
    await partitionOffsets(parts.cluster, parts.connections, [partition], "committed end"),
  ];
  const to = ends.get(nameOf(partition))!;
  let [base, last] = [from, -1];
  for await (const record of readPartition(parts, partition, { from, to })) {
    base = Math.max(base, copiedBefore(record));
    if (goes(record)) last = record.offset;
  }
  if (base > from) await removeBefore(parts, partition, base, said);
  return last >= base;
}

/** Before which offset the records are that a copy was made with; 0 of what is no copy. */
function copiedBefore({ headers, offset }: LogRecord): number {
  const base = Number(headers[COPIED_HEADER]);
  return Number.isInteger(base) && base <= offset ? base : 0;
}

async function removeBefore(
  { cluster, connections }: ReadParts,
  { topic, partition }: TopicPartition,
  offset: number,
  said: Said,
): Promise<void> {
  const partitions = [{ partitionIndex: partition, offset: BigInt(offset) }];
  const request = [{ name: topic, partitions }];
  const args = (): [typeof request, number] => [request, REMOVE_TIMEOUT_MS];
  await untilDone(
    () => cluster.askLeader(connections, { topic, partition }, protocol.deleteRecords, args),
    { operation: "DELETE", resource: `topic ${topic}` },
    cluster.patience,
  );
  await said(`${nameOf({ topic, partition })}: what stood before is removed`);
}

/** Whoever wrote before has settled what it wrote: nothing is open, and nothing will come. */
async function untilQuiet(
  { cluster, connections }: ReadParts,
  partitions: readonly TopicPartition[],
): Promise<void> {
  await untilNone(async () => {
    const ends = await partitionOffsets(cluster, connections, partitions, "end");
    const settled = await partitionOffsets(cluster, connections, partitions, "committed end");
    return partitions.filter((each) => settled.get(nameOf(each)) !== ends.get(nameOf(each))).length;
  }, {
    stallMs: STALL_MS,
    explain: (count) =>
      `Transactions on ${count} partitions of ${partitions[0]!.topic} do not end ` +
      "(kafka-transactions.sh)",
  });
}

async function startOf(parts: ReadParts, partition: TopicPartition): Promise<number> {
  const starts = await partitionOffsets(parts.cluster, parts.connections, [partition], "start");
  return starts.get(nameOf(partition))!;
}
