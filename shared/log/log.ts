/**
 * The log port: the one door to the log, and all that workers need of it. Adapters: `sqlite/`
 * (one machine, one file) and `kafka/` (many machines). `shared/testing/log_contract.ts`
 * is its definition: every adapter passes it.
 */

import type { ByteRange } from "../bytes/byte_range.ts";
import type { RecordPlaces } from "./record_places.ts";

/** A record as the log holds it. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  /** Ascending within a partition; not necessarily dense. */
  readonly offset: number;
  /** When the log took the record, ms since 1970. */
  readonly appendMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** A key or value to append. */
export type NewData = string | Uint8Array | ByteRange | null;

/** A record to append. The partition follows from the key, unless it or another key is named for it. */
export interface NewRecord {
  readonly topic: string;
  /** Text is written as UTF-8. */
  readonly key: NewData;
  readonly value: NewData;
  readonly partition?: number;
  /** The partition is that of this key. */
  readonly partitionKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A topic to create. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** Append times are the log's own (Kafka: `message.timestamp.type=LogAppendTime`). */
  readonly logAppendTime?: boolean;
  /** Only the last record of a key is kept. */
  readonly compacted?: boolean;
  /** Records older than this may be removed. Default: kept for ever. */
  readonly retentionMs?: number;
  /** Oldest records of a partition may be removed above this size. Default: unlimited. */
  readonly retentionBytes?: number;
}

/** A topic as it stands. */
export interface TopicDescription {
  readonly name: string;
  readonly logAppendTime: boolean;
  /**
   * How long after it was appended the last byte of a record can be on disk, ms, for as long as the
   * log runs; `Infinity` where it is kept for ever. Undefined where the log does not say (SQLite), or
   * where that hangs on what comes after it (compacted).
   */
  readonly diskMsMax?: number;
  readonly partitions: readonly PartitionDescription[];
}

export interface PartitionDescription {
  readonly partition: number;
  /** Offset of the oldest record held. */
  readonly startOffset: number;
  /** Offset that the next committed record will have at least. */
  readonly endOffset: number;
  /** Size on disk or of the values, whichever the log knows. */
  readonly bytes: number;
}

/** Appends at least once; the records of one key keep their order, across calls too. */
export interface Appender {
  /** Resolves once the log holds all records safely. @throws WattstreamError when it refuses. */
  append(records: readonly NewRecord[]): Promise<void>;
  close(): Promise<void>;
}

export interface ReadOptions {
  readonly topic: string;
  /** First offset of each partition. Default: the start of each. A number per partition. */
  readonly from?: readonly number[] | "start" | "end";
  /** Only these partitions. Default: all. */
  readonly partitions?: readonly number[];
  /** Keep waiting for new records until `signal` aborts. Default: stop at the end as of the call. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** What a task fetched of one of its inputs. */
export interface Fetched {
  /** Ascending, all at or above the offset asked for; may be empty. */
  readonly places: RecordPlaces;
  /** The same as objects, made when they are asked for. */
  readonly records: readonly LogRecord[];
  /** Where to fetch on. Can be past the last record (aborted and control records are skipped). */
  readonly nextOffset: number;
  /**
   * A moment (ms since 1970) at which nothing committed stood at or after `nextOffset`, or undefined
   * where more may be there already.
   */
  readonly atEndMs: number | undefined;
}

/** The end of a task's transaction. All that it writes comes to be at once, or nothing of it. */
export interface TaskCommit {
  /** The last of its records, behind those of {@link TaskLog.write}. */
  readonly records: readonly NewRecord[];
  /** Entries of the task's memory to set. */
  readonly memory: ReadonlyMap<string, string>;
  /** Next offset to process of each input. */
  readonly offsets: readonly number[];
}

/**
 * One task's exclusive view of the log, for as long as it owns the task. One call at a time; after a
 * `write` or `commit` that failed it is of no more use.
 */
export interface TaskLog {
  readonly partition: number;
  /**
   * How long a task that is behind may go on writing before it commits, ms; 0 where the log is better
   * served by many transactions than by a long one.
   */
  readonly transactionMs: number;
  /** All entries of the task's memory. Called first: it fences the former owner. */
  loadMemory(): Promise<Map<string, string>>;
  /**
   * Next offset to process of each input; the start of the partition where none was committed. For
   * tasks without a memory: a Kafka that has just restarted can be mistaken, where the memory is not.
   */
  committedOffsets(): Promise<number[]>;
  /** Offset of the oldest record that the log still holds of each input, or where it will begin. */
  startOffsets(): Promise<number[]>;
  /**
   * Committed records of every input from `offsets` on, where an offset of `undefined` leaves that
   * input out. Resolves as soon as one of the inputs asked for has records, at the latest after
   * `waitMs`, at once when `signal` aborts.
   * @throws WattstreamError `retention` when the log no longer holds an offset asked for; later ones
   *   may be asked for after it.
   */
  fetch(
    offsets: readonly (number | undefined)[],
    waitMs: number,
    signal: AbortSignal,
  ): Promise<(Fetched | undefined)[]>;
  /**
   * Writes records that the next {@link commit} belongs to: nobody sees them before, nor ever, where
   * it fails or is not reached. Resolves when more is welcome; the records and their bytes are the
   * caller's again then, to be used for others.
   * @throws WattstreamError `fenced` when another owner is known to have taken over.
   */
  write(records: readonly NewRecord[]): Promise<void>;
  /**
   * Makes all since the last commit come to be as one. The records are the caller's again then.
   * @throws WattstreamError `fenced` when another owner has taken over.
   */
  commit(commit: TaskCommit): Promise<void>;
}

/** A group of workers that share the tasks of the same input topics. */
export interface TaskGroup {
  /** Name of the consumer group, and so of the worker. */
  readonly group: string;
  /** Topics with equal partition counts; partition i of each makes task i. Sorted by name. */
  readonly inputs: readonly string[];
}

/** Who runs a task. */
export interface TaskOwner {
  /** Its name in the group: that of the replica where it has one. */
  readonly member: string;
  /** Address that it is seen at. */
  readonly host: string;
}

/** Runs one task until `signal` aborts, then finishes its batch, commits and returns. */
export type RunTask = (task: TaskLog, signal: AbortSignal) => Promise<void>;

export interface Log {
  /** Creates the topics that do not exist. Existing ones are left as they are. */
  createTopics(topics: readonly TopicSpec[]): Promise<void>;
  /**
   * Gives topics more partitions; those that have as many already are left as they are. Whoever has
   * the log open elsewhere may go by the former number until it is opened again.
   * @throws WattstreamError `unavailable` when a topic does not exist.
   */
  raisePartitions(topics: readonly Pick<TopicSpec, "name" | "partitions">[]): Promise<void>;
  /** Every topic, or those named that exist, by name. */
  describe(topics?: readonly string[]): Promise<TopicDescription[]>;
  appender(): Appender;
  /** Committed records, ascending within each partition. */
  read(options: ReadOptions): AsyncIterable<LogRecord>;
  /** Committed offsets of a group by topic, an entry a partition; undefined where none. */
  groupOffsets(group: string): Promise<Map<string, (number | undefined)[]>>;
  /** The memory of every task of a group, by partition: for reports and tools. */
  groupMemory(group: string): Promise<Map<number, Map<string, string>>>;
  /**
   * Who runs each task of a group, by partition; none while the group deals them out. Undefined where
   * the log keeps no members (SQLite).
   */
  groupOwners(group: string): Promise<Map<number, TaskOwner> | undefined>;
  /**
   * Sets entries of one task's memory from outside. Whoever owns the task is fenced, and so finds
   * them before it commits anything. On Kafka the topic of the memories must have the partition.
   */
  setMemory(
    group: string,
    partition: number,
    entries: ReadonlyMap<string, string>,
  ): Promise<void>;
  /**
   * Joins the group and runs each task it is given, until `signal` aborts; then all tasks drain.
   * A task whose `run` fails with `fenced` is given up; any other failure ends them all and rejects.
   */
  runTasks(group: TaskGroup, run: RunTask, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Name of the topic (or table) that holds the memory of a group's tasks. */
export function memoryTopic(group: string): string {
  return `${group}-memory`;
}

/** Headers of a record that has none. */
export const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});
