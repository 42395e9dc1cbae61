/**
 * Tasks on the SQLite log. A group has one member: who joins raises the group's epoch and owns all
 * tasks from then on. The former member finds out with its next fetch or commit, and writes nothing.
 *
 *   first   ──join: epoch 1──▶ commit ✓ ──▶ commit ✓ ──▶ commit ✗ fenced
 *   second                                ──join: epoch 2──▶ commit ✓ ──▶
 */
import { hasCode, WattstreamError } from "../../errors.ts";
import type { Fetched, NewRecord, RunTask, TaskCommit, TaskGroup, TaskLog } from "../log.ts";
import { othersTurn } from "../../others_turn.ts";
import { unequalCounts } from "../partition_counts.ts";
import { FetchedRecords } from "../record_places.ts";
import type { SqliteReader, SqliteTopic } from "./reader.ts";
import type { CommitWatch } from "./watch.ts";
import { ownedOf, type PlacedRecord, type SqliteWriter } from "./writer.ts";

/** Bounds of what a fetch takes of each input: with all that follows, some 6 ms without a break. */
const FETCH_LIMITS = { recordCount: 800, bytes: 256 * 1024 };

/** What tasks need of their log. */
export interface SqliteParts {
  readonly path: string;
  readonly reader: SqliteReader;
  readonly writer: SqliteWriter;
  readonly watch: CommitWatch;
  /** Clock of append times, ms since 1970. */
  readonly nowMs: () => number;
}

/** One member's claim on the tasks of a group. */
interface Membership {
  readonly group: string;
  readonly inputs: readonly SqliteTopic[];
  readonly epoch: number;
}

/** `Log.runTasks`. @throws WattstreamError `fenced` when another member has taken over. */
export async function runSqliteTasks(
  parts: SqliteParts,
  group: TaskGroup,
  run: RunTask,
  signal: AbortSignal,
): Promise<void> {
  const inputs = group.inputs.map((name) => parts.reader.topic(name));
  const partitionCount = partitionCountOf(inputs);
  if (signal.aborted) return;
  const epoch = await join(parts, group.group);
  const membership: Membership = { group: group.group, inputs, epoch };
  const stop = new AbortController();
  const failures: unknown[] = [];
  const runOne = async (partition: number) => {
    try {
      await run(new SqliteTask(parts, membership, partition), stop.signal);
    } catch (error) {
      failures.push(error);
      stop.abort();
    }
  };
  const abort = () => stop.abort();
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    await Promise.all(Array.from({ length: partitionCount }, (_, partition) => runOne(partition)));
  } finally {
    signal.removeEventListener("abort", abort);
  }
  // One that was told to stop has nothing left to lose by being fenced.
  const failure = failures.find((error) => !hasCode(error, "fenced")) ??
    (signal.aborted ? undefined : failures[0]);
  if (failure !== undefined) throw failure;
}

function partitionCountOf(inputs: readonly SqliteTopic[]): number {
  const counts = new Set(inputs.map((topic) => topic.partitionCount));
  if (counts.size === 1) return inputs[0]!.partitionCount;
  throw unequalCounts(inputs.map(({ name, partitionCount: count }) => ({ name, count })));
}

function join(parts: SqliteParts, group: string): Promise<number> {
  return parts.writer.transact(() => raiseEpoch(parts, group));
}

/** Within a transaction: fences whoever runs the group. Returns the epoch of whoever does next. */
function raiseEpoch({ writer }: SqliteParts, group: string): number {
  const raised = writer.statement(
    `insert into task_groups (name, epoch) values (?, 1)
     on conflict do update set epoch = epoch + 1 returning epoch`,
  ).get(group);
  return Number(raised!.epoch);
}

/** `Log.setMemory`. The group's epoch is raised, so that its member loads the memory again. */
export async function setSqliteMemory(
  parts: SqliteParts,
  { group, partition, entries }: {
    readonly group: string;
    readonly partition: number;
    readonly entries: ReadonlyMap<string, string>;
  },
): Promise<void> {
  await parts.writer.transact(() => {
    raiseEpoch(parts, group);
    setMemory(parts, group, partition, entries);
  });
}

function setMemory(
  { writer }: SqliteParts,
  group: string,
  partition: number,
  entries: ReadonlyMap<string, string>,
): void {
  const set = writer.statement("insert or replace into group_memory values (?, ?, ?, ?)");
  for (const [key, value] of entries) set.run(group, partition, key, value);
}

class SqliteTask implements TaskLog {
  readonly partition: number;
  /** A long one costs more: while it is inserted, all other processes wait. */
  readonly transactionMs = 0;
  readonly #parts: SqliteParts;
  readonly #membership: Membership;
  /** What the next commit writes. */
  #written: PlacedRecord[] = [];

  constructor(parts: SqliteParts, membership: Membership, partition: number) {
    this.partition = partition;
    this.#parts = parts;
    this.#membership = membership;
  }

  loadMemory(): Promise<Map<string, string>> {
    return Promise.try(() => {
      this.#checkOwned(this.#parts.reader.epoch(this.#membership.group));
      return this.#parts.reader.taskMemory(this.#membership.group, this.partition);
    });
  }

  committedOffsets(): Promise<number[]> {
    return Promise.try(() => {
      const { reader } = this.#parts;
      const offsets = reader.groupOffsets(this.#membership.group);
      return this.#membership.inputs.map((topic) =>
        offsets.get(topic.name)?.[this.partition] ??
          reader.bounds(topic, this.partition).startOffset
      );
    });
  }

  startOffsets(): Promise<number[]> {
    const { reader } = this.#parts;
    return Promise.try(() =>
      this.#membership.inputs.map((topic) => reader.bounds(topic, this.partition).startOffset)
    );
  }

  async fetch(
    offsets: readonly (number | undefined)[],
    waitMs: number,
    signal: AbortSignal,
  ): Promise<(Fetched | undefined)[]> {
    await othersTurn();
    const fetched = this.#fetchNow(offsets);
    if (signal.aborted || fetched.some((one) => one !== undefined && one.places.count > 0)) {
      return fetched;
    }
    await this.#parts.watch.wait(() => this.#hasNews(offsets), { waitMs, signal });
    return this.#fetchNow(offsets);
  }

  #fetchNow(offsets: readonly (number | undefined)[]): (Fetched | undefined)[] {
    const { reader, nowMs } = this.#parts;
    this.#checkOwned(reader.epoch(this.#membership.group));
    return this.#membership.inputs.map((topic, index) => {
      const offset = offsets[index];
      if (offset === undefined) return undefined;
      // Taken before the read: what is committed between the two is not known to be missing.
      const beforeMs = nowMs();
      const batch = reader.places(topic, this.partition, offset, FETCH_LIMITS);
      const { places, nextOffset } = batch;
      return new FetchedRecords(places, {
        nextOffset,
        atEndMs: batch.isAtEnd ? beforeMs : undefined,
      });
    });
  }

  #hasNews(offsets: readonly (number | undefined)[]): boolean {
    const { reader } = this.#parts;
    if (reader.epoch(this.#membership.group) !== this.#membership.epoch) return true;
    return this.#membership.inputs.some((topic, index) => {
      const offset = offsets[index];
      return offset !== undefined && reader.bounds(topic, this.partition).endOffset > offset;
    });
  }

  write(records: readonly NewRecord[]): Promise<void> {
    return Promise.try(() => {
      // The bytes are the caller's again before they are committed.
      for (const each of this.#place(records)) this.#written.push(ownedOf(each));
    });
  }

  #place(records: readonly NewRecord[]): PlacedRecord[] {
    const { reader, writer } = this.#parts;
    return writer.place(records, (name) => reader.topic(name));
  }

  async commit({ records, memory, offsets }: TaskCommit): Promise<void> {
    const { writer } = this.#parts;
    const { group, inputs } = this.#membership;
    const written = this.#written;
    this.#written = [];
    await writer.transact(() => {
      const epoch = writer.statement("select epoch from task_groups where name = ?").get(group);
      this.#checkOwned(Number(epoch!.epoch));
      setMemory(this.#parts, group, this.partition, memory);
      const setOffset = writer.statement(
        "insert or replace into group_offsets values (?, ?, ?, ?)",
      );
      inputs.forEach((topic, index) =>
        setOffset.run(group, topic.id, this.partition, offsets[index]!)
      );
      // Placed no sooner: what waits for the writer, of all tasks, outlives V8's young collections.
      writer.insert([...written, ...this.#place(records)]);
    });
  }

  #checkOwned(epoch: number): void {
    const { group } = this.#membership;
    if (epoch === this.#membership.epoch) return;
    throw new WattstreamError(
      "fenced",
      `Run group ${group} once: another process runs it on ${this.#parts.path} and has taken over`,
    );
  }
}
