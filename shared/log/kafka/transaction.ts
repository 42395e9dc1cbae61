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
 * the late request is void.
 */
import { type API, ResponseError } from "@platformatic/kafka";
import { WattstreamError } from "../../errors.ts";
import type { NewRecord } from "../log.ts";
import type { Cluster, CoordinatorKind } from "./cluster.ts";
import type { Connections } from "./connections.ts";
import {
  type Action,
  brokerCodes,
  explain,
  isAnswer,
  isRetriable,
  isStaleGeneration,
} from "./errors.ts";
import type { GroupMember } from "./membership.ts";
import type { TopicPartition } from "./offsets.ts";
import { OutgoingBatches, Producer, sendRound } from "./outgoing.ts";
import { Partitioner } from "./partitioner.ts";
import * as protocol from "./protocol.ts";
import { backoffMs, patienceMsFor, wait } from "./wait.ts";

/** An open transaction is aborted after this; longer than any commit takes. */
const TRANSACTION_TIMEOUT_MS = 30_000;
/** The coordinator finishes a commit some milliseconds after it has answered. */
const CONCURRENT = { firstDelayMs: 1, maxDelayMs: 20 };

/** The broker's answer for a partition that is refused only because another one is. */
const OPERATION_NOT_ATTEMPTED = 55;

/** Answers to EndTxn that say that nothing has been done. */
const NOT_ENDED = new Set(["CONCURRENT_TRANSACTIONS", "COORDINATOR_LOAD_IN_PROGRESS"]);

/** The group has a newer generation: nothing was written, and the same may be tried under that one. */
export class StaleGenerationError extends Error {}

/** What one transaction holds. */
export interface TransactionContent {
  readonly records: readonly NewRecord[];
  readonly offsets: readonly (TopicPartition & { readonly offset: number })[];
}

export interface TransactionTarget {
  readonly group: string;
  /** The task. */
  readonly partition: number;
}

export class TransactionalProducer {
  readonly #cluster: Cluster;
  readonly #connections: Connections;
  readonly #target: TransactionTarget;
  readonly #id: string;
  readonly #nowMs: () => number;
  readonly #partitionCounts = new Map<string, number>();
  readonly #partitioner: Partitioner;
  #producer: Producer | undefined;

  constructor(
    cluster: Cluster,
    connections: Connections,
    target: TransactionTarget,
    nowMs: () => number,
  ) {
    this.#cluster = cluster;
    this.#connections = connections;
    this.#target = target;
    this.#id = `${target.group}-${target.partition}`;
    this.#nowMs = nowMs;
    this.#partitioner = new Partitioner(
      (topic) => this.#partitionCounts.get(topic)!,
      () => target.partition,
    );
  }

  /** Fences the former owner, and resolves once its last transaction is settled. */
  async init(): Promise<void> {
    const { producerId, producerEpoch: epoch } = await this.#cluster.askCoordinator(
      this.#connections,
      { kind: "transaction", key: this.#id, action: this.#action },
      protocol.initProducerId,
      this.#id,
      TRANSACTION_TIMEOUT_MS,
      -1n,
      -1,
    );
    this.#producer = new Producer({ producerId, epoch, isTransactional: true });
  }

  /**
   * Writes all of it or nothing.
   * @throws StaleGenerationError when nothing was written and the group has a newer generation.
   * @throws WattstreamError `fenced` when another owner has taken over, or when the outcome is not
   * known; after any of these the producer is broken.
   */
  async commit(content: TransactionContent, member: GroupMember): Promise<void> {
    const producer = this.#producer;
    if (producer === undefined) {
      throw new WattstreamError("fenced", `the producer of task ${this.#id} is broken`);
    }
    const batches = await this.#batches(producer, content.records);
    // From here on only the end of the way makes the producer whole again.
    this.#producer = undefined;
    const outcomes = await Promise.allSettled([
      this.#write(producer, batches),
      this.#writeOffsets(producer, content.offsets, member),
    ]);
    const failures = outcomes.filter((each) => each.status === "rejected").map((each) =>
      each.reason as Error
    );
    if (failures.length === 0) {
      await this.#end(producer, true);
    } else {
      await this.#giveUp(producer, failures);
    }
    this.#producer = producer;
    if (failures.length > 0) throw new StaleGenerationError();
  }

  /** Aborts after a stale generation alone; throws for everything else. */
  async #giveUp(producer: Producer, failures: readonly Error[]): Promise<void> {
    const serious = failures.find((error) => !isStaleGeneration(error));
    if (serious !== undefined) throw this.#explain(serious);
    await this.#end(producer, false);
  }

  async #batches(producer: Producer, records: readonly NewRecord[]): Promise<OutgoingBatches> {
    for (const { topic } of records) {
      if (this.#partitionCounts.has(topic)) continue;
      this.#partitionCounts.set(topic, await this.#cluster.partitionCount(topic));
    }
    const batches = new OutgoingBatches({
      producer,
      partitioner: this.#partitioner,
      compression: this.#cluster.settings.compression,
      timeMs: this.#nowMs(),
    });
    for (const record of records) batches.add(record);
    return batches;
  }

  async #write(producer: Producer, batches: OutgoingBatches): Promise<void> {
    const partitions = batches.partitions();
    if (partitions.length === 0) return;
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, own]) => ({
      name,
      partitions: own.map(({ partition }) => partition),
    }));
    const rounds = batches.rounds();
    await this.#ask(["transaction", this.#id], isRetriable, protocol.addPartitionsToTxn, [{
      transactionalId: this.#id,
      producerId: producer.producerId,
      producerEpoch: producer.epoch,
      verifyOnly: false,
      topics,
    }]).catch((error) => {
      const resource = `topic ${refusedTopics(error).join(", ") || topics[0]!.name}`;
      throw this.#explain(error, !isAnswer(error), { operation: "WRITE", resource });
    });
    for (const round of rounds) {
      const failures = await sendRound({
        cluster: this.#cluster,
        connections: this.#connections,
        transactionalId: this.#id,
        repeatsUnanswered: false,
      }, round);
      for (const [name, error] of failures) {
        const resource = `topic ${name}`;
        throw this.#explain(error, !isAnswer(error), { operation: "WRITE", resource });
      }
    }
  }

  async #writeOffsets(
    producer: Producer,
    offsets: TransactionContent["offsets"],
    member: GroupMember,
  ): Promise<void> {
    const { group } = this.#target;
    const identity = [producer.producerId, producer.epoch] as const;
    await this.#ask(
      ["transaction", this.#id],
      isRetriable,
      protocol.addOffsetsToTxn,
      this.#id,
      ...identity,
      group,
    );
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
      this.#id,
      group,
      ...identity,
      member.generationId,
      member.memberId,
      null,
      topics,
    ).catch((error) => {
      throw this.#explain(error, !isAnswer(error), {
        operation: "READ",
        resource: `group ${group}`,
      });
    });
  }

  /** An answer that leaves open whether it has been done is as good as none. */
  async #end(producer: Producer, isCommit: boolean): Promise<void> {
    const isUntouched = (error: unknown) => brokerCodes(error).every((code) => NOT_ENDED.has(code));
    await this.#ask(
      ["transaction", this.#id],
      isUntouched,
      protocol.endTxn,
      this.#id,
      producer.producerId,
      producer.epoch,
      isCommit,
    ).catch((error) => {
      throw this.#explain(error, isRetriable(error));
    });
  }

  /** Asks until an answer settles it. Without an answer it is not asked again. */
  async #ask<A extends unknown[], R>(
    [kind, key]: readonly [CoordinatorKind, string],
    isPassing: (error: unknown) => boolean,
    api: API<A, R>,
    ...args: A
  ): Promise<R> {
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
        const isOver = performance.now() - startedMs >=
          patienceMsFor(error, this.#cluster.patience);
        if (isOver || !isAnswer(error) || !isPassing(error)) throw error;
      }
      await wait(backoffMs(attempt, CONCURRENT));
    }
  }

  get #action(): Action {
    return { operation: "WRITE", resource: `transactional id ${this.#id}` };
  }

  #explain(error: Error, isUnknown: boolean = !isAnswer(error), action = this.#action) {
    if (error instanceof WattstreamError) return error;
    if (!isUnknown && !isOutOfStep(error)) return explain(error, action);
    return new WattstreamError(
      "fenced",
      `The outcome of a transaction of ${this.#id} is not known: the task starts again from the log`,
      { cause: error },
    );
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
