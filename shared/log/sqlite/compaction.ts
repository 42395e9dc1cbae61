/**
 * Compaction of the SQLite log: of a key in a partition of a compacted topic the newest record stays.
 * Offsets stay as they are, with gaps.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Pause between two passes, each of which looks at one partition. */
const PASS_EVERY_MS = 1_000;
/** Records that a pass removes at most. */
const PASS_RECORDS_MAX = 2_000;

interface CompactedPartition {
  readonly topic: number;
  readonly partition: number;
  readonly endOffset: number;
}

interface SupersededRow {
  readonly offset: number;
  readonly bytes: number;
}

export class Compaction {
  readonly #selectPartitions: StatementSync;
  readonly #selectSuperseded: StatementSync;
  readonly #deleteRecord: StatementSync;
  readonly #shrink: StatementSync;
  /** The end of each partition when nothing more was superseded in it. */
  readonly #doneTo = new Map<string, number>();
  #nextPassMs = 0;
  #turn = 0;

  constructor(db: DatabaseSync) {
    this.#selectPartitions = db.prepare(
      `select p.topic, p.partition, p.end_offset as endOffset
       from compacted_topics c join partitions p on p.topic = c.topic
       where p.end_offset > p.start_offset`,
    );
    this.#selectSuperseded = db.prepare(
      `select offset, length(key) + ifnull(length(value), 0) as bytes from records
       where topic = :topic and partition = :partition and offset < :before and key is not null
         and offset not in (
           select max(offset) from records where topic = :topic and partition = :partition group by key
         )
       order by offset limit ${PASS_RECORDS_MAX}`,
    );
    this.#deleteRecord = db.prepare(
      "delete from records where topic = ? and partition = ? and offset = ?",
    );
    this.#shrink = db.prepare(
      "update partitions set bytes = bytes - ? where topic = ? and partition = ?",
    );
  }

  /**
   * Within a write transaction: removes what is superseded in one partition, where it is time to.
   * @param neededFrom the first offset of a partition that some group still needs.
   */
  apply(nowMs: number, neededFrom: (place: CompactedPartition) => number): void {
    if (nowMs < this.#nextPassMs && nowMs >= this.#nextPassMs - PASS_EVERY_MS) return;
    this.#nextPassMs = nowMs + PASS_EVERY_MS;
    const partitions = this.#selectPartitions.all() as unknown as CompactedPartition[];
    for (let count = 0; count < partitions.length; count++) {
      const place = partitions[this.#turn++ % partitions.length]!;
      const before = Math.min(neededFrom(place), place.endOffset);
      const name = `${place.topic} ${place.partition}`;
      if ((this.#doneTo.get(name) ?? 0) >= before) continue;
      if (this.#compact(place, before) < PASS_RECORDS_MAX) this.#doneTo.set(name, before);
      return;
    }
  }

  /** Returns how many records are gone. */
  #compact({ topic, partition }: CompactedPartition, before: number): number {
    const rows = this.#selectSuperseded.all({ topic, partition, before });
    let bytes = 0;
    for (const row of rows as unknown as SupersededRow[]) {
      this.#deleteRecord.run(topic, partition, row.offset);
      bytes += row.bytes;
    }
    if (rows.length > 0) this.#shrink.run(bytes, topic, partition);
    return rows.length;
  }
}
