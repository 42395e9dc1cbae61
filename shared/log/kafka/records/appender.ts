/**
 * Appends outside of transactions. Calls that come while a round is on its way wait and go together
 * in the next one, so batches grow with the load; within a partition one batch is on its way at a
 * time, which keeps the order and makes repetitions recognisable.
 *
 *   append(a) ──▶ round 1: a ──────────▶ answered
 *   append(b), append(c) ─ wait ─▶       round 2: b c ─▶ answered
 */
import { WattstreamError } from "../../../errors.ts";
import type { Appender, NewRecord } from "../../log.ts";
import type { BatchWriter } from "./batch_writer.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { Connections } from "../cluster/connections.ts";
import { brokerCodes, explain } from "../cluster/errors.ts";
import { nameOf } from "../cluster/offsets.ts";
import { OutgoingBatches, Producer, type SendFailures, sendRound } from "./outgoing.ts";
import { Partitioner } from "./partitioner.ts";
import * as protocol from "../cluster/protocol.ts";
import type { ProducePartition } from "../cluster/protocol.ts";

/** Records of one round; what is more waits for the next. A single call always goes as a whole. */
const ROUND_RECORDS_MAX = 20_000;
/** Times that a call is sent anew after the brokers lost track of the producer. */
const ATTEMPTS_MAX = 5;

/** The brokers no longer know what the producer's last batch was. */
const LOST_TRACK = new Set([
  "INVALID_PRODUCER_EPOCH",
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
]);

interface Call {
  readonly records: readonly NewRecord[];
  readonly resolve: () => void;
  readonly reject: (error: WattstreamError) => void;
  attempts: number;
}

export class KafkaAppender implements Appender {
  readonly #cluster: Cluster;
  readonly #connections: Connections;
  readonly #nowMs: () => number;
  readonly #partitionCounts = new Map<string, number>();
  readonly #partitioner: Partitioner;
  readonly #writers = new Map<string, BatchWriter>();
  #producer: Producer | undefined;
  #waiting: Call[] = [];
  #running: Promise<void> | undefined;
  #keyless = 0;
  #isClosed = false;

  constructor(cluster: Cluster, nowMs: () => number) {
    this.#cluster = cluster;
    this.#connections = new Connections(cluster.settings);
    this.#nowMs = nowMs;
    this.#partitioner = new Partitioner(
      (topic) => this.#partitionCounts.get(topic)!,
      () => this.#keyless++,
    );
  }

  append(records: readonly NewRecord[]): Promise<void> {
    if (this.#isClosed) {
      return Promise.reject(new WattstreamError("invariant", "the appender is closed"));
    }
    if (records.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject, attempts: 0 });
      this.#running ??= this.#run();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
    await this.#connections.close();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const calls = this.#take();
      try {
        await this.#send(calls);
      } catch (error) {
        // What was numbered but not sent leaves a gap that a broker would not accept.
        this.#producer = undefined;
        const explained = explain(error, WRITE);
        for (const call of calls) call.reject(explained);
      }
    }
    this.#running = undefined;
  }

  #take(): Call[] {
    let records = 0;
    let count = 0;
    while (count < this.#waiting.length) {
      records += this.#waiting[count]!.records.length;
      if (count > 0 && records > ROUND_RECORDS_MAX) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #send(taken: readonly Call[]): Promise<void> {
    const calls = await this.#placeable(taken);
    if (calls.length === 0) return;
    this.#producer ??= await this.#newProducer(calls[0]!.records[0]!.topic);
    const batches = new OutgoingBatches({
      partitioner: this.#partitioner,
      compression: this.#cluster.settings.compression,
      timeMs: this.#nowMs(),
      writers: this.#writers,
    });
    const places = calls.map(({ records }) => {
      const names = new Set<string>();
      for (const record of records) names.add(batches.add(record));
      return names;
    });
    const failures = await this.#sendRounds(batches.rounds(this.#producer));
    if (failures.size > 0) this.#producer = undefined;
    else batches.recycle();
    const again = calls.filter((call, index) => !this.#settle(call, places[index]!, failures));
    this.#waiting.unshift(...again);
  }

  /** Rounds in order, without what would overtake a batch that failed. */
  async #sendRounds(rounds: readonly ProducePartition[][]): Promise<SendFailures> {
    const failures: SendFailures = new Map();
    for (const round of rounds) {
      const sendable = round.filter((each) => !failures.has(nameOf(each)));
      const parts = {
        cluster: this.#cluster,
        connections: this.#connections,
        transactionalId: null,
        repeatsUnanswered: true,
      };
      for (const [name, error] of await sendRound(parts, sendable)) failures.set(name, error);
    }
    return failures;
  }

  /** Those calls whose records have a place; the others are refused. */
  async #placeable(calls: readonly Call[]): Promise<Call[]> {
    const refusals = new Map<string, WattstreamError>();
    const topics = new Set(calls.flatMap(({ records }) => records.map(({ topic }) => topic)));
    for (const topic of topics) {
      try {
        this.#partitionCounts.set(topic, await this.#cluster.partitionCount(topic));
      } catch (error) {
        refusals.set(topic, explain(error, { ...WRITE, resource: `topic ${topic}` }));
      }
    }
    return calls.filter((call) => {
      const refusal = call.records.map(({ topic }) => refusals.get(topic)).find(Boolean) ??
        this.#misplacement(call);
      if (refusal === undefined) return true;
      call.reject(refusal);
      return false;
    });
  }

  #misplacement(call: Call): WattstreamError | undefined {
    try {
      for (const record of call.records) {
        if (record.partition !== undefined) this.#partitioner.partitionOf(record);
      }
      return undefined;
    } catch (error) {
      return explain(error, WRITE);
    }
  }

  /** Tells the caller; false where its records are to be sent anew. */
  #settle(call: Call, places: ReadonlySet<string>, failures: SendFailures): boolean {
    const name = [...places].find((each) => failures.has(each));
    if (name === undefined) {
      call.resolve();
      return true;
    }
    const error = failures.get(name)!;
    const isLost = brokerCodes(error).some((code) => LOST_TRACK.has(code));
    if (isLost && ++call.attempts < ATTEMPTS_MAX) return false;
    call.reject(explain(error, { ...WRITE, resource: `topic ${name.replace(/\/\d+$/, "")}` }));
    return true;
  }

  /** Takes the right to write to any topic. */
  async #newProducer(topic: string): Promise<Producer> {
    const { producerId, producerEpoch } = await this.#cluster.askAny(
      { operation: "WRITE", resource: `topic ${topic}` },
      protocol.initProducerId,
      null,
      0,
      -1n,
      -1,
    );
    return new Producer({ producerId, epoch: producerEpoch, isTransactional: false });
  }
}

const WRITE = { operation: "WRITE", resource: "the log" };
