/** The reading side of the SQLite log: topics, records and group state, as committed. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { WattstreamError } from "../../errors.ts";
import type { TopicDescription } from "../log.ts";
import type { RecordPlaces } from "../record_places.ts";
import { explainSqlite } from "./errors.ts";
import type { SqliteFile } from "./file.ts";
import { PlaceReader } from "./place_reader.ts";

/** A topic as the file knows it, with the partitions that it had when it was looked up. */
export interface SqliteTopic {
  readonly id: number;
  readonly name: string;
  readonly partitionCount: number;
}

/** What a partition holds: offsets `[startOffset, endOffset)`. */
export interface PartitionBounds {
  readonly startOffset: number;
  readonly endOffset: number;
  /** Keys and values. */
  readonly bytes: number;
}

/** How much one read takes at most; the first record always fits. */
export interface ReadLimits {
  readonly recordCount: number;
  /** Keys and values. */
  readonly bytes: number;
}

export interface ReadPlaces {
  readonly places: RecordPlaces;
  readonly nextOffset: number;
  /** Nothing stood at or after `nextOffset`. */
  readonly isAtEnd: boolean;
}

interface PartitionRow {
  readonly name: string;
  readonly partition: number;
  readonly start_offset: number;
  readonly end_offset: number;
  readonly bytes: number;
}

interface MemoryRow {
  readonly partition: number;
  readonly key: string;
  readonly value: string;
}

export class SqliteReader {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #topics = new Map<string, SqliteTopic>();
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #dataVersion: StatementSync;
  readonly #selectBounds: StatementSync;
  readonly #selectEpoch: StatementSync;
  readonly #placeReader: PlaceReader;

  constructor(file: SqliteFile) {
    const db = file.reader;
    this.#path = file.path;
    this.#db = db;
    this.#begin = db.prepare("begin");
    this.#commit = db.prepare("commit");
    this.#dataVersion = db.prepare("pragma data_version");
    this.#selectBounds = db.prepare(
      `select start_offset as startOffset, end_offset as endOffset, bytes
       from partitions where topic = ? and partition = ?`,
    );
    this.#selectEpoch = db.prepare("select epoch from task_groups where name = ?");
    this.#placeReader = new PlaceReader(db);
  }

  /** Changes whenever another connection has committed. */
  dataVersion(): number {
    return this.#try(() => Number(this.#dataVersion.get()!.data_version));
  }

  /** Runs `body`, synchronous, on one state of the file. */
  snapshot<T>(body: () => T): T {
    return this.#try(() => {
      this.#begin.run();
      try {
        return body();
      } finally {
        this.#commit.run();
      }
    });
  }

  /** @throws WattstreamError `unavailable` when there is no such topic. */
  topic(name: string): SqliteTopic {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    this.#try(() => this.#loadTopics());
    const topic = this.#topics.get(name);
    if (topic !== undefined) return topic;
    throw new WattstreamError(
      "unavailable",
      `Create the topic ${name} first: ${this.#path} has none`,
    );
  }

  /** Looks topics up again, since they have more partitions now. */
  forgetTopics(): void {
    this.#topics.clear();
  }

  #loadTopics(): void {
    const rows = this.#db.prepare(
      `select id, name, count(*) as partitionCount
       from topics join partitions on topic = id group by id`,
    ).all() as unknown as SqliteTopic[];
    for (const row of rows) this.#topics.set(row.name, row);
  }

  bounds(topic: SqliteTopic, partition: number): PartitionBounds {
    return this.#try(() =>
      this.#selectBounds.get(topic.id, partition) as unknown as PartitionBounds
    );
  }

  /**
   * The records of a partition from `fromOffset` on.
   * @throws WattstreamError `retention` when those at `fromOffset` have been removed.
   */
  places(
    topic: SqliteTopic,
    partition: number,
    fromOffset: number,
    limits: ReadLimits,
  ): ReadPlaces {
    return this.snapshot(() => {
      const { startOffset, endOffset, bytes } = this.bounds(topic, partition);
      if (fromOffset < startOffset) {
        throw new WattstreamError(
          "retention",
          `Keep topic ${topic.name} for longer: partition ${partition} starts at offset ` +
            `${startOffset}, needed is ${fromOffset}`,
        );
      }
      const meanBytes = Math.max(bytes / Math.max(endOffset - startOffset, 1), 1);
      const countMax = Math.min(limits.recordCount, Math.ceil(limits.bytes / meanBytes));
      const span = { partition, fromOffset, countMax, bytesMax: limits.bytes };
      const places = this.#placeReader.read(topic, span);
      // Where nothing is left: a salvaged file can lack the last records.
      const nextOffset = places.count === 0
        ? Math.max(fromOffset, endOffset)
        : places.offset(places.count - 1) + 1;
      return { places, nextOffset, isAtEnd: nextOffset >= endOffset };
    });
  }

  describe(names: readonly string[] | undefined): TopicDescription[] {
    const rows = this.#try(() =>
      this.#db.prepare(
        `select name, partition, start_offset, end_offset, bytes
         from topics join partitions on topic = id order by name, partition`,
      ).all()
    ) as unknown as PartitionRow[];
    const wanted = names === undefined ? undefined : new Set(names);
    const byName = Map.groupBy(rows, (row) => row.name);
    return [...byName].filter(([name]) => wanted?.has(name) ?? true).map(([name, partitions]) => ({
      name,
      logAppendTime: true,
      partitions: partitions.map((row) => ({
        partition: row.partition,
        startOffset: row.start_offset,
        endOffset: row.end_offset,
        bytes: row.bytes,
      })),
    }));
  }

  /** How often the tasks of the group have changed hands; 0 before anybody joined. */
  epoch(group: string): number {
    return this.#try(() => Number(this.#selectEpoch.get(group)?.epoch ?? 0));
  }

  groupOffsets(group: string): Map<string, (number | undefined)[]> {
    const rows = this.#try(() =>
      this.#db.prepare(
        `select name, partition, next_offset as nextOffset
         from group_offsets join topics on topic = id where task_group = ? order by name`,
      ).all(group)
    ) as unknown as { name: string; partition: number; nextOffset: number }[];
    const offsets = new Map<string, (number | undefined)[]>();
    for (const { name, partition, nextOffset } of rows) {
      let list = offsets.get(name);
      if (list === undefined) {
        list = new Array<number | undefined>(this.topic(name).partitionCount).fill(undefined);
        offsets.set(name, list);
      }
      list[partition] = nextOffset;
    }
    return offsets;
  }

  groupMemory(group: string): Map<number, Map<string, string>> {
    const rows = this.#memoryRows("where task_group = ?", group);
    const byPartition = Map.groupBy(rows, (row) => row.partition);
    return new Map([...byPartition].map(([partition, entries]) => [partition, entriesOf(entries)]));
  }

  /** The memory of one task. */
  taskMemory(group: string, partition: number): Map<string, string> {
    return entriesOf(this.#memoryRows("where task_group = ? and partition = ?", group, partition));
  }

  #memoryRows(where: string, ...values: (string | number)[]): MemoryRow[] {
    const sql = `select partition, key, value from group_memory ${where}`;
    return this.#try(() => this.#db.prepare(sql).all(...values)) as unknown as MemoryRow[];
  }

  close(): void {
    this.#db.close();
  }

  #try<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw explainSqlite(error, this.#path);
    }
  }
}

function entriesOf(rows: readonly MemoryRow[]): Map<string, string> {
  return new Map(rows.map(({ key, value }) => [key, value]));
}
