/**
 * Retention of the SQLite log: removes the oldest records of topics that bound their age or size, and
 * those of compacted topics that a later one of their key has superseded. The file does not shrink,
 * its free pages are used again. What a group of tasks has not processed yet, or would need for a
 * recovery, is kept beyond any bound.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { CHECKPOINT_KEY, rewindOf } from "../rewind.ts";
import { Compaction } from "./compaction.ts";

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

/** Where a group stands in a partition of an input. */
interface GroupPlace {
  readonly taskGroup: string;
  readonly topic: number;
  readonly partition: number;
  readonly nextOffset: number;
  /** The task's checkpoint, where it has one. */
  readonly checkpoint: string | null;
}

export class SqliteRetention {
  readonly #selectPlaces: StatementSync;
  readonly #selectBounded: StatementSync;
  readonly #selectOldest: StatementSync;
  readonly #deleteBefore: StatementSync;
  readonly #updateBounds: StatementSync;
  readonly #compaction: Compaction;
  #nextPassMs = 0;

  constructor(db: DatabaseSync) {
    this.#compaction = new Compaction(db);
    this.#selectBounded = db.prepare(
      `select topic, partition, bytes,
         retention_ms as retentionMs, retention_bytes as retentionBytes
       from topics join partitions on topic = id
       where (retention_ms is not null or retention_bytes is not null)
         and end_offset > start_offset`,
    );
    // By name, as the inputs of a group are.
    this.#selectPlaces = db.prepare(
      `select o.task_group as taskGroup, o.topic, o.partition, o.next_offset as nextOffset,
         m.value as checkpoint
       from group_offsets o join topics t on t.id = o.topic left join group_memory m
         on m.task_group = o.task_group and m.partition = o.partition and m.key = ?
       order by o.task_group, o.partition, t.name`,
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
    const needed = this.#neededOffsets();
    this.#compaction.apply(nowMs, (place) => needed.get(placeKey(place)) ?? Infinity);
    for (const partition of this.#selectBounded.all() as unknown as BoundedPartition[]) {
      if (budget === 0) return;
      const neededFrom = needed.get(placeKey(partition)) ?? Infinity;
      const cut = this.#cutOf(partition, { nowMs, countMax: budget, neededFrom });
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

  /** The first offset that some group still needs, by {@link placeKey}. */
  #neededOffsets(): Map<string, number> {
    const needed = new Map<string, number>();
    const places = this.#selectPlaces.all(CHECKPOINT_KEY) as unknown as GroupPlace[];
    let input = 0;
    for (const [index, place] of places.entries()) {
      const { taskGroup, partition, nextOffset, checkpoint } = place;
      const before = places[index - 1];
      const isSameTask = before?.taskGroup === taskGroup && before.partition === partition;
      input = isSameTask ? input + 1 : 0;
      const rewind = checkpoint === null ? undefined : rewindOf(checkpoint)?.[input];
      const from = Math.min(nextOffset, rewind ?? Infinity);
      const key = placeKey(place);
      needed.set(key, Math.min(from, needed.get(key) ?? Infinity));
    }
    return needed;
  }

  #cutOf(
    partition: BoundedPartition,
    { nowMs, countMax, neededFrom }: {
      readonly nowMs: number;
      readonly countMax: number;
      readonly neededFrom: number;
    },
  ): Cut | undefined {
    const oldestMs = nowMs - (partition.retentionMs ?? Infinity);
    const bytesMax = partition.retentionBytes ?? Infinity;
    const rows = this.#selectOldest.iterate(partition.topic, partition.partition, countMax);
    let cut: Cut | undefined;
    for (const row of rows as Iterable<unknown> as Iterable<OldestRow>) {
      if (row.offset >= neededFrom) break;
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

function placeKey({ topic, partition }: { readonly topic: number; readonly partition: number }) {
  return `${topic} ${partition}`;
}
