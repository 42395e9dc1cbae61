/**
 * Messages of QoS 0 on disk while the log does not take them, in the order they came: a folder of
 * append-only segments, each removed once the log has all of it. What is written outlives the process
 * (SIGKILL); a power cut can take the last segment. A process that dies draining repeats one at most.
 *
 *   50000007.spool  50000008.spool  50000009.spool
 *   ──────┬───────────────────────────────────────▶ write
 *       head, release: the file goes with its last message
 */
import { invariant, messageOf, WattstreamError } from "../../shared/errors.ts";
import type { DropReason } from "./metrics.ts";
import { lockFolder } from "./spool_lock.ts";
import { decodeMessages, encodedSizeMax, encodeMessages } from "./spool_entry.ts";
import type { ArrivedMessage } from "./validate.ts";

/** Size at which a segment is closed: what is repeated after a crash, and read at once. */
const SEGMENT_BYTES = 1024 * 1024;
/** A disk that failed is tried again after this. */
const RETRY_MS = 1000;
const SUFFIX = ".spool";
/** Segments are numbered from here: upwards behind all others, downwards before them. */
const FIRST_NUMBER = 50_000_000;

export interface SpoolOptions {
  /** Is made where it is not there. One process at a time may use it. */
  readonly folder: string;
  /** Bound of its files together. */
  readonly bytesMax: number;
  readonly nowMs: () => number;
  /** Hears of a disk that fails, and of files that cannot be read: a sentence and its fields. */
  readonly onProblem: (message: string, fields: Record<string, unknown>) => void;
}

/** How many of the messages, from the first on, are on disk, and why not all. */
export interface Written {
  readonly count: number;
  readonly problem?: Extract<DropReason, "spool_full" | "spool_failed">;
}

interface Segment {
  readonly number: number;
  readonly path: string;
  messages: number;
  bytes: number;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #segments: Segment[] = [];
  readonly #syncing = new Set<Promise<void>>();
  #lock: Deno.FsFile | undefined;
  /** The last segment, while it is written to. */
  #file: Deno.FsFile | undefined;
  /** What the first segment holds, once it is read, and how much of that is released. */
  #head: readonly ArrivedMessage[] | undefined;
  #released = 0;
  #lastNumber = FIRST_NUMBER - 1;
  #failedMs = -Infinity;
  #lostCount = 0;

  /**
   * Opens the spool with what an earlier process has left in it. A disk that fails is no error:
   * `write` then says so, and tries it again.
   * @throws WattstreamError `config` when another process uses the folder.
   */
  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#attempt("the spool cannot be opened", () => {
      this.#prepare();
    });
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0;
  }

  /** Messages that are not released yet. */
  get count(): number {
    return sumOf(this.#segments, "messages") - this.#released;
  }

  get bytes(): number {
    return sumOf(this.#segments, "bytes");
  }

  /** Puts messages behind all others, as many as there is room for. */
  write(messages: readonly ArrivedMessage[]): Written {
    if (messages.length === 0) return { count: 0 };
    if (this.#options.nowMs() - this.#failedMs < RETRY_MS) {
      return { count: 0, problem: "spool_failed" };
    }
    let [room, fitting] = [this.#options.bytesMax - this.bytes, 0];
    for (const message of messages) {
      room -= encodedSizeMax(message);
      if (room < 0) break;
      fitting++;
    }
    if (fitting > 0 && !this.#append(messages.slice(0, fitting))) {
      return { count: 0, problem: "spool_failed" };
    }
    return { count: fitting, ...(fitting < messages.length && { problem: "spool_full" }) };
  }

  /** Puts messages before all others, all or none, while nothing of the first is released. */
  prepend(messages: readonly ArrivedMessage[]): boolean {
    invariant(this.#released === 0, "messages go before those that are being released");
    const bytes = encodeMessages(messages);
    if (bytes.length > this.#options.bytesMax - this.bytes) return false;
    return this.#attempt("the spool's disk takes nothing", () => {
      this.#prepare();
      const number = (this.#segments[0]?.number ?? this.#lastNumber + 1) - 1;
      const path = this.#pathOf(number);
      try {
        Deno.writeFileSync(path, bytes, { createNew: true, mode: 0o600 });
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) this.#removeFile(path);
        throw error;
      }
      this.#segments.unshift({ number, path, messages: messages.length, bytes: bytes.length });
      this.#head = undefined;
    });
  }

  /** The oldest messages, up to these bounds but at least one; none where the spool is empty. */
  head(max: { readonly count: number; readonly bytes: number }): readonly ArrivedMessage[] {
    while (this.#head === undefined && this.#segments.length > 0) this.#readFirst();
    const messages = this.#head ?? [];
    let end = this.#released;
    for (let bytes = 0; end < messages.length && end - this.#released < max.count; end++) {
      bytes += messages[end]!.payload.length;
      if (end > this.#released && bytes > max.bytes) break;
    }
    return messages.slice(this.#released, end);
  }

  /** Removes the oldest messages: the log has them. */
  release(count: number): void {
    this.#released += count;
    for (
      let first = this.#segments[0];
      first !== undefined && this.#released >= first.messages;
      first = this.#segments[0]
    ) {
      this.#released -= first.messages;
      this.#removeFirst();
    }
  }

  /** Messages that were in files which cannot be read, since the last call. */
  takeLost(): number {
    const lost = this.#lostCount;
    this.#lostCount = 0;
    return lost;
  }

  /** Leaves what is there to the next process. */
  async close(): Promise<void> {
    this.#seal(true);
    await Promise.all(this.#syncing);
    this.#lock?.close();
    this.#lock = undefined;
  }

  #prepare(): void {
    if (this.#lock !== undefined) return;
    this.#lock = lockFolder(this.#options.folder);
    this.#load();
  }

  #load(): void {
    const { folder } = this.#options;
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name)
      .filter((name) => name.endsWith(SUFFIX)).sort();
    for (const name of names) {
      const path = `${folder}/${name}`;
      const content = Deno.readFileSync(path);
      const messages = decodeMessages(content).length;
      this.#lastNumber = Number(name.slice(0, -SUFFIX.length));
      this.#segments.push({ number: this.#lastNumber, path, messages, bytes: content.length });
    }
    this.release(0); // files without a whole message
  }

  /** Writes all of them or none. */
  #append(messages: readonly ArrivedMessage[]): boolean {
    return this.#attempt("the spool's disk takes nothing", () => {
      this.#prepare();
      const bytes = encodeMessages(messages);
      const file = this.#file ??= this.#begin();
      const segment = this.#segments.at(-1)!;
      try {
        for (let start = 0; start < bytes.length;) start += file.writeSync(bytes.subarray(start));
      } catch (error) {
        this.#undo(file, segment);
        throw error;
      }
      segment.messages += messages.length;
      segment.bytes += bytes.length;
      if (segment.bytes >= SEGMENT_BYTES) this.#seal(true);
    });
  }

  #begin(): Deno.FsFile {
    const number = ++this.#lastNumber;
    const path = this.#pathOf(number);
    const file = Deno.openSync(path, { createNew: true, write: true, mode: 0o600 });
    this.#segments.push({ number, path, messages: 0, bytes: 0 });
    return file;
  }

  #pathOf(number: number): string {
    return `${this.#options.folder}/${String(number).padStart(8, "0")}${SUFFIX}`;
  }

  /** Cuts off what was written in part; a torn end would be told by its checksum as well. */
  #undo(file: Deno.FsFile, segment: Segment): void {
    try {
      file.truncateSync(segment.bytes);
    } finally {
      this.#seal(false);
      if (segment.messages === 0) this.#removeFile(this.#segments.pop()!.path);
    }
  }

  /** Ends the segment that is written to. */
  #seal(sync: boolean): void {
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    if (!sync) return file.close();
    const syncing = file.syncData()
      .catch((error) => this.#failed("the spool's disk takes nothing", error))
      .finally(() => {
        file.close();
        this.#syncing.delete(syncing);
      });
    this.#syncing.add(syncing);
  }

  #readFirst(): void {
    const first = this.#segments[0]!;
    if (this.#segments.length === 1) this.#seal(false);
    let messages: readonly ArrivedMessage[] = [];
    try {
      // What is behind them was not cut off when a write failed, and has been counted as lost.
      messages = decodeMessages(Deno.readFileSync(first.path)).slice(0, first.messages);
    } catch (error) {
      this.#failed("a file of the spool cannot be read", error);
    }
    if (messages.length < first.messages) {
      const lost = first.messages - Math.max(messages.length, this.#released);
      this.#options.onProblem("lost messages in a damaged file of the spool", { lost });
      this.#lostCount += lost;
      first.messages = messages.length;
      this.#released = Math.min(this.#released, messages.length);
    }
    if (messages.length > this.#released) this.#head = messages;
    else this.release(0);
  }

  #removeFirst(): void {
    if (this.#segments.length === 1) this.#seal(false);
    this.#head = undefined;
    this.#removeFile(this.#segments.shift()!.path);
  }

  #removeFile(path: string): void {
    try {
      Deno.removeSync(path);
    } catch (error) {
      // It is read again after the next start: its messages are then in the log twice.
      this.#options.onProblem("a file of the spool cannot be removed", { error: messageOf(error) });
    }
  }

  #attempt(message: string, use: () => void): boolean {
    try {
      use();
      return true;
    } catch (error) {
      if (error instanceof WattstreamError) throw error;
      this.#failed(message, error);
      return false;
    }
  }

  #failed(message: string, error: unknown): void {
    this.#failedMs = this.#options.nowMs();
    this.#options.onProblem(message, { error: messageOf(error) });
  }
}

function sumOf(segments: readonly Segment[], field: "messages" | "bytes"): number {
  return segments.reduce((sum, segment) => sum + segment[field], 0);
}
