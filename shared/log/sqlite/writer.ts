/**
 * The writing side of the SQLite log: one transaction at a time, in the order they were asked for.
 * Offsets and append times are given within it, so both ascend in every partition.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { WattstreamError } from "../../errors.ts";
import { ByteRange } from "../../bytes/byte_range.ts";
import type { NewData, NewRecord, TopicSpec } from "../log.ts";
import { othersTurn } from "../../others_turn.ts";
import { partitionOf } from "../partition.ts";
import { type SqliteFile, whileBusy, WriteTransaction, yieldToEventLoop } from "./file.ts";
import type { SqliteTopic } from "./reader.ts";
import { SqliteRetention } from "./retention.ts";
import { WalBound } from "./wal_bound.ts";

const PARTITIONS_MAX = 10_000;
/** Records of an append that are written in one transaction: some 4 ms without a break. */
const APPEND_RECORDS_MAX = 1000;
/**
 * Readers take a partition as read to its end at a moment when its records may already have their
 * append times but are not committed yet; the runtime allows 1 s for that. A transaction that took
 * longer than this (a process stopped in between) stamps its records anew before it commits.
 */
const STAMP_MS_MAX = 250;
/** SQLite never waits: after so long sockets too get a turn before the next transaction. */
const UNBROKEN_MS_MAX = 20;

const encoder = new TextEncoder();

/** A record that has its place but for the offset. */
export interface PlacedRecord {
  readonly topicId: number;
  readonly partition: number;
  readonly record: NewRecord;
}

/** The same with keys and values of its own. */
export function ownedOf(placed: PlacedRecord): PlacedRecord {
  const { record } = placed;
  const [key, value] = [bytesOf(record.key)?.slice(), bytesOf(record.value)?.slice()];
  return { ...placed, record: { ...record, key: key ?? null, value: value ?? null } };
}

/** The end of a partition while a transaction appends to it. */
interface PartitionEnd {
  readonly topicId: number;
  readonly partition: number;
  readonly firstOffset: number;
  nextOffset: number;
  appendMs: number;
  bytes: number;
}

export class SqliteWriter {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #nowMs: () => number;
  readonly #retention: SqliteRetention;
  readonly #wal: WalBound;
  readonly #write: WriteTransaction;
  readonly #selectEnd: StatementSync;
  readonly #updateEnd: StatementSync;
  readonly #insertRecord: StatementSync;
  readonly #restamp: StatementSync;
  readonly #statements = new Map<string, StatementSync>();
  #turn: Promise<void> = Promise.resolve();
  /** The turn of sockets that is due since a transaction, and since when. */
  #socketsTurn: Promise<void> | undefined;
  #unbrokenSinceMs = 0;
  #nextPartition = 0;

  /** `nowMs` is the clock of append times, ms since 1970. */
  constructor(file: SqliteFile, nowMs: () => number) {
    const db = file.writer;
    this.#path = file.path;
    this.#db = db;
    this.#nowMs = nowMs;
    this.#retention = new SqliteRetention(db);
    this.#wal = new WalBound(file.path, db);
    this.#write = new WriteTransaction(db);
    this.#selectEnd = db.prepare(
      `select end_offset as nextOffset, last_append_ms as appendMs, bytes
       from partitions where topic = ? and partition = ?`,
    );
    this.#updateEnd = db.prepare(
      `update partitions set end_offset = ?, last_append_ms = ?, bytes = ?
       where topic = ? and partition = ?`,
    );
    this.#insertRecord = db.prepare("insert into records values (?, ?, ?, ?, ?, ?, ?)");
    this.#restamp = db.prepare(
      "update records set append_ms = ? where topic = ? and partition = ? and offset >= ?",
    );
  }

  /** Runs `body`, synchronous, in one transaction. @throws WattstreamError `unavailable`. */
  transact<T>(body: () => T): Promise<T> {
    return this.#takeTurn(() => this.#transaction(body));
  }

  /** Writes the records in order, in as many transactions as that takes. */
  append(records: readonly PlacedRecord[]): Promise<void> {
    return this.#takeTurn(async () => {
      for (let start = 0; start < records.length; start += APPEND_RECORDS_MAX) {
        const part = records.slice(start, start + APPEND_RECORDS_MAX);
        await this.#transaction(() => this.insert(part));
      }
    });
  }

  /** A prepared statement, to be used within a transaction. */
  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    checkCounts(topics);
    await this.transact(() => topics.forEach((topic) => this.#createTopic(topic)));
  }

  /** Adds the partitions that topics lack. @throws what `topicOf` does. */
  async raisePartitions(
    topics: readonly Pick<TopicSpec, "name" | "partitions">[],
    topicOf: (name: string) => SqliteTopic,
  ): Promise<void> {
    checkCounts(topics);
    await this.transact(() => {
      const insert = this.statement(
        "insert into partitions (topic, partition) values (?, ?) on conflict do nothing",
      );
      for (const { name, partitions } of topics) {
        const { id } = topicOf(name);
        for (let partition = 0; partition < partitions; partition++) insert.run(id, partition);
      }
    });
  }

  #createTopic(topic: TopicSpec): void {
    const created = this.statement(
      `insert into topics (name, retention_ms, retention_bytes) values (?, ?, ?)
       on conflict do nothing returning id`,
    ).get(topic.name, topic.retentionMs ?? null, topic.retentionBytes ?? null);
    // Of topics that are there as well: those of earlier versions were never compacted.
    if (topic.compacted === true) {
      this.statement(
        "insert into compacted_topics select id from topics where name = ? on conflict do nothing",
      ).run(topic.name);
    }
    if (created === undefined) return;
    const insert = this.statement("insert into partitions (topic, partition) values (?, ?)");
    for (let partition = 0; partition < topic.partitions; partition++) {
      insert.run(created.id!, partition);
    }
  }

  /**
   * Gives each record its partition: the one it names, that of its key, or else all partitions in turn.
   * @throws WattstreamError `topic` when it names a partition that its topic does not have.
   */
  place(records: readonly NewRecord[], topicOf: (name: string) => SqliteTopic): PlacedRecord[] {
    return records.map((record) => {
      const topic = topicOf(record.topic);
      return { topicId: topic.id, partition: this.#partitionOf(topic, record), record };
    });
  }

  #partitionOf(topic: SqliteTopic, record: NewRecord): number {
    const { partition: named } = record;
    if (named === undefined) {
      const key = record.partitionKey ?? bytesOf(record.key);
      if (key !== null) return partitionOf(key, topic.partitionCount);
      return this.#nextPartition++ % topic.partitionCount;
    }
    if (Number.isInteger(named) && named >= 0 && named < topic.partitionCount) return named;
    throw new WattstreamError(
      "topic",
      `Name a partition from 0 to ${topic.partitionCount - 1} of topic ${topic.name}, got ${named}`,
    );
  }

  /** Within a transaction, as its last step: appends the records. */
  insert(records: readonly PlacedRecord[]): void {
    if (records.length === 0) return;
    const stampedMs = this.#nowMs();
    this.#retention.apply(stampedMs);
    const ends = new Map<number, PartitionEnd>();
    for (const { topicId, partition, record } of records) {
      const [key, value] = [bytesOf(record.key), bytesOf(record.value)];
      const place = topicId * PARTITIONS_MAX + partition;
      let end = ends.get(place);
      if (end === undefined) {
        end = this.#endOf(topicId, partition, stampedMs);
        ends.set(place, end);
      }
      const offset = end.nextOffset++;
      end.bytes += (key?.length ?? 0) + (value?.length ?? 0);
      const headers = headersText(record.headers);
      this.#insertRecord.run(topicId, partition, offset, end.appendMs, key, value, headers);
    }
    const nowMs = this.#nowMs();
    for (const end of ends.values()) {
      const { topicId, partition, firstOffset } = end;
      if (nowMs - stampedMs > STAMP_MS_MAX) {
        end.appendMs = Math.max(nowMs, end.appendMs);
        this.#restamp.run(end.appendMs, topicId, partition, firstOffset);
      }
      this.#updateEnd.run(end.nextOffset, end.appendMs, end.bytes, topicId, partition);
    }
  }

  #endOf(topicId: number, partition: number, nowMs: number): PartitionEnd {
    const end = this.#selectEnd.get(topicId, partition) as unknown as {
      nextOffset: number;
      appendMs: number;
      bytes: number;
    };
    const { nextOffset, bytes } = end;
    const appendMs = Math.max(nowMs, end.appendMs);
    return { topicId, partition, firstOffset: nextOffset, nextOffset, appendMs, bytes };
  }

  /** Closes the file once every write asked for is done. */
  async close(): Promise<void> {
    await this.#takeTurn(async () => {
      await this.#socketsTurn;
      this.#db.close();
    });
  }

  async #transaction<T>(body: () => T): Promise<T> {
    if (this.#socketsTurn === undefined) this.#unbrokenSinceMs = performance.now();
    else if (performance.now() - this.#unbrokenSinceMs >= UNBROKEN_MS_MAX) await this.#socketsTurn;
    await othersTurn();
    try {
      const result = await whileBusy(
        this.#path,
        () => this.#write.run(body),
        () => this.#write.othersCommits(),
      );
      this.#wal.apply();
      return result;
    } finally {
      this.#socketsTurn ??= yieldToEventLoop().then(() => this.#socketsTurn = undefined);
    }
  }

  #takeTurn<T>(body: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(body);
    // The next in turn goes on whatever became of this one: its caller hears of that.
    this.#turn = result.then(() => {}, () => {});
    return result;
  }
}

/** @throws WattstreamError `topic` when a topic cannot have so many partitions. */
function checkCounts(topics: readonly Pick<TopicSpec, "name" | "partitions">[]): void {
  for (const { name, partitions } of topics) {
    if (Number.isInteger(partitions) && partitions >= 1 && partitions <= PARTITIONS_MAX) continue;
    throw new WattstreamError(
      "topic",
      `Give topic ${name} from 1 to ${PARTITIONS_MAX} partitions, got ${partitions}`,
    );
  }
}

function bytesOf(data: NewData): Uint8Array | null {
  if (typeof data === "string") return encoder.encode(data);
  return data instanceof ByteRange ? data.view() : data;
}

function headersText(headers: NewRecord["headers"]): string | null {
  if (headers === undefined) return null;
  const text = JSON.stringify(headers);
  return text === "{}" ? null : text;
}
