/**
 * Messages on disk while those to whom they go do not take them, in the order they came: a folder of append-only
 * segments, each removed once they have all of it. What is written outlives the process (SIGKILL),
 * what is synced the machine. A process that dies draining repeats one segment at most.
 *
 *   00000007.spool  00000008.spool  00000009.spool
 *   ──────┬──────────────────────┬────────────────▶ write
 *       head, release          synced
 *       the file goes with its last message
 *
 * Positions count the messages that were ever in it, from the oldest that this process has found.
 */
import { messageOf, WattstreamError } from "../errors.ts";
import { lockFolder } from "./folder_lock.ts";
import { encodedSizeMax, type SpooledMessage } from "./spool_entry.ts";
import { Segment } from "./spool_segment.ts";

/** Size at which a segment is closed: what is repeated after a crash, and read at once. */
const SEGMENT_BYTES = 1024 * 1024;
/** A disk that failed is tried again after this. */
const RETRY_MS = 1000;
/** By the number of a segment. */
const fileName = (number: number) => `${String(number).padStart(8, "0")}.spool`;
const FILE_NAME = /^\d{8,}\.spool$/;

export interface SpoolOptions {
  /** Is made where it is not there. One process at a time may use it. */
  readonly folder: string;
  /** Bound of its files together. */
  readonly bytesMax: number;
  readonly nowMs: () => number;
  /** Hears of a disk that fails, and of files that cannot be read: a sentence and its fields. */
  readonly onProblem: (message: string, fields: Record<string, unknown>) => void;
}

/** It holds as much as it may, or its disk takes nothing. */
export type SpoolProblem = "spool_full" | "spool_failed";

/** How many of the messages, from the first on, are on disk, and why not all. */
export interface Written {
  readonly count: number;
  readonly problem?: SpoolProblem;
}

export class Spool {
  readonly #options: SpoolOptions;
  /** The last one is written to, while it is open. */
  readonly #segments: Segment[] = [];
  #messages = 0;
  #bytes = 0;
  readonly #syncing = new Set<Promise<boolean>>();
  #lock: Deno.FsFile | undefined;
  /** What the first segment holds, once it is read, and how much of that is released. */
  #head: readonly SpooledMessage[] | undefined;
  #released = 0;
  /** Position of the first segment's first message. */
  #start = 0;
  #lastNumber = -1;
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
    return this.#messages - this.#released;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When its oldest message arrived, ms; undefined where it is empty. */
  get oldestMs(): number | undefined {
    return this.#head?.[this.#released]?.arrivedMs ?? this.#segments[0]?.oldestMs;
  }

  /** Behind the newest message. */
  get position(): number {
    return this.#start + this.#messages;
  }

  /** Up to here messages are released, or on the disk for good. */
  get safePosition(): number {
    let position = this.#start;
    for (const { synced, messages } of this.#segments) {
      position += synced;
      if (synced < messages) break;
    }
    return Math.max(position, this.#start + this.#released);
  }

  /** Puts messages behind all others, as many as there is room for. */
  write(messages: readonly SpooledMessage[]): Written {
    if (messages.length === 0) return { count: 0 };
    // Either way: the clock may be set back.
    if (Math.abs(this.#options.nowMs() - this.#failedMs) < RETRY_MS) {
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

  /**
   * Brings what is written so far to the disk for good, and does not block the process meanwhile.
   * @returns false where nothing more became safe. Of a segment whose sync failed, messages become
   * safe when they are released.
   */
  async sync(): Promise<boolean> {
    const dirty = this.#segments.filter(({ isDirty }) => isDirty);
    if (dirty.length === 0) return false;
    const syncing = Promise.all(dirty.map((segment) => this.#syncSegment(segment)))
      .then((results) => !results.includes(false));
    this.#syncing.add(syncing);
    const isSafe = await syncing;
    this.#syncing.delete(syncing);
    return isSafe;
  }

  /** The oldest messages, up to these bounds but at least one; none where the spool is empty. */
  head(max: { readonly count: number; readonly bytes: number }): readonly SpooledMessage[] {
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
    this.#segments.at(-1)?.seal();
    await this.sync();
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
    const numbers = Array.from(Deno.readDirSync(folder), ({ name }) => name)
      .filter((name) => FILE_NAME.test(name)).map((name) => parseInt(name)).sort((a, b) => a - b);
    for (const number of numbers) {
      this.#lastNumber = number;
      const segment = Segment.load(`${folder}/${fileName(number)}`);
      this.#segments.push(segment);
      this.#messages += segment.messages;
      this.#bytes += segment.bytes;
    }
    this.release(0); // files without a whole message
  }

  /** Writes all of them or none. */
  #append(messages: readonly SpooledMessage[]): boolean {
    return this.#attempt("the spool's disk takes nothing", () => {
      this.#prepare();
      const segment = this.#openSegment();
      try {
        this.#bytes += segment.write(messages);
      } catch (error) {
        if (segment.messages === 0) this.#removeFile(this.#segments.pop()!.path);
        throw error;
      }
      this.#messages += messages.length;
      if (segment.bytes < SEGMENT_BYTES) return;
      segment.seal();
      void this.sync();
    });
  }

  #openSegment(): Segment {
    const last = this.#segments.at(-1);
    if (last?.isOpen) return last;
    const segment = Segment.create(`${this.#options.folder}/${fileName(++this.#lastNumber)}`);
    this.#segments.push(segment);
    return segment;
  }

  async #syncSegment(segment: Segment): Promise<boolean> {
    try {
      await segment.sync(this.#options.folder);
      return true;
    } catch (error) {
      this.#failed("the spool's disk takes nothing", error);
      return false;
    }
  }

  #readFirst(): void {
    const first = this.#segments[0]!;
    first.seal();
    let messages: readonly SpooledMessage[] = [];
    try {
      messages = first.read();
    } catch (error) {
      this.#failed("a file of the spool cannot be read", error);
    }
    if (messages.length < first.messages) {
      const lost = first.messages - Math.max(messages.length, this.#released);
      this.#options.onProblem("lost messages in a damaged file of the spool", { lost });
      this.#lostCount += lost;
      const shrunkBy = first.shrinkTo(messages.length);
      this.#start += shrunkBy;
      this.#messages -= shrunkBy;
      this.#released = Math.min(this.#released, messages.length);
    }
    if (messages.length > this.#released) this.#head = messages;
    else this.release(0);
  }

  #removeFirst(): void {
    const first = this.#segments.shift()!;
    this.#head = undefined;
    this.#start += first.messages;
    this.#messages -= first.messages;
    this.#bytes -= first.bytes;
    first.seal();
    this.#removeFile(first.path);
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
