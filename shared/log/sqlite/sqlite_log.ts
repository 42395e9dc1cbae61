/**
 * The log in one SQLite file, for one machine: any number of its processes append to it and read it,
 * and each group has one member. Records keep ascending offsets from 0; append times are
 * always the log's own, and never go back within a partition.
 *
 * - What `append` or `commit` has resolved survives the death of every process (not a power failure).
 * - A record without key and partition goes to all partitions in turn.
 * - Retention and compaction are looked at whenever something is appended. The memory of tasks, a
 *   compacted topic on Kafka, is a table here.
 */
import type {
  Appender,
  Log,
  LogRecord,
  NewRecord,
  ReadOptions,
  RunTask,
  TaskGroup,
  TopicDescription,
  TopicSpec,
} from "../log.ts";
import { openSqliteFile, yieldToEventLoop } from "./file.ts";
import { SqliteReader, type SqliteTopic } from "./reader.ts";
import { runSqliteTasks, setSqliteMemory, type SqliteParts } from "./tasks.ts";
import { CommitWatch } from "./watch.ts";
import { SqliteWriter } from "./writer.ts";

/** Bounds of what `read` takes of a partition before it turns to the next. */
const READ_LIMITS = { recordCount: 512, bytes: 1024 * 1024 };

export interface SqliteLogOptions {
  /** Clock of append times, ms since 1970. */
  readonly nowMs: () => number;
}

/**
 * Opens the log at `path`, and creates the file where there is none (the directory must exist).
 * @throws WattstreamError `config` when the path cannot be a log, `unavailable` when it stays locked.
 */
export async function openSqliteLog(path: string, options: SqliteLogOptions): Promise<Log> {
  const file = await openSqliteFile(path);
  const reader = new SqliteReader(file);
  return new SqliteLog({
    path,
    reader,
    writer: new SqliteWriter(file, options.nowMs),
    watch: new CommitWatch(() => reader.dataVersion()),
    nowMs: options.nowMs,
  });
}

class SqliteLog implements Log {
  readonly #parts: SqliteParts;

  constructor(parts: SqliteParts) {
    this.#parts = parts;
  }

  createTopics(topics: readonly TopicSpec[]): Promise<void> {
    return this.#parts.writer.createTopics(topics);
  }

  async raisePartitions(
    topics: readonly Pick<TopicSpec, "name" | "partitions">[],
  ): Promise<void> {
    const { reader, writer } = this.#parts;
    await writer.raisePartitions(topics, (name) => reader.topic(name));
    reader.forgetTopics();
  }

  describe(topics?: readonly string[]): Promise<TopicDescription[]> {
    return Promise.try(() => this.#parts.reader.describe(topics));
  }

  appender(): Appender {
    const { reader, writer } = this.#parts;
    return {
      append: (records: readonly NewRecord[]) =>
        Promise.try(() => writer.append(writer.place(records, (name) => reader.topic(name)))),
      close: () => Promise.resolve(),
    };
  }

  async *read(options: ReadOptions): AsyncIterable<LogRecord> {
    const { reader, watch } = this.#parts;
    const { signal, follow = false } = options;
    const topic = reader.topic(options.topic);
    const next = this.#firstOffsets(topic, options.from ?? "start");
    const stopAt = follow ? undefined : this.#firstOffsets(topic, "end");
    const hasMore = (partition: number) =>
      next[partition]! < (stopAt?.[partition] ?? reader.bounds(topic, partition).endOffset);
    const partitions = options.partitions ?? next.map((_, partition) => partition);
    while (!signal?.aborted) {
      for (const partition of partitions.filter(hasMore)) {
        const { places, nextOffset } = reader.places(
          ...[topic, partition, next[partition]!, READ_LIMITS] as const,
        );
        for (let index = 0; index < places.count; index++) {
          if (signal?.aborted || places.offset(index) >= (stopAt?.[partition] ?? Infinity)) break;
          yield places.record(index);
        }
        next[partition] = nextOffset;
        await yieldToEventLoop();
        if (follow && watch.isClosed) return;
      }
      if (partitions.some(hasMore)) continue;
      if (!follow) return;
      await watch.wait(() => partitions.some(hasMore), { signal });
      if (watch.isClosed) return;
    }
  }

  #firstOffsets(topic: SqliteTopic, from: readonly number[] | "start" | "end"): number[] {
    return Array.from({ length: topic.partitionCount }, (_, partition) => {
      const { startOffset, endOffset } = this.#parts.reader.bounds(topic, partition);
      if (from === "end") return endOffset;
      return from === "start" ? startOffset : from[partition] ?? startOffset;
    });
  }

  groupOffsets(group: string): Promise<Map<string, (number | undefined)[]>> {
    return Promise.try(() => this.#parts.reader.groupOffsets(group));
  }

  groupMemory(group: string): Promise<Map<number, Map<string, string>>> {
    return Promise.try(() => this.#parts.reader.groupMemory(group));
  }

  groupOwners(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  setMemory(
    group: string,
    partition: number,
    entries: ReadonlyMap<string, string>,
  ): Promise<void> {
    return setSqliteMemory(this.#parts, { group, partition, entries });
  }

  runTasks(group: TaskGroup, run: RunTask, signal: AbortSignal): Promise<void> {
    return runSqliteTasks(this.#parts, group, run, signal);
  }

  async close(): Promise<void> {
    this.#parts.watch.close();
    await this.#parts.writer.close();
    this.#parts.reader.close();
  }
}
