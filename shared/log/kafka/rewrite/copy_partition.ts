/**
 * Copies what is to stay of a partition behind its end, in one transaction with the offsets that point
 * into it: nobody ever sees a part of it.
 *
 *   before   │ a  x  b  x  c │
 *   after    │ a  x  b  x  c │ a' b' c' │      who had read up to b goes on at b'
 *              └── removed by rewrite_topic.ts, once this has come to be
 */
import { WattstreamError } from "../../../errors.ts";
import { untilNone } from "../../../service/until_none.ts";
import { type LogRecord, memoryTopic, type NewRecord } from "../../log.ts";
import { nameOf, partitionOffsets, type TopicPartition } from "../cluster/offsets.ts";
import { readPartition, type ReadParts } from "../records/read_log.ts";
import type { Said } from "./end_segments.ts";
import { memoryRecords, readMemory } from "../transaction/task_memory.ts";
import { OUTSIDER, TransactionalProducer } from "../transaction/transaction.ts";

/** Header of a copy: what stood before this offset of its partition has been copied, and is to go. */
export const COPIED_HEADER = "wattstream-copied-before";

/** Kafka's own bound, `transaction.max.timeout.ms`. */
const TRANSACTION_TIMEOUT_MS = 900_000;
/** Longest time in which nothing moves. */
const STALL_MS = 60_000;
/** Of records that are on their way. */
const BATCH_BYTES = 1 << 20;

/** Which records stay, and what points into the partition. */
export interface PartitionCopy {
  readonly partition: TopicPartition;
  goes(record: LogRecord): boolean;
  /** The group whose task remembers offsets of the partition. */
  readonly group: string;
  /** The entries of its memory that change, where an offset has become `move(offset)`. */
  moved(
    entries: ReadonlyMap<string, string>,
    move: (offset: number) => number,
  ): ReadonlyMap<string, string>;
  /** What groups have committed. */
  readonly offsets: ReadonlyMap<string, number>;
}

export interface PartitionCopied {
  readonly kept: number;
  /** Where the copies begin: what stands before may go. */
  readonly base: number;
}

/**
 * @param from offset of the oldest record.
 * @throws WattstreamError `unavailable` where somebody else writes to it; then nothing has happened.
 */
export async function copyPartition(
  parts: ReadParts,
  copy: PartitionCopy,
  from: number,
  said: Said,
): Promise<PartitionCopied> {
  const { partition, group } = copy;
  const name = nameOf(partition);
  const { cluster, nowMs } = parts;
  const target = { group, partition: partition.partition };
  const producer = new TransactionalProducer({ cluster, target, ownership: OUTSIDER, nowMs });
  try {
    await producer.init(TRANSACTION_TIMEOUT_MS);
    const base = await endOf(parts, partition);
    const kept: number[] = [];
    for await (const batch of copiesOf(parts, copy, { from, base, kept })) {
      await producer.write(await producer.encode(batch));
    }
    await said(`${name}: ${kept.length} records copied`);
    if (await endOf(parts, partition) !== base + kept.length) {
      await producer.init();
      throw new WattstreamError("unavailable", `Stop first what else writes to ${name}`);
    }
    const move = (offset: number) => base + kept.filter((each) => each < offset).length;
    for (const [reader, offset] of copy.offsets) {
      await producer.writeOffsets(reader, [{ ...partition, offset: move(offset) }]);
    }
    const memory = await movedMemory(parts, copy, move);
    // The brokers know no transaction of nothing.
    const isNothing = kept.length + copy.offsets.size + memory.length === 0;
    if (!isNothing) await producer.commit(await producer.encode(memory), []);
    if (kept.length > 0) await untilSettled(parts, partition, base + kept.length);
    await said(`${name}: the copies count`);
    return { kept: kept.length, base };
  } finally {
    await producer.close();
  }
}

async function* copiesOf(
  parts: ReadParts,
  { partition, goes }: PartitionCopy,
  { from, base, kept }: { readonly from: number; readonly base: number; readonly kept: number[] },
): AsyncGenerator<NewRecord[]> {
  let [batch, bytes] = [[] as NewRecord[], 0];
  for await (const record of readPartition(parts, partition, { from, to: base })) {
    if (goes(record)) continue;
    const { key, value, headers, offset } = record;
    kept.push(offset);
    batch.push({
      ...{ ...partition, key, value },
      headers: { ...headers, [COPIED_HEADER]: String(base) },
    });
    bytes += (key?.length ?? 0) + (value?.length ?? 0);
    if (bytes < BATCH_BYTES) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

async function movedMemory(
  parts: ReadParts,
  { partition, group, moved }: PartitionCopy,
  move: (offset: number) => number,
): Promise<NewRecord[]> {
  const topic = memoryTopic(group);
  const [listed] = await parts.cluster.listTopics([topic]);
  if (listed === undefined) return [];
  const memory = await readMemory(parts, { topic, partition: partition.partition });
  return memoryRecords(group, partition.partition, moved(memory, move));
}

/** The coordinator tells the partition a moment after it has answered. */
async function untilSettled(
  { cluster, connections }: ReadParts,
  partition: TopicPartition,
  end: number,
): Promise<void> {
  await untilNone(async () => {
    const ends = await partitionOffsets(cluster, connections, [partition], "committed end");
    return ends.get(nameOf(partition))! > end ? 0 : 1;
  }, {
    stallMs: STALL_MS,
    explain: () => `The end of a transaction does not come to ${nameOf(partition)}`,
  });
}

async function endOf(parts: ReadParts, partition: TopicPartition): Promise<number> {
  const ends = await partitionOffsets(parts.cluster, parts.connections, [partition], "end");
  return ends.get(nameOf(partition))!;
}
