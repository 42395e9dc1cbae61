/** One task's view of the log on Kafka. */
import { invariant } from "../../../errors.ts";
import {
  type Fetched,
  memoryTopic,
  type NewRecord,
  type TaskCommit,
  type TaskLog,
} from "../../log.ts";
import { Connections } from "../cluster/connections.ts";
import {
  committedOffsets,
  nameOf,
  partitionOffsets,
  type TopicPartition,
} from "../cluster/offsets.ts";
import type { OutgoingBatches } from "../records/outgoing.ts";
import { PartitionFetcher } from "../records/partition_fetcher.ts";
import { newsOf, type ReadParts } from "../records/read_log.ts";
import { memoryRecords, readMemory } from "./task_memory.ts";
import { type Ownership, TransactionalProducer } from "./transaction.ts";

export interface TaskTarget {
  readonly group: string;
  readonly inputs: readonly string[];
  readonly partition: number;
}

/** A transaction costs a broker five requests, and a marker in each of its partitions. */
const TRANSACTION_MS = 250;
/**
 * Bytes that are worth a request: what a task that is behind writes is collected up to here, or up to
 * its commit. A task of the training puts out a few datasets a batch.
 */
const SEND_BYTES_MIN = 128 << 10;

export class KafkaTaskLog implements TaskLog {
  readonly partition: number;
  readonly transactionMs = TRANSACTION_MS;
  readonly #parts: ReadParts;
  readonly #target: TaskTarget;
  readonly #inputs: readonly TopicPartition[];
  readonly #connections: Connections;
  readonly #producer: TransactionalProducer;
  readonly #fetchers: PartitionFetcher[];
  /** What is written and not sent. */
  #unsent: OutgoingBatches | undefined;

  constructor(parts: ReadParts, target: TaskTarget, ownership: Ownership) {
    const { cluster, nowMs } = parts;
    this.partition = target.partition;
    this.#target = target;
    this.#inputs = target.inputs.map((topic) => ({ topic, partition: target.partition }));
    this.#connections = new Connections(cluster.settings);
    this.#parts = { ...parts, connections: this.#connections };
    this.#producer = new TransactionalProducer({ cluster, target, ownership, nowMs });
    this.#fetchers = this.#inputs.map((input) => new PartitionFetcher(cluster, input, nowMs));
  }

  async loadMemory(): Promise<Map<string, string>> {
    await this.#producer.init();
    const topic = memoryTopic(this.#target.group);
    return await readMemory(this.#parts, { topic, partition: this.partition });
  }

  async committedOffsets(): Promise<number[]> {
    const { cluster } = this.#parts;
    const partitions = new Map(this.#target.inputs.map((topic) => [topic, [this.partition]]));
    const [committed, starts] = await Promise.all([
      committedOffsets(cluster, this.#connections, this.#target.group, partitions),
      this.startOffsets(),
    ]);
    return this.#inputs.map(({ topic }, index) =>
      committed.get(topic)?.[this.partition] ?? starts[index]!
    );
  }

  async startOffsets(): Promise<number[]> {
    const { cluster } = this.#parts;
    const starts = await partitionOffsets(cluster, this.#connections, this.#inputs, "start");
    return this.#inputs.map((input) => starts.get(nameOf(input))!);
  }

  async fetch(
    offsets: readonly (number | undefined)[],
    waitMs: number,
    signal: AbortSignal,
  ): Promise<(Fetched | undefined)[]> {
    const asked: PartitionFetcher[] = [];
    this.#fetchers.forEach((fetcher, index) => {
      const offset = offsets[index];
      if (offset === undefined) return;
      fetcher.seek(offset);
      asked.push(fetcher);
    });
    await newsOf(asked, signal, waitMs);
    return this.#fetchers.map((fetcher, index) => {
      const offset = offsets[index];
      return offset === undefined ? undefined : fetcher.take(offset);
    });
  }

  // Not async, so that the records are let go of once they are encoded.
  write(records: readonly NewRecord[]): Promise<void> {
    return this.#encode(records).then((batches) => {
      if (batches.size >= SEND_BYTES_MIN) return this.#producer.write(batches);
      this.#unsent = batches;
    });
  }

  commit(commit: TaskCommit): Promise<void> {
    invariant(
      commit.offsets.length === this.#inputs.length,
      "a commit has an offset of each input",
    );
    const memory = memoryRecords(this.#target.group, this.partition, commit.memory);
    const records = memory.length === 0 ? commit.records : [...commit.records, ...memory];
    const inputs = this.#inputs;
    const offsets = commit.offsets.map((offset, index) => ({ ...inputs[index]!, offset }));
    return this.#encode(records).then((batches) => this.#producer.commit(batches, offsets));
  }

  /** Ends what is under way, and frees connections. */
  async close(): Promise<void> {
    await Promise.all(this.#fetchers.map((fetcher) => fetcher.close()));
    await this.#producer.close();
    await this.#connections.close();
  }

  /** All that is not sent, these records behind the rest. */
  #encode(records: readonly NewRecord[]): Promise<OutgoingBatches> {
    const unsent = this.#unsent;
    this.#unsent = undefined;
    return this.#producer.encode(records, unsent);
  }
}
