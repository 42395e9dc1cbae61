/** What the tests of the contract share: logs on one storage, members of groups, and waiting. */
import assert from "node:assert/strict";
import { WattstreamError } from "../../errors.ts";
import type {
  Log,
  LogRecord,
  ReadOptions,
  RunTask,
  TaskCommit,
  TaskGroup,
  TaskLog,
} from "../../log/log.ts";
import { eventually, PATIENCE_MS } from "../../eventually.ts";

/** The storage of one test, made by an adapter's own test file. */
export interface LogFixture {
  /** Starts the name of every topic and group: unique where tests share a server. */
  readonly prefix: string;
  /** Opens the storage once more, as another process would. The contract closes the log. */
  open(): Promise<Log>;
  /** Removes what partition 0 of a topic holds before this offset, as retention would. */
  removeBefore(topic: string, offset: number): Promise<void>;
  close(): Promise<void>;
}

/** A member of a group, started by a test. */
export interface Member {
  /** Settles as `runTasks` does. */
  readonly done: Promise<void>;
  /** Aborts, and waits for the drain. */
  stop(): Promise<void>;
}

/** What a test works with. All of it is ended and closed after the test. */
export interface World {
  readonly log: Log;
  /** Another log on the same storage. */
  open(): Promise<Log>;
  /** A group or topic name of this test. */
  name(suffix: string): string;
  /** Creates a topic and returns its name. */
  topic(suffix: string, partitions?: number): Promise<string>;
  /** See {@link LogFixture.removeBefore}. */
  removeBefore(topic: string, offset: number): Promise<void>;
  join(log: Log, group: TaskGroup, run: RunTask): Member;
  /** Runs the only task of a group until `body` returns. */
  runOnce<T>(
    log: Log,
    group: TaskGroup,
    body: (task: TaskLog, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
}

export type ContractTest = (title: string, body: (world: World) => Promise<void>) => void;

/** Runs one test in a world of its own. */
export async function withWorld(
  setup: () => Promise<LogFixture>,
  body: (world: World) => Promise<void>,
): Promise<void> {
  const fixture = await setup();
  const logs: Log[] = [];
  const members: Member[] = [];
  const open = async () => {
    const log = await fixture.open();
    logs.push(log);
    return log;
  };
  try {
    const log = await open();
    const name = (suffix: string) => `${fixture.prefix}${suffix}`;
    const join: World["join"] = (on, group, run) => {
      const member = startMember(on, group, run);
      members.push(member);
      return member;
    };
    await body({
      log,
      open,
      name,
      topic: async (suffix, partitions = 1) => {
        await log.createTopics([{ name: name(suffix), partitions, logAppendTime: true }]);
        return name(suffix);
      },
      removeBefore: (topic, offset) => fixture.removeBefore(topic, offset),
      join,
      runOnce: (on, group, run) => runOnce(join, on, group, run),
    });
  } finally {
    await Promise.allSettled(members.map((member) => member.stop()));
    for (const log of logs) await log.close();
    await fixture.close();
  }
}

function startMember(log: Log, group: TaskGroup, run: RunTask): Member {
  const stop = new AbortController();
  const done = log.runTasks(group, run, stop.signal);
  // Who stops the member hears of a failure; until then it is not unhandled.
  done.catch(() => {});
  return {
    done,
    stop: () => {
      stop.abort();
      return within(done, "the member has drained");
    },
  };
}

async function runOnce<T>(
  join: World["join"],
  log: Log,
  group: TaskGroup,
  body: (task: TaskLog, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const finished = Promise.withResolvers<T>();
  const member = join(log, group, async (task, signal) => {
    finished.resolve(await body(task, signal));
    await aborted(signal);
  });
  // A failing task ends the member and is what this waits for too.
  const result = await within(Promise.race([finished.promise, failureOf(member)]), "the task ran");
  await member.stop();
  return result;
}

async function failureOf(member: Member): Promise<never> {
  await member.done;
  throw new WattstreamError("invariant", "runTasks() ended without being told to");
}

/** The result of `promise`, or an error once the deadline has passed. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new WattstreamError("unavailable", `not within ${PATIENCE_MS} ms: ${what}`)),
    PATIENCE_MS,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `check` no longer throws. */
export function soon<T>(check: () => T | Promise<T>): Promise<T> {
  return eventually(check, { deadlineMs: PATIENCE_MS, intervalMs: 20 });
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}

/** All that a read yields, until it ends by itself. */
export function readAll(log: Log, topic: string, from?: ReadOptions["from"]): Promise<LogRecord[]> {
  const options = from === undefined ? { topic } : { topic, from };
  return within(Array.fromAsync(log.read(options)), `reading ${topic}`);
}

/** Reads a topic again and again until it holds `count` records. */
export function readCount(log: Log, topic: string, count: number): Promise<LogRecord[]> {
  return soon(async () => {
    const records = await readAll(log, topic);
    assert.equal(records.length, count, `records of ${topic}`);
    return records;
  });
}

/** A commit that writes nothing but its offsets. */
export const NOTHING: TaskCommit = { records: [], memory: new Map(), offsets: [] };

/** What a new owner finds. */
export async function stateOf(task: TaskLog) {
  const memory = await task.loadMemory();
  return { memory, offsets: await task.committedOffsets() };
}

const decoder = new TextDecoder();

/** Bytes as text. */
export function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decoder.decode(bytes);
}

/** The values of records as text. */
export function valuesOf(records: readonly LogRecord[]): (string | null)[] {
  return records.map((record) => text(record.value));
}
