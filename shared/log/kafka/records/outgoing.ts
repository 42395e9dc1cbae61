/**
 * Records on their way out: sorted into partitions, cut into batches, sent to the leaders. A request
 * takes one batch a partition, so several batches of a partition go in rounds, one after the other.
 */
import { ProtocolError } from "@platformatic/kafka";
import type { Buffer } from "node:buffer";
import { WattstreamError } from "../../../errors.ts";
import type { NewRecord } from "../../log.ts";
import { COUNT_AT } from "./batch_format.ts";
import { BATCH_BYTES_MAX, BatchWriter, type ProducerIdentity, signBatch } from "./batch_writer.ts";
import type { Cluster, Leader } from "../cluster/cluster.ts";
import type { Connections } from "../cluster/connections.ts";
import { brokerCodes, isAnswer, isRetriable } from "../cluster/errors.ts";
import { byLeader, nameOf } from "../cluster/offsets.ts";
import type { Compression } from "../cluster/options.ts";
import type { Partitioner } from "./partitioner.ts";
import * as protocol from "../cluster/protocol.ts";
import type { ProducePartition } from "../cluster/protocol.ts";
import { pause } from "../../../pause.ts";
import { backoffMs, patienceMsFor } from "../cluster/wait.ts";

/** How long a leader may wait for its followers, ms. */
const REPLICATION_TIMEOUT_MS = 10_000;
/** Sequence numbers of a producer start again behind this. */
const SEQUENCE_MAX = 2 ** 31 - 1;

/**
 * A producer as the brokers know it. It numbers its batches in each partition, which is how a broker
 * tells a repetition from something new: so nothing of a partition is sent before its last batch has
 * been answered.
 */
export class Producer implements ProducerIdentity {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly isTransactional: boolean;
  readonly #sequences = new Map<string, number>();

  constructor(identity: ProducerIdentity) {
    this.producerId = identity.producerId;
    this.epoch = identity.epoch;
    this.isTransactional = identity.isTransactional;
  }

  /** Number of the first of the next `count` records of a partition. */
  sequence(partition: string, count: number): number {
    const next = this.#sequences.get(partition) ?? 0;
    // From 2^31 - 1 it goes on with 0.
    const after = next + count;
    this.#sequences.set(partition, after > SEQUENCE_MAX ? after - SEQUENCE_MAX - 1 : after);
    return next;
  }
}

export interface OutgoingParts {
  readonly partitioner: Partitioner;
  readonly compression: Compression;
  readonly timeMs: number;
  /** Writers of earlier batches by partition name, which are used again. */
  readonly writers: Map<string, BatchWriter>;
}

interface OpenBatch {
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
  readonly writer: BatchWriter;
  /** Batches of this partition that are finished, one a round. */
  readonly finished: Buffer[];
}

/** Collects records into rounds of batches, and keeps none of them but as the bytes to be sent. */
export class OutgoingBatches {
  readonly #parts: OutgoingParts;
  readonly #open = new Map<string, OpenBatch[]>();
  /** That of the last record: most often the next one goes there too. */
  #last: OpenBatch | undefined;

  constructor(parts: OutgoingParts) {
    this.#parts = parts;
  }

  /**
   * Adds a record, and returns the name of the partition it goes to.
   * @throws WattstreamError `topic` when it names a partition that is not there.
   */
  add(record: NewRecord): string {
    const partition = this.#parts.partitioner.partitionOf(record);
    const batch = this.#batch(record.topic, partition);
    if (!batch.writer.add(record)) {
      this.#finish(batch);
      batch.writer.add(record);
    }
    return batch.name;
  }

  /** Bytes of all batches. */
  get size(): number {
    let size = 0;
    for (const { writer, finished } of this.#batches()) {
      size += finished.reduce((sum, batch) => sum + batch.length, writer.size);
    }
    return size;
  }

  /** Every partition that records were added for. */
  partitions(): { topic: string; partition: number }[] {
    return this.#batches().map(({ topic, partition }) => ({ topic, partition }));
  }

  /**
   * Ends all batches and makes them the producer's: rounds in the order in which they are to be
   * sent. To be called once.
   */
  rounds(producer: Producer): ProducePartition[][] {
    const rounds: ProducePartition[][] = [];
    for (const open of this.#batches()) {
      if (open.writer.count > 0) this.#finish(open);
      const { name, topic, partition } = open;
      open.finished.forEach((batch, round) => {
        const count = batch.readInt32BE(COUNT_AT);
        signBatch(batch, producer, producer.sequence(name, count));
        (rounds[round] ??= []).push({ topic, partition, batch });
      });
    }
    return rounds;
  }

  /** Gives the writers their memory back, once every batch has been answered. */
  recycle(): void {
    for (const { writer, finished } of this.#batches()) {
      finished.forEach((each) => writer.recycle(each));
    }
  }

  /** Arrays by partition have holes, which `flat` leaves out. */
  #batches(): OpenBatch[] {
    return [...this.#open.values()].flat();
  }

  #batch(topic: string, partition: number): OpenBatch {
    const last = this.#last;
    if (last !== undefined && last.topic === topic && last.partition === partition) return last;
    return this.#last = this.#findBatch(topic, partition);
  }

  #findBatch(topic: string, partition: number): OpenBatch {
    let ofTopic = this.#open.get(topic);
    if (ofTopic === undefined) this.#open.set(topic, ofTopic = []);
    return ofTopic[partition] ??= this.#openBatch(topic, partition);
  }

  #openBatch(topic: string, partition: number): OpenBatch {
    const { writers } = this.#parts;
    const name = nameOf({ topic, partition });
    let writer = writers.get(name);
    if (writer === undefined) writers.set(name, writer = new BatchWriter());
    else writer.clear();
    return { name, topic, partition, writer, finished: [] };
  }

  #finish({ writer, finished }: OpenBatch): void {
    const { timeMs, compression } = this.#parts;
    finished.push(writer.finish(timeMs, compression));
  }
}

/** What sending takes. */
export interface SendParts {
  readonly cluster: Cluster;
  readonly connections: Connections;
  /** Of the transaction that the batches belong to. */
  readonly transactionalId: string | null;
  /**
   * Whether to send again what was not answered. Safe for the log, since a repetition is recognised;
   * within a transaction it would still leave a copy on its way behind the end of the transaction.
   */
  readonly repeatsUnanswered: boolean;
}

/** Why the batch of a partition is not in the log, or not known to be. By partition name. */
export type SendFailures = Map<string, Error>;

/** Sends one round, and again what is worth it, until all is answered for good. */
export async function sendRound(
  parts: SendParts,
  round: readonly ProducePartition[],
): Promise<SendFailures> {
  const failures: SendFailures = new Map();
  const startedMs = performance.now();
  let pending = round;
  for (let attempt = 1;; attempt++) {
    const errors = await sendOnce(parts, pending);
    for (const { topic } of pending) if (errors.size > 0) parts.cluster.forgetLeaders(topic);
    pending = pending.filter((each) => {
      const error = errors.get(nameOf(each));
      if (error === undefined) return false;
      const isOver = performance.now() - startedMs >= patienceMsFor(error, parts.cluster.patience);
      const isRepeatable = isRetriable(error) && (parts.repeatsUnanswered || isAnswer(error));
      if (!isOver && isRepeatable) return true;
      failures.set(nameOf(each), explainSize(error, each));
      return false;
    });
    if (pending.length === 0) return failures;
    await pause(backoffMs(attempt));
  }
}

/** Where a batch is too large for its topic: says what would be large enough. */
function explainSize(error: Error, { topic, batch }: ProducePartition): Error {
  if (!brokerCodes(error).includes("MESSAGE_TOO_LARGE")) return error;
  const needed = Math.max(batch.length, BATCH_BYTES_MAX);
  return new WattstreamError(
    "topic",
    `Raise max.message.bytes of topic ${topic} to ${needed} or more (message.max.bytes of the ` +
      "brokers, where the topic has none of its own): a batch of records is larger than it allows",
    { cause: error },
  );
}

async function sendOnce(
  parts: SendParts,
  partitions: readonly ProducePartition[],
): Promise<SendFailures> {
  const errors: SendFailures = new Map();
  let leaders: [Leader, ProducePartition[]][];
  try {
    leaders = await byLeader(parts.cluster, partitions);
  } catch (error) {
    for (const each of partitions) errors.set(nameOf(each), error as Error);
    return errors;
  }
  await Promise.all(leaders.map(async ([leader, own]) => {
    try {
      const answers = await parts.connections.call(
        leader,
        protocol.produce,
        parts.transactionalId,
        REPLICATION_TIMEOUT_MS,
        own,
      );
      for (const answer of answers) {
        const error = errorOf(answer);
        if (error !== undefined) errors.set(nameOf(answer), error);
      }
    } catch (error) {
      for (const each of own) errors.set(nameOf(each), error as Error);
    }
  }));
  return errors;
}

/** The error in an answer; none where the broker has the batch already. */
function errorOf({ errorCode, errorMessage }: protocol.ProduceAnswer): Error | undefined {
  if (errorCode === 0) return undefined;
  const error = new ProtocolError(errorCode, errorMessage);
  return error.apiId === "DUPLICATE_SEQUENCE_NUMBER" ? undefined : error;
}
