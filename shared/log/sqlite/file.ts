/**
 * The file behind the SQLite log: how it is opened, its tables, and what its errors mean.
 *
 * Every log has two connections, so that a read never sees what a write of the same process has not
 * committed yet. WAL with `synchronous=normal`: what was committed survives the death of every
 * process at any moment; a power failure may lose the last commits, but never half of one.
 *
 * No other code of a process may open and close this file (`Deno.readFile`, say): POSIX drops the
 * locks of all its connections then.
 */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf, WattstreamError } from "../../errors.ts";
import { explainSqlite, isBusy } from "./errors.ts";

/** Marks the file as ours: "watt". */
const APPLICATION_ID = 0x77617474;
const SCHEMA_VERSION = 1;

/** Longest that an attempt to write blocks this process, which then tries again. */
const WRITE_BLOCK_MS_MAX = 20;
/** Longest that a read blocks; it meets a lock only while another process recovers or closes. */
const READ_BLOCK_MS_MAX = 5000;
/** Longest wait for the other writers of the file while none of them gets anything done. */
const BUSY_MS_MAX = 5000;
/** A turn of waiting that took longer counts as so long: this process was not given its time. */
const BUSY_TURN_MS_MAX = 100;
/** Longest pause between two attempts. */
const BUSY_PAUSE_MS_MAX = 20;
/**
 * Pages of 4 KiB in the WAL at which a commit writes them back: each time costs two fsyncs, and keeps the
 * process busy for 6 ms (with 4,000 pages, 25 ms).
 */
const WAL_PAGES = 1000;
/** The WAL is cut back to this size. */
const WAL_BYTES_MAX = 64 * 1024 * 1024;

/** The topics of which the newest record of a key counts; files of earlier versions lack it. */
const COMPACTED_TABLE =
  "create table compacted_topics (topic integer primary key) strict, without rowid";

const SCHEMA = `
  create table topics (
    id integer primary key,
    name text not null unique,
    retention_ms integer,
    retention_bytes integer
  ) strict;
  create table partitions (
    topic integer not null,
    partition integer not null,
    start_offset integer not null default 0,
    end_offset integer not null default 0,
    last_append_ms integer not null default 0,
    bytes integer not null default 0,
    primary key (topic, partition)
  ) strict, without rowid;
  create table records (
    topic integer not null,
    partition integer not null,
    offset integer not null,
    append_ms integer not null,
    key blob,
    value blob,
    headers text,
    primary key (topic, partition, offset)
  ) strict, without rowid;
  create table task_groups (
    name text primary key,
    epoch integer not null
  ) strict, without rowid;
  create table group_offsets (
    task_group text not null,
    topic integer not null,
    partition integer not null,
    next_offset integer not null,
    primary key (task_group, topic, partition)
  ) strict, without rowid;
  create table group_memory (
    task_group text not null,
    partition integer not null,
    key text not null,
    value text not null,
    primary key (task_group, partition, key)
  ) strict, without rowid;
  ${COMPACTED_TABLE};
  pragma application_id = ${APPLICATION_ID};
  pragma user_version = ${SCHEMA_VERSION};
`;

/** The two connections of a log to its file. */
export interface SqliteFile {
  readonly path: string;
  readonly reader: DatabaseSync;
  readonly writer: DatabaseSync;
}

/**
 * Opens the log file, or creates it.
 * @throws WattstreamError `config` when the path is not, and cannot become, a log of ours;
 *   `unavailable` when another process keeps it locked.
 */
export async function openSqliteFile(path: string): Promise<SqliteFile> {
  if (path === "" || path === ":memory:") {
    throw new WattstreamError("config", `Name a file for the log, got "${path}"`);
  }
  const writer = connect(path, WRITE_BLOCK_MS_MAX);
  try {
    await whileBusy(path, () => prepareFile(path, writer));
    const reader = connect(path, READ_BLOCK_MS_MAX);
    reader.exec("pragma query_only = on");
    return { path, reader, writer };
  } catch (error) {
    writer.close();
    throw error;
  }
}

function connect(path: string, blockMsMax: number): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: blockMsMax });
  } catch (error) {
    throw new WattstreamError("config", `Cannot open the log ${path}: ${whyNot(path, error)}`, {
      cause: error,
    });
  }
}

function whyNot(path: string, error: unknown): string {
  const directory = dirname(path);
  const kind = kindOf(directory);
  if (kind === "missing") return `create the directory ${directory} first`;
  if (kind === "other") return `${directory} is not a directory`;
  if (kindOf(path) === "directory") return "it is a directory";
  return messageOf(error);
}

function kindOf(path: string): "directory" | "other" | "missing" | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return "missing";
    return stats.isDirectory() ? "directory" : "other";
  } catch {
    // Not permitted to look: the error that is being explained must do.
    return undefined;
  }
}

function prepareFile(path: string, db: DatabaseSync): void {
  const isNew = isEmpty(path, db);
  const mode = db.prepare("pragma journal_mode = wal").get()!.journal_mode;
  if (mode !== "wal") {
    throw new WattstreamError(
      "config",
      `Put the log ${path} on a local disk: WAL does not work here`,
    );
  }
  db.exec(`
    pragma synchronous = normal;
    pragma wal_autocheckpoint = ${WAL_PAGES};
    pragma journal_size_limit = ${WAL_BYTES_MAX};
  `);
  if (!isNew && hasTable(db, "compacted_topics")) return;
  new WriteTransaction(db).run(() => {
    // Another process may have been faster.
    if (checkOwner(path, db)) db.exec(SCHEMA);
    else if (!hasTable(db, "compacted_topics")) db.exec(COMPACTED_TABLE);
  });
}

/** Whether the file has this table. */
export function hasTable(db: DatabaseSync, name: string): boolean {
  const select = db.prepare("select 1 from sqlite_schema where type = 'table' and name = ?");
  return select.get(name) !== undefined;
}

function isEmpty(path: string, db: DatabaseSync): boolean {
  // One transaction, or it could see half of what another process creates.
  db.exec("begin");
  try {
    return checkOwner(path, db);
  } finally {
    db.exec("commit");
  }
}

/** True for an empty file. @throws WattstreamError `config` for a file that is not ours. */
function checkOwner(path: string, db: DatabaseSync): boolean {
  const applicationId = pragmaOf(db, "application_id");
  const version = pragmaOf(db, "user_version");
  if (applicationId === APPLICATION_ID && version === SCHEMA_VERSION) return false;
  if (applicationId === APPLICATION_ID) {
    throw new WattstreamError(
      "config",
      `Use another file than ${path}: its format is version ${version}, ` +
        `this program's is ${SCHEMA_VERSION}`,
    );
  }
  if (db.prepare("select 1 from sqlite_schema limit 1").get() === undefined) return true;
  throw new WattstreamError("config", `Use another file than ${path}: it is not a Wattstream log`);
}

function pragmaOf(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`pragma ${name}`).get()![name]);
}

/** Runs write transactions on a connection. */
export class WriteTransaction {
  readonly #db: DatabaseSync;
  // Prepared, since the errors of `exec` carry no code.
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #dataVersion: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#begin = db.prepare("begin immediate");
    this.#commit = db.prepare("commit");
    this.#dataVersion = db.prepare("pragma data_version");
  }

  /** A number that changes whenever another connection has committed. */
  othersCommits(): number {
    return Number(this.#dataVersion.get()!.data_version);
  }

  /** Runs `body`, synchronous, as one. Throws SQLite's own errors: see `whileBusy`. */
  run<T>(body: () => T): T {
    this.#begin.run();
    try {
      const result = body();
      this.#commit.run();
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors (a full disk).
      if (this.#db.isTransaction) this.#db.exec("rollback");
      throw error;
    }
  }
}

/**
 * Lets signals, timers and sockets have their turn: SQLite itself never waits. Not by `setImmediate`,
 * since Deno hardly looks at sockets while one follows the other.
 */
export function yieldToEventLoop(): Promise<void> {
  return delay(0);
}

/**
 * Calls `attempt` until no other writer is in its way: as long as others commit, which `commits`
 * counts. @throws what `explainSqlite` says of it.
 */
export async function whileBusy<T>(
  path: string,
  attempt: () => T,
  commits: () => number = () => 0,
): Promise<T> {
  let stillMs = 0;
  let lastMs = performance.now();
  let lastCommits: number | undefined;
  for (let pauseMs = 1;; pauseMs = Math.min(2 * pauseMs, BUSY_PAUSE_MS_MAX)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || stillMs >= BUSY_MS_MAX) throw explainSqlite(error, path);
    }
    const [nowMs, count] = [performance.now(), commits()];
    stillMs = count === lastCommits ? stillMs + Math.min(nowMs - lastMs, BUSY_TURN_MS_MAX) : 0;
    [lastMs, lastCommits] = [nowMs, count];
    await delay(pauseMs);
  }
}
