/**
 * The requests of one task's transactions. Each is asked until an answer settles it; without an answer
 * it is not asked again, since a late copy could act on the transaction after (see transaction.ts).
 */
import { type API, ResponseError } from "@platformatic/kafka";
import { WattstreamError } from "../../../errors.ts";
import type { ProducerIdentity } from "../records/batch_writer.ts";
import type { Cluster, CoordinatorKind } from "../cluster/cluster.ts";
import type { Connections } from "../cluster/connections.ts";
import { type Action, brokerCodes, explain, isAnswer, isRetriable } from "../cluster/errors.ts";
import { settleHanging } from "./hanging_transaction.ts";
import type { GroupMember } from "../group/membership.ts";
import type { TopicPartition } from "../cluster/offsets.ts";
import * as protocol from "../cluster/protocol.ts";
import { pause } from "../../../pause.ts";
import { backoffMs, patienceMsFor, untilDone } from "../cluster/wait.ts";

/** An open transaction is aborted after this, and its task starts again from the log. */
export const TRANSACTION_TIMEOUT_MS = 30_000;
/** The coordinator finishes a commit some milliseconds after it has answered. */
const CONCURRENT = { firstDelayMs: 1, maxDelayMs: 20 };
/** The broker's answer for a partition that is refused only because another one is. */
const OPERATION_NOT_ATTEMPTED = 55;
/** Answers to EndTxn that say that nothing has been done. */
const NOT_ENDED = new Set(["CONCURRENT_TRANSACTIONS", "COORDINATOR_LOAD_IN_PROGRESS"]);

export interface TransactionTarget {
  readonly group: string;
  /** The task. */
  readonly partition: number;
}

/** Offsets of a group that a transaction commits. */
export interface NextOffset extends TopicPartition {
  readonly offset: number;
}

export class TransactionRequests {
  /** The transactional id: one a task, whoever owns it. */
  readonly id: string;
  readonly #cluster: Cluster;
  readonly #connections: Connections;
  readonly #group: string;

  constructor(cluster: Cluster, connections: Connections, target: TransactionTarget) {
    this.id = `${target.group}-${target.partition}`;
    this.#cluster = cluster;
    this.#connections = connections;
    this.#group = target.group;
  }

  /**
   * Fences the former owner, and resolves once its last transaction is settled.
   * @param timeoutMs after which an open transaction is aborted.
   */
  async init(timeoutMs: number = TRANSACTION_TIMEOUT_MS): Promise<ProducerIdentity> {
    const attempt = async () => {
      await settleHanging(this.#cluster, this.#connections, this.id);
      return await this.#cluster.askCoordinatorOnce(
        this.#connections,
        { kind: "transaction", key: this.id },
        protocol.initProducerId,
        this.id,
        timeoutMs,
        -1n,
        -1,
      );
    };
    const { patience } = this.#cluster;
    const { producerId, producerEpoch: epoch } = await untilDone(attempt, this.#action, patience)
      .catch((error) => {
        if (!brokerCodes(error).includes("INVALID_TRANSACTION_TIMEOUT")) throw error;
        throw new WattstreamError(
          "topic",
          `Raise transaction.max.timeout.ms of the brokers to ${timeoutMs} or more: ` +
            `transactions of ${this.id} ask for it`,
          { cause: error },
        );
      });
    return { producerId, epoch, isTransactional: true };
  }

  async addPartitions(
    producer: ProducerIdentity,
    partitions: readonly TopicPartition[],
  ): Promise<void> {
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, own]) => ({
      name,
      partitions: own.map(({ partition }) => partition),
    }));
    await this.#ask(["transaction", this.id], isRetriable, protocol.addPartitionsToTxn, [{
      transactionalId: this.id,
      producerId: producer.producerId,
      producerEpoch: producer.epoch,
      verifyOnly: false,
      topics,
    }]).catch((error) => {
      const refused = refusedTopics(error).join(", ") || topics[0]!.name;
      throw this.explain(error, { operation: "WRITE", resource: `topic ${refused}` });
    });
  }

  /** @param group another than that of the task, whose offsets are to be in the transaction too. */
  async addOffsets(
    { producerId, epoch }: ProducerIdentity,
    group: string = this.#group,
  ): Promise<void> {
    await this.#ask(
      ["transaction", this.id],
      isRetriable,
      protocol.addOffsetsToTxn,
      this.id,
      producerId,
      epoch,
      group,
    ).catch((error) => {
      throw this.explain(error);
    });
  }

  /** @throws an error of a stale generation when the group has moved on. */
  async commitOffsets(
    { producerId, epoch }: ProducerIdentity,
    offsets: readonly NextOffset[],
    member: GroupMember,
    group: string = this.#group,
  ): Promise<void> {
    const topics = offsets.map(({ topic, partition, offset }) => ({
      name: topic,
      partitions: [{
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: null,
      }],
    }));
    await this.#ask(
      ["group", group],
      isRetriable,
      protocol.txnOffsetCommit,
      this.id,
      group,
      producerId,
      epoch,
      member.generationId,
      member.memberId,
      member.instanceId,
      topics,
    ).catch((error) => {
      throw this.explain(error, { operation: "READ", resource: `group ${group}` });
    });
  }

  /** An answer that leaves open whether it has been done is as good as none. */
  async commit({ producerId, epoch }: ProducerIdentity): Promise<void> {
    const isUntouched = (error: unknown) => brokerCodes(error).every((code) => NOT_ENDED.has(code));
    await this.#ask(
      ["transaction", this.id],
      isUntouched,
      protocol.endTxn,
      this.id,
      producerId,
      epoch,
      true,
    ).catch((error) => {
      throw isRetriable(error) ? this.#unknown(error) : this.explain(error);
    });
  }

  /** The error for a request of this transaction that failed. */
  explain(error: Error, action: Action = this.#action): WattstreamError {
    if (error instanceof WattstreamError) return error;
    const isUnknown = !isAnswer(error) && isRetriable(error);
    return isUnknown || isOutOfStep(error) ? this.#unknown(error) : explain(error, action);
  }

  #unknown(cause: Error): WattstreamError {
    return new WattstreamError(
      "fenced",
      `The outcome of a transaction of ${this.id} is not known: the task starts again from the log`,
      { cause },
    );
  }

  get #action(): Action {
    return { operation: "WRITE", resource: `transactional id ${this.id}` };
  }

  async #ask<A extends unknown[], R>(
    [kind, key]: readonly [CoordinatorKind, string],
    isPassing: (error: unknown) => boolean,
    api: API<A, R>,
    ...args: A
  ): Promise<R> {
    const { patience } = this.#cluster;
    const startedMs = performance.now();
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#cluster.askCoordinatorOnce(
          this.#connections,
          { kind, key },
          api,
          ...args,
        );
      } catch (error) {
        const isOver = performance.now() - startedMs >= patienceMsFor(error, patience);
        if (isOver || !isAnswer(error) || !isPassing(error)) throw error;
      }
      await pause(backoffMs(attempt, CONCURRENT));
    }
  }
}

/** The topics that an answer refuses to take into a transaction. */
function refusedTopics(error: unknown): string[] {
  if (!(error instanceof ResponseError)) return [];
  const answer = error.response as Awaited<ReturnType<typeof protocol.addPartitionsToTxn.async>>;
  const refused = answer.resultsByTransaction.flatMap(({ topicResults }) => topicResults)
    .filter(({ resultsByPartition }) =>
      resultsByPartition.some(({ partitionErrorCode }) =>
        partitionErrorCode !== 0 && partitionErrorCode !== OPERATION_NOT_ATTEMPTED
      )
    );
  return refused.map(({ name }) => name);
}

/** The brokers and the producer disagree about what was last. */
function isOutOfStep(error: Error): boolean {
  return brokerCodes(error).some((code) =>
    code === "OUT_OF_ORDER_SEQUENCE_NUMBER" || code === "UNKNOWN_PRODUCER_ID"
  );
}
