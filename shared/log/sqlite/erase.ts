/**
 * Removes records and memories from a log file for good: whole or not at all, and then the file is
 * written anew, so that no page of it holds what was removed. Others keep their offsets.
 */
import type { DatabaseSync } from "node:sqlite";
import { WattstreamError } from "../../errors.ts";
import type { LogRecord } from "../log.ts";
import { explainSqlite, isBusy } from "./errors.ts";
import { openSqliteFile } from "./file.ts";
import { PlaceReader } from "./place_reader.ts";

/** What is looked at in one go. */
const LOOK = { countMax: 1000, bytesMax: 16 * 1024 * 1024 };

/** What is to go. */
export interface Erasure {
  isRecord(record: LogRecord): boolean;
  /** Asked once all records have been looked at. @param name of an entry of a task's memory. */
  isMemory(name: string): boolean;
}

/** How many records are gone of each topic, and how many entries of memories. */
export interface Erased {
  readonly records: ReadonlyMap<string, number>;
  readonly memories: number;
}

/**
 * Erases from the log at `path`. It takes as much disk again as the file, for as long as it runs;
 * killed at any moment, it is run again.
 * @throws WattstreamError `unavailable` while another process has the log open.
 */
export async function eraseFromSqliteFile(path: string, erasure: Erasure): Promise<Erased> {
  const { reader, writer: db } = await openSqliteFile(path);
  reader.close();
  try {
    leaveWal(db, path);
    db.exec("pragma secure_delete = on; begin exclusive");
    const records = eraseRecords(db, erasure);
    const memories = eraseMemories(db, erasure);
    db.exec("commit; vacuum");
    return { records, memories };
  } catch (error) {
    throw explainSqlite(error, path);
  } finally {
    db.close();
  }
}

/** Only whoever has the file alone can: the write-ahead file goes with it, with all that it held. */
function leaveWal(db: DatabaseSync, path: string): void {
  let mode: unknown;
  try {
    mode = db.prepare("pragma journal_mode = delete").get()!.journal_mode;
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
  if (mode === "delete") return;
  throw new WattstreamError("unavailable", `Stop first what uses the log ${path}`);
}

function eraseRecords(db: DatabaseSync, erasure: Erasure): Map<string, number> {
  const partitions = db.prepare(
    "select id, name, partition from topics join partitions on topic = id order by name, partition",
  ).all() as unknown as { id: number; name: string; partition: number }[];
  const reader = new PlaceReader(db);
  const remove = db.prepare("delete from records where topic = ? and partition = ? and offset = ?");
  const shrink = db.prepare(
    "update partitions set bytes = bytes - ? where topic = ? and partition = ?",
  );
  const counts = new Map<string, number>();
  for (const { id, name, partition } of partitions) {
    let [from, bytes] = [0, 0];
    for (;;) {
      const places = reader.read({ id, name }, { partition, fromOffset: from, ...LOOK });
      if (places.count === 0) break;
      from = places.offset(places.count - 1) + 1;
      for (let index = 0; index < places.count; index++) {
        const record = places.record(index);
        if (!erasure.isRecord(record)) continue;
        remove.run(id, partition, record.offset);
        bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    shrink.run(bytes, id, partition);
  }
  return counts;
}

function eraseMemories(db: DatabaseSync, erasure: Erasure): number {
  const names = db.prepare("select distinct key from group_memory").all() as { key: string }[];
  const remove = db.prepare("delete from group_memory where key = ?");
  return names.filter(({ key }) => erasure.isMemory(key))
    .reduce((count, { key }) => count + Number(remove.run(key).changes), 0);
}
