/**
 * Retention of the SQLite log: removes the oldest records of topics that bound their age or size.
 * The file does not shrink, its free pages are used again.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Pause between two passes. */
const PASS_EVERY_MS = 250;
/** Records that a pass removes at most: with the pause, 40,000 a second in some 10 ms each. */
const PASS_RECORDS_MAX = 10_000;

interface BoundedPartition {
  readonly topic: number;
  readonly partition: number;
  readonly bytes: number;
  readonly retentionMs: number | null;
  readonly retentionBytes: number | null;
}

interface OldestRow {
  readonly offset: number;
  readonly append_ms: number;
  readonly bytes: number;
}

/** What to remove of a partition: `count` records below `beforeOffset`. */
interface Cut {
  readonly beforeOffset: number;
  readonly bytes: number;
  readonly count: number;
}

export class SqliteRetention {
  readonly #selectBounded: StatementSync;
  readonly #selectOldest: StatementSync;
  readonly #deleteBefore: StatementSync;
  readonly #updateBounds: StatementSync;
  #nextPassMs = 0;

  constructor(db: DatabaseSync) {
    this.#selectBounded = db.prepare(
      `select topic, partition, bytes,
         retention_ms as retentionMs, retention_bytes as retentionBytes
       from topics join partitions on topic = id
       where (retention_ms is not null or retention_bytes is not null)
         and end_offset > start_offset`,
    );
    this.#selectOldest = db.prepare(
      `select offset, append_ms, ifnull(length(key), 0) + ifnull(length(value), 0) as bytes
       from records where topic = ? and partition = ? order by offset limit ?`,
    );
    this.#deleteBefore = db.prepare(
      "delete from records where topic = ? and partition = ? and offset < ?",
    );
    this.#updateBounds = db.prepare(
      `update partitions set start_offset = ?, bytes = bytes - ? where topic = ? and partition = ?`,
    );
  }

  /** Within a write transaction: removes what may go, where it is time to look again. */
  apply(nowMs: number): void {
    if (nowMs < this.#nextPassMs && nowMs >= this.#nextPassMs - PASS_EVERY_MS) return;
    this.#nextPassMs = nowMs + PASS_EVERY_MS;
    let budget = PASS_RECORDS_MAX;
    for (const partition of this.#selectBounded.all() as unknown as BoundedPartition[]) {
      if (budget === 0) return;
      const cut = this.#cutOf(partition, nowMs, budget);
      if (cut === undefined) continue;
      this.#deleteBefore.run(partition.topic, partition.partition, cut.beforeOffset);
      this.#updateBounds.run(
        cut.beforeOffset,
        cut.bytes,
        partition.topic,
        partition.partition,
      );
      budget -= cut.count;
    }
  }

  #cutOf(partition: BoundedPartition, nowMs: number, countMax: number): Cut | undefined {
    const oldestMs = nowMs - (partition.retentionMs ?? Infinity);
    const bytesMax = partition.retentionBytes ?? Infinity;
    const rows = this.#selectOldest.iterate(partition.topic, partition.partition, countMax);
    let cut: Cut | undefined;
    for (const row of rows as Iterable<unknown> as Iterable<OldestRow>) {
      const removedBytes = cut?.bytes ?? 0;
      const isOld = row.append_ms < oldestMs;
      if (!isOld && partition.bytes - removedBytes <= bytesMax) break;
      cut = {
        beforeOffset: row.offset + 1,
        bytes: removedBytes + row.bytes,
        count: (cut?.count ?? 0) + 1,
      };
    }
    return cut;
  }
}
