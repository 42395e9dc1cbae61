/**
 * Looks for damage in a log file, and copies what can be read of a damaged one into a new file, with
 * the same offsets: workers go on with it where they were.
 */
import { existsSync, rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { messageOf, WattstreamError } from "../../errors.ts";
import { damagedText, explainSqlite, isDamage } from "./errors.ts";
import { hasTable, openSqliteFile } from "./file.ts";

/** Records copied in one transaction. */
const COPY_RECORDS_MAX = 1000;
/** Above this size a check at the start leaves out the records: 256 MiB take about a second. */
const AT_START_BYTES_MAX = 256 * 1024 * 1024;
const GROUP_TABLES = ["task_groups", "group_offsets", "group_memory"];
/** Files of earlier versions lack it. */
const COMPACTED_TABLE = "compacted_topics";
const OTHER_TABLES = ["topics", "partitions", ...GROUP_TABLES];
/** Problems that a check lists. */
const PROBLEMS_MAX = 20;

/** What became of a partition. */
export interface SalvagedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly copied: number;
  /** Records that the old file held and that cannot be read. */
  readonly lost: number;
}

export interface Salvaged {
  readonly partitions: readonly SalvagedPartition[];
  /** Other tables that could not be read; workers begin anew without them. */
  readonly incomplete: readonly string[];
}

/**
 * What is wrong with the file, a line each; none where nothing is. Reads all of it, or with `tables`
 * those alone.
 * @throws WattstreamError `config` when it is no log file of ours, `unavailable` when it is locked.
 */
export function checkSqliteFile(path: string, tables: readonly string[] = []): string[] {
  return withOld(path, (db) => {
    const checks = tables.length === 0
      ? [`quick_check(${PROBLEMS_MAX})`]
      : tables.map((table) => `quick_check(${table})`);
    try {
      const records = db.prepare("select 1 from sqlite_schema where name = 'records'").get();
      if (records === undefined) return ["it has no table of records"];
      return checks.flatMap((check) => db.prepare(`pragma ${check}`).all())
        .map((row) => String(Object.values(row)[0])).filter((text) => text !== "ok");
    } catch (error) {
      if (isDamage(error)) return [messageOf(error)];
      throw explainSqlite(error, path);
    }
  });
}

/**
 * Looks before the log is used: at all of the file, or, where that could take more than a second or
 * so, at what it cannot do without: topics, partitions, groups and their memory.
 * @throws WattstreamError `invariant` when it is damaged, with what to do.
 */
export function checkAtStart(path: string): void {
  const isSmall = statSync(path).size <= AT_START_BYTES_MAX;
  const [problem] = checkSqliteFile(path, isSmall ? [] : OTHER_TABLES);
  if (problem !== undefined) throw new WattstreamError("invariant", damagedText(path, problem));
}

function withOld<T>(path: string, use: (db: DatabaseSync) => T): T {
  checkIsFile(path);
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    return use(db);
  } finally {
    db.close();
  }
}

/**
 * Copies what can be read of `oldPath` to the new file `newPath`.
 * @throws WattstreamError `config` when there is a file already, or nothing of the old one can be
 *   read, not even which topics it has.
 */
export async function salvageSqliteFile(oldPath: string, newPath: string): Promise<Salvaged> {
  if (existsSync(newPath)) {
    throw new WattstreamError("config", `Name a new file: ${newPath} is there already`);
  }
  checkIsFile(oldPath);
  const { reader, writer } = await openSqliteFile(newPath);
  reader.close();
  let salvaged: Salvaged | undefined;
  try {
    return salvaged = withOld(oldPath, (old) => new Copy(old, writer, oldPath).run());
  } finally {
    writer.close();
    // What is there, and whole, but has next to nothing in it would be taken for the log.
    if (salvaged === undefined) removeSqliteFile(newPath);
  }
}

function checkIsFile(path: string): void {
  if (existsSync(path)) return;
  throw new WattstreamError("config", `Name a log that is there: ${path} is no file`);
}

function removeSqliteFile(path: string): void {
  for (const each of [path, `${path}-wal`, `${path}-shm`]) rmSync(each, { force: true });
}

interface PartitionRow {
  readonly topic: number;
  readonly name: string;
  readonly partition: number;
  readonly start_offset: number;
  readonly end_offset: number;
}

type Row = Record<string, null | number | string | Uint8Array>;

class Copy {
  readonly #old: DatabaseSync;
  readonly #new: DatabaseSync;
  readonly #oldPath: string;

  constructor(old: DatabaseSync, fresh: DatabaseSync, oldPath: string) {
    this.#old = old;
    this.#new = fresh;
    this.#oldPath = oldPath;
  }

  run(): Salvaged {
    const isWhole = (table: string) => this.#copyTable(table);
    if (!isWhole("topics") || !isWhole("partitions")) {
      throw new WattstreamError(
        "config",
        `Begin with a new log: which topics ${this.#oldPath} has cannot be read`,
      );
    }
    const others = hasTable(this.#old, COMPACTED_TABLE)
      ? [COMPACTED_TABLE, ...GROUP_TABLES]
      : GROUP_TABLES;
    const incomplete = others.filter((table) => !isWhole(table));
    const rows = this.#new.prepare(
      `select topic, name, partition, start_offset, end_offset
       from partitions join topics on id = topic order by name, partition`,
    ).all() as unknown as PartitionRow[];
    return { partitions: rows.map((row) => this.#copyPartition(row)), incomplete };
  }

  /** Copies the rows, or none where one of them cannot be read. */
  #copyTable(table: string): boolean {
    const columns = this.#new.prepare(`pragma table_info(${table})`).all().length;
    const insert = this.#new.prepare(
      `insert into ${table} values (${Array(columns).fill("?").join(", ")})`,
    );
    try {
      // Not by `iterate`, which ends without a word where a row cannot be read.
      const rows = this.#old.prepare(`select * from ${table}`).all();
      for (const row of rows) insert.run(...Object.values(row));
      return true;
    } catch (error) {
      if (isDamage(error)) return false;
      throw error;
    }
  }

  #copyPartition(row: PartitionRow): SalvagedPartition {
    const { topic, name, partition, start_offset, end_offset: end } = row;
    let [copied, bytes, hasLost] = [0, 0, false];
    const insert = this.#new.prepare("insert into records values (?, ?, ?, ?, ?, ?, ?)");
    const copy = (rows: readonly Row[]) => {
      this.#new.exec("begin");
      for (const row of rows) {
        insert.run(...Object.values(row));
        bytes += lengthOf(row.key) + lengthOf(row.value);
      }
      this.#new.exec("commit");
      copied += rows.length;
    };
    for (let from = start_offset; from < end;) {
      const { rows, isDamaged } = this.#rowsFrom(topic, partition, from, COPY_RECORDS_MAX);
      copy(rows);
      const next = rows.length === 0 ? from : Number(rows.at(-1)!.offset) + 1;
      if (!isDamaged && rows.length === 0) break;
      hasLost ||= isDamaged;
      from = isDamaged ? this.#readableAfter({ topic, partition, from: next, end }) : next;
    }
    this.#new.prepare("update partitions set bytes = ? where topic = ? and partition = ?")
      .run(bytes, topic, partition);
    // Where all can be read, what is missing was erased or superseded before.
    const lost = hasLost ? end - start_offset - copied : 0;
    return { topic: name, partition, copied, lost };
  }

  /** The next rows; where one of so many cannot be read, fewer are asked for, down to the first. */
  #rowsFrom(topic: number, partition: number, from: number, countMax: number) {
    const select = this.#old.prepare(
      `select * from records where topic = ? and partition = ? and offset >= ?
       order by offset limit ?`,
    );
    for (let count = countMax; count >= 1; count = Math.floor(count / 2)) {
      try {
        const rows = select.all(topic, partition, from, count) as Row[];
        return { rows, isDamaged: false };
      } catch (error) {
        if (!isDamage(error)) throw explainSqlite(error, this.#oldPath);
      }
    }
    return { rows: [] as Row[], isDamaged: true };
  }

  /** About the first offset behind `from` where a row can be read: by leaps, then by halves. */
  #readableAfter(
    { topic, partition, from, end }: {
      readonly topic: number;
      readonly partition: number;
      readonly from: number;
      readonly end: number;
    },
  ): number {
    const canRead = (offset: number) => {
      const { rows, isDamaged } = this.#rowsFrom(topic, partition, offset, 1);
      return !isDamaged && (rows.length > 0 || offset >= end);
    };
    let leap = 1;
    while (from + leap < end && !canRead(from + leap)) leap *= 2;
    let [bad, good] = [from + Math.floor(leap / 2), Math.min(from + leap, end)];
    while (good - bad > 1) {
      const middle = Math.floor((bad + good) / 2);
      if (canRead(middle)) good = middle;
      else bad = middle;
    }
    return good;
  }
}

function lengthOf(data: Row[string] | undefined): number {
  return data instanceof Uint8Array ? data.length : 0;
}
