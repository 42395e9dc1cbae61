/**
 * The transactional producer of one task. Opening it fences whoever had the task before: the
 * coordinator counts up the producer's epoch and aborts what the former owner left open.
 *
 *   init ─▶ { add partitions ─▶ send rounds } ─▶ commit ─▶ …        each commit one transaction
 *           { add offsets ─▶ commit offsets }  ─╯
 *
 * One rule keeps it exactly-once: **what was not answered is not repeated.** A request whose
 * connection broke may still arrive, and would then act on the transaction after its own: commit it
 * half-way (EndTxn), put older offsets into it (TxnOffsetCommit). So after anything unanswered the
 * producer is broken for good, and the task starts again from the log with a new epoch, for which
 * the late request is void. So it does after a connection was lost between two transactions: its
 * broker may have gone down before all partitions knew of the last commit (hanging_transaction.ts).
 */
import { WattstreamError } from "../../errors.ts";
import type { NewRecord } from "../log.ts";
import type { BatchWriter } from "./batch_writer.ts";
import type { Cluster } from "./cluster.ts";
import { Connections } from "./connections.ts";
import { isStaleGeneration } from "./errors.ts";
import type { GroupMember } from "./membership.ts";
import { OutgoingBatches, Producer, sendRound } from "./outgoing.ts";
import { Partitioner } from "./partitioner.ts";
import {
  type NextOffset,
  TransactionRequests,
  type TransactionTarget,
} from "./transaction_requests.ts";

/** The group has a newer generation: nothing was written, and the same may be tried under that one. */
export class StaleGenerationError extends Error {}

/** What one transaction holds. */
export interface TransactionContent {
  readonly batches: OutgoingBatches;
  readonly offsets: readonly NextOffset[];
}

export class TransactionalProducer {
  readonly #cluster: Cluster;
  readonly #connections: Connections;
  readonly #requests: TransactionRequests;
  readonly #nowMs: () => number;
  readonly #partitionCounts = new Map<string, number>();
  readonly #partitioner: Partitioner;
  readonly #writers = new Map<string, BatchWriter>();
  #producer: Producer | undefined;
  /** Lost connections as of the last answer. */
  #lostCount = 0;

  constructor(cluster: Cluster, target: TransactionTarget, nowMs: () => number) {
    this.#cluster = cluster;
    this.#connections = new Connections(cluster.settings);
    this.#requests = new TransactionRequests(cluster, this.#connections, target);
    this.#nowMs = nowMs;
    this.#partitioner = new Partitioner(
      (topic) => this.#partitionCounts.get(topic)!,
      () => target.partition,
    );
  }

  /** Fences the former owner, and resolves once its last transaction is settled. */
  async init(): Promise<void> {
    const { lostCount } = this.#connections;
    this.#producer = new Producer(await this.#requests.init());
    this.#lostCount = lostCount;
  }

  async close(): Promise<void> {
    await this.#connections.close();
  }

  /** The records as they are sent: whoever waits for a commit need not hold them any more. */
  async encode(records: readonly NewRecord[]): Promise<OutgoingBatches> {
    for (const { topic } of records) {
      if (this.#partitionCounts.has(topic)) continue;
      this.#partitionCounts.set(topic, await this.#cluster.partitionCount(topic));
    }
    const batches = new OutgoingBatches({
      partitioner: this.#partitioner,
      compression: this.#cluster.settings.compression,
      timeMs: this.#nowMs(),
      writers: this.#writers,
    });
    for (const record of records) batches.add(record);
    return batches;
  }

  /**
   * Writes all of it or nothing.
   * @throws StaleGenerationError when nothing was written and the group has a newer generation.
   * @throws WattstreamError `fenced` when another owner has taken over, or when the outcome is not
   * known. After this and any other error the producer is broken.
   */
  async commit(content: TransactionContent, member: GroupMember): Promise<void> {
    const producer = this.#producer;
    if (producer === undefined || this.#connections.lostCount > this.#lostCount) {
      throw new WattstreamError(
        "fenced",
        `A connection of ${this.#requests.id} was lost: the task starts again from the log`,
      );
    }
    // Only the end of the way makes the producer whole again.
    this.#producer = undefined;
    const outcomes = await Promise.allSettled([
      this.#write(producer, content.batches),
      this.#writeOffsets(producer, content.offsets, member),
    ]);
    const failures = outcomes.flatMap((each) => each.status === "rejected" ? [each.reason] : []);
    const serious = failures.find((error) => !isStaleGeneration(error));
    if (serious !== undefined) throw serious;
    await this.#requests.end(producer, failures.length === 0);
    this.#producer = producer;
    if (failures.length > 0) throw new StaleGenerationError();
    content.batches.recycle();
  }

  async #write(producer: Producer, batches: OutgoingBatches): Promise<void> {
    const partitions = batches.partitions();
    if (partitions.length === 0) return;
    const parts = {
      cluster: this.#cluster,
      connections: this.#connections,
      transactionalId: this.#requests.id,
      repeatsUnanswered: false,
    };
    await this.#requests.addPartitions(producer, partitions);
    for (const round of batches.rounds(producer)) {
      for (const [name, error] of await sendRound(parts, round)) {
        const resource = `topic ${name}`;
        throw this.#requests.explain(error, { operation: "WRITE", resource });
      }
    }
  }

  async #writeOffsets(
    producer: Producer,
    offsets: readonly NextOffset[],
    member: GroupMember,
  ): Promise<void> {
    await this.#requests.addOffsets(producer);
    await this.#requests.commitOffsets(producer, offsets, member);
  }
}
