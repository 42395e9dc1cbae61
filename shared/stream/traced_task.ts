/**
 * A task's view of the log in which readings that came with a trace are followed to the first window
 * or dataset that holds them, or to their dead letter. It stands between task and log, so that a task
 * which traces nothing has nothing of it.
 *
 *   append power ├──┤
 *   predictions process        ├────────┤                     fetched, until it is committed as read
 *   predictions emit                            ├──────┤      written, until the window is committed
 */
import type { Span, SpanContext } from "@opentelemetry/api";
import { ByteRange } from "../bytes/byte_range.ts";
import type { Fetched, NewData, NewRecord, TaskCommit, TaskLog } from "../log/log.ts";
import type { RecordPlaces } from "../log/record_places.ts";
import { DEAD_LETTER_TOPIC } from "../topics.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { decodeCheckpoint } from "./task_memory.ts";

/** Readings of a task that are followed at a time; the oldest is let go of for another one. */
const FOLLOWED_MAX = 1000;

export interface TracedTaskParts {
  readonly tracing: Tracing;
  readonly worker: string;
  readonly nowMs: () => number;
}

/** A reading on its way to what becomes of it. */
interface Followed {
  readonly topic: string;
  readonly offset: number;
  readonly key: string;
  readonly username: unknown;
  readonly timestamp: number;
  /** What its window is part of. */
  readonly parent: SpanContext;
}

/** A record that is being processed. */
interface Processing {
  readonly input: number;
  readonly offset: number;
  readonly span: Span;
}

const decoder = new TextDecoder();

export class TracedTask implements TaskLog {
  readonly #log: TaskLog;
  readonly #parts: TracedTaskParts;
  /** The oldest first. */
  #followed: Followed[] = [];
  /** What has come out and is not committed. */
  #emitting: Span[] = [];
  /** What was fetched and is not committed as read. */
  #processing: Processing[] = [];
  /** Next offset to process of each input, when the task became ours. */
  #committed: readonly number[] = [];

  constructor(log: TaskLog, parts: TracedTaskParts) {
    this.#log = log;
    this.#parts = parts;
  }

  get partition(): number {
    return this.#log.partition;
  }

  get transactionMs(): number {
    return this.#log.transactionMs;
  }

  async loadMemory(): Promise<Map<string, string>> {
    const memory = await this.#log.loadMemory();
    this.#committed = decodeCheckpoint(memory)?.offsets ?? [];
    return memory;
  }

  committedOffsets(): Promise<number[]> {
    return this.#log.committedOffsets();
  }

  startOffsets(): Promise<number[]> {
    return this.#log.startOffsets();
  }

  async fetch(...call: Parameters<TaskLog["fetch"]>): Promise<(Fetched | undefined)[]> {
    const fetched = await this.#log.fetch(...call);
    for (const [input, each] of fetched.entries()) {
      if (each === undefined) continue;
      for (const index of each.places.headed()) {
        this.#follow(each.places, index, input);
      }
    }
    return fetched;
  }

  async write(records: readonly NewRecord[]): Promise<void> {
    await this.#log.write(this.#traced(records));
  }

  async commit(commit: TaskCommit): Promise<void> {
    await this.#log.commit({ ...commit, records: this.#traced(commit.records) });
    const endMs = this.#parts.nowMs();
    const isRead = ({ input, offset }: Processing) => offset < commit.offsets[input]!;
    for (const { span } of this.#processing.filter(isRead)) span.end(endMs);
    this.#processing = this.#processing.filter((each) => !isRead(each));
    for (const span of this.#emitting) span.end(endMs);
    this.#emitting = [];
  }

  /** Begins to follow a record that has a trace. */
  #follow(places: RecordPlaces, index: number, input: number): void {
    const { tracing, worker, nowMs } = this.#parts;
    const appended = tracing.spanOf(places.headers(index));
    const key = places.key(index);
    const event = jsonOf(places.value(index));
    if (appended === undefined || key === null || event === undefined) return;
    const { topic } = places;
    const offset = places.offset(index);
    let parent = appended;
    // A recovery reads again what has been processed before.
    if (offset >= (this.#committed[input] ?? 0)) {
      const span = tracing.begin({
        name: `${worker} process`,
        kind: "consumer",
        parent: appended,
        startMs: nowMs(),
        attributes: {
          "messaging.destination.name": topic,
          "messaging.destination.partition.id": String(this.partition),
          "wattstream.offset": offset,
        },
      });
      this.#processing.push({ input, offset, span });
      parent = span.spanContext();
    }
    const { username } = event;
    const timestamp = Math.floor(Number(event.timestamp));
    // A window: what is made of it does not name it.
    if (Number.isNaN(timestamp)) return;
    this.#followed.push({
      ...{ topic, offset, key: decoder.decode(key), username, timestamp, parent },
    });
    if (this.#followed.length > FOLLOWED_MAX) this.#followed.shift();
  }

  /** These records, with a trace where they are what became of a reading that is followed. */
  #traced(records: readonly NewRecord[]): readonly NewRecord[] {
    if (this.#followed.length === 0) return records;
    const keys = new Set(this.#followed.map(({ key }) => key));
    return records.map((record) => {
      const key = textOf(record.key);
      return key !== undefined && keys.has(key) ? this.#reached(record, key) : record;
    });
  }

  #reached(record: NewRecord, key: string): NewRecord {
    const output = jsonOf(bytesOf(record.value));
    const isOutcome = (followed: Followed) =>
      followed.key === key && output !== undefined && (
        record.topic === DEAD_LETTER_TOPIC
          ? output.topic === followed.topic && output.offset === followed.offset
          : output.username === followed.username && Array.isArray(output.timestamps) &&
            output.timestamps.includes(followed.timestamp)
      );
    const [first, ...others] = this.#followed.filter(isOutcome);
    if (first === undefined) return record;
    this.#followed = this.#followed.filter((followed) => !isOutcome(followed));
    const { tracing, worker, nowMs } = this.#parts;
    const isRefusal = record.topic === DEAD_LETTER_TOPIC;
    const span = tracing.begin({
      name: `${worker} ${isRefusal ? "refuse" : "emit"}`,
      kind: "producer",
      parent: first.parent,
      links: others.map(({ parent }) => parent),
      startMs: nowMs(),
      attributes: {
        "messaging.destination.name": record.topic,
        ...(isRefusal ? { "wattstream.reason": String(output?.reason) } : {}),
      },
    });
    this.#emitting.push(span);
    return { ...record, headers: { ...record.headers, ...tracing.header(span) } };
  }
}

function bytesOf(data: NewData): Uint8Array | null {
  if (typeof data === "string") return new TextEncoder().encode(data);
  return data instanceof ByteRange ? data.view() : data;
}

function textOf(data: NewData): string | undefined {
  if (data === null) return undefined;
  return typeof data === "string" ? data : decoder.decode(bytesOf(data)!);
}

/** The object that bytes hold as JSON; undefined where they hold none: its worker refuses it. */
function jsonOf(bytes: Uint8Array | null): Record<string, unknown> | undefined {
  if (bytes === null) return undefined;
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes));
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
