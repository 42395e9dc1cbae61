/**
 * The transactional producer of one task. Opening it fences whoever had the task before: the
 * coordinator counts up the producer's epoch and aborts what the former owner left open.
 *
 *   init ─▶ write … write ─┬─▶ send the last records and the memory ─┬─▶ end ─▶ write …
 *                          └─▶ add offsets ─▶ commit offsets ────────┘
 *
 * One rule keeps it exactly-once: **what was not answered is not repeated.** A request whose
 * connection broke may still arrive, and would then act on the transaction after its own: commit it
 * half-way (EndTxn), put older offsets into it (TxnOffsetCommit). So after anything unanswered the
 * producer is broken for good, and the task starts again from the log with a new epoch, for which
 * the late request is void. So it does after a connection was lost between two transactions: its
 * broker may have gone down before all partitions knew of the last commit (hanging_transaction.ts).
 */
import { WattstreamError } from "../../../errors.ts";
import type { NewRecord } from "../../log.ts";
import type { BatchWriter } from "../records/batch_writer.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { Connections } from "../cluster/connections.ts";
import { isStaleGeneration } from "../cluster/errors.ts";
import type { GroupMember } from "../group/membership.ts";
import { nameOf } from "../cluster/offsets.ts";
import { OutgoingBatches, Producer, sendRound } from "../records/outgoing.ts";
import { Partitioner } from "../records/partitioner.ts";
import {
  type NextOffset,
  TRANSACTION_TIMEOUT_MS,
  TransactionRequests,
  type TransactionTarget,
} from "./transaction_requests.ts";

/** Whose the task is. */
export interface Ownership {
  /** Who we are in the group now. */
  readonly member: GroupMember;
  /** True once the group has given the task to someone else. */
  readonly isLost: boolean;
  /** Resolves once the group has confirmed us, or the task is lost. */
  confirmed(): Promise<void>;
}

/** No member of any group. */
const NOBODY: GroupMember = { memberId: "", generationId: -1, instanceId: null };

/** Whoever writes from outside: no group has given it the task, and none takes it away. */
export const OUTSIDER: Ownership = {
  member: NOBODY,
  isLost: false,
  confirmed: () => Promise.resolve(),
};

export interface TransactionParts {
  readonly cluster: Cluster;
  readonly target: TransactionTarget;
  readonly ownership: Ownership;
  readonly nowMs: () => number;
  /** How long the group may take to confirm us within a transaction. Default: as long as that may. */
  readonly confirmMsMax?: number;
}

export class TransactionalProducer {
  readonly #cluster: Cluster;
  readonly #connections: Connections;
  readonly #requests: TransactionRequests;
  readonly #ownership: Ownership;
  readonly #nowMs: () => number;
  readonly #confirmMsMax: number;
  readonly #partitionCounts = new Map<string, number>();
  readonly #partitioner: Partitioner;
  readonly #writers = new Map<string, BatchWriter>();
  /** Undefined while something is under way, and for good once something has failed. */
  #producer: Producer | undefined;
  /** Names of the partitions that the open transaction has. */
  readonly #added = new Set<string>();
  /** Lost connections when the producer was new. */
  #lostCount = 0;

  constructor(
    { cluster, target, ownership, nowMs, confirmMsMax = TRANSACTION_TIMEOUT_MS }: TransactionParts,
  ) {
    this.#cluster = cluster;
    this.#connections = new Connections(cluster.settings);
    this.#requests = new TransactionRequests(cluster, this.#connections, target);
    this.#ownership = ownership;
    this.#nowMs = nowMs;
    this.#confirmMsMax = confirmMsMax;
    this.#partitioner = new Partitioner(
      (topic) => this.#partitionCounts.get(topic)!,
      () => target.partition,
    );
  }

  /** See {@link TransactionRequests.init}. */
  async init(timeoutMs?: number): Promise<void> {
    // Whoever has the task now would be fenced by us, and start again for nothing.
    if (this.#ownership.isLost) throw this.#lost();
    const { lostCount } = this.#connections;
    this.#producer = new Producer(await this.#requests.init(timeoutMs));
    this.#lostCount = lostCount;
  }

  async close(): Promise<void> {
    await this.#connections.close();
  }

  /**
   * The records as they are sent: whoever waits for a commit need not hold them any more.
   * @param batches of earlier records that are to be sent with them
   */
  async encode(
    records: readonly NewRecord[],
    batches: OutgoingBatches = this.#newBatches(),
  ): Promise<OutgoingBatches> {
    for (const { topic } of records) {
      if (this.#partitionCounts.has(topic)) continue;
      this.#partitionCounts.set(topic, await this.#cluster.partitionCount(topic));
    }
    for (const record of records) batches.add(record);
    return batches;
  }

  /**
   * Sends batches within the open transaction, or a new one.
   * @throws WattstreamError `fenced` when another owner has taken over, or when the outcome is not
   * known. After this and any other error the producer is broken.
   */
  async write(batches: OutgoingBatches): Promise<void> {
    const producer = this.#take();
    await this.#send(producer, batches);
    this.#producer = producer;
  }

  /** Puts offsets of a group that has no members into the open transaction. @throws As write. */
  async writeOffsets(group: string, offsets: readonly NextOffset[]): Promise<void> {
    const producer = this.#take();
    await this.#requests.addOffsets(producer, group);
    await this.#requests.commitOffsets(producer, offsets, NOBODY, group);
    this.#producer = producer;
  }

  /** Sends the last batches, and offsets where there are any, and makes the transaction come to be. @throws As write. */
  async commit(batches: OutgoingBatches, offsets: readonly NextOffset[]): Promise<void> {
    const producer = this.#take();
    const outcomes = await Promise.allSettled([
      this.#send(producer, batches),
      offsets.length === 0 ? undefined : this.#sendOffsets(producer, offsets),
    ]);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    await this.#requests.commit(producer);
    this.#added.clear();
    this.#producer = producer;
  }

  #newBatches(): OutgoingBatches {
    return new OutgoingBatches({
      partitioner: this.#partitioner,
      compression: this.#cluster.settings.compression,
      timeMs: this.#nowMs(),
      writers: this.#writers,
    });
  }

  /** The producer, which only the end of the way makes whole again. */
  #take(): Producer {
    const producer = this.#producer;
    // Not within one: to end it mends what the last one may have left undone.
    const isBetween = this.#added.size === 0;
    const hasLost = this.#connections.lostCount > this.#lostCount;
    if (producer === undefined || (isBetween && hasLost)) {
      throw new WattstreamError(
        "fenced",
        `A connection of ${this.#requests.id} was lost: the task starts again from the log`,
      );
    }
    this.#producer = undefined;
    return producer;
  }

  async #send(producer: Producer, batches: OutgoingBatches): Promise<void> {
    const added = this.#added;
    const partitions = batches.partitions().filter((each) => !added.has(nameOf(each)));
    if (partitions.length > 0) await this.#requests.addPartitions(producer, partitions);
    for (const each of partitions) added.add(nameOf(each));
    const parts = {
      cluster: this.#cluster,
      connections: this.#connections,
      transactionalId: this.#requests.id,
      repeatsUnanswered: false,
    };
    for (const round of batches.rounds(producer)) {
      for (const [name, error] of await sendRound(parts, round)) {
        const resource = `topic ${name}`;
        throw this.#requests.explain(error, { operation: "WRITE", resource });
      }
    }
    batches.recycle();
  }

  /**
   * Commits offsets as the group knows us. Refused since the group has moved on, they are sent again
   * once it has confirmed that the task is still ours.
   */
  async #sendOffsets(producer: Producer, offsets: readonly NextOffset[]): Promise<void> {
    await this.#requests.addOffsets(producer);
    for (;;) {
      const { member } = this.#ownership;
      try {
        return await this.#requests.commitOffsets(producer, offsets, member);
      } catch (error) {
        if (!isStaleGeneration(error)) throw error;
      }
      await this.#untilNewerThan(member);
    }
  }

  /**
   * Resolves once the task is ours in a newer generation of the group. A refusal that no newer one
   * follows must not hold the task up for ever: the coordinator has aborted the transaction by then.
   */
  async #untilNewerThan({ generationId, memberId }: GroupMember): Promise<void> {
    const startMs = performance.now();
    while (!this.#ownership.isLost && performance.now() - startMs < this.#confirmMsMax) {
      const now = this.#ownership.member;
      if (now.generationId !== generationId || now.memberId !== memberId) return;
      await this.#ownership.confirmed();
    }
    throw this.#lost();
  }

  #lost(): WattstreamError {
    return new WattstreamError(
      "fenced",
      this.#ownership.isLost
        ? `The task of ${this.#requests.id} is another member's now`
        : `The group does not confirm ${this.#requests.id}: the task starts again from the log`,
    );
  }
}
