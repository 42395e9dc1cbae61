/**
 * One file of the spool: messages are written to its end, until it is sealed. It counts what a power
 * cut leaves of it; what a SIGKILL leaves is all that was written.
 */
import { decodeMessages, encodeMessages, type SpooledMessage } from "./spool_entry.ts";

export class Segment {
  readonly path: string;
  #file: Deno.FsFile | undefined;
  #messages: number;
  #bytes: number;
  #synced: number;
  #isBroken = false;
  /** When its first message arrived, ms; undefined where it has none. */
  oldestMs: number | undefined;

  private constructor(path: string, messages: number, bytes: number) {
    this.path = path;
    this.#messages = messages;
    this.#bytes = bytes;
    this.#synced = messages;
  }

  /** A new file. @throws what the disk says. */
  static create(path: string): Segment {
    const segment = new Segment(path, 0, 0);
    segment.#file = Deno.openSync(path, { createNew: true, write: true, mode: 0o600 });
    return segment;
  }

  /** A file that an earlier process left. @throws what the disk says. */
  static load(path: string): Segment {
    const content = Deno.readFileSync(path);
    const messages = decodeMessages(content);
    const segment = new Segment(path, messages.length, content.length);
    segment.oldestMs = messages[0]?.arrivedMs;
    return segment;
  }

  get messages(): number {
    return this.#messages;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Messages, from the first on, that are on the disk for good. */
  get synced(): number {
    return this.#synced;
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** Whether a sync is of use: one that failed is not tried again, the system forgets what it failed to write. */
  get isDirty(): boolean {
    return this.#synced < this.#messages && !this.#isBroken;
  }

  /**
   * Writes all of them or none.
   * @returns their bytes.
   * @throws what the disk says; the segment is sealed then.
   */
  write(messages: readonly SpooledMessage[]): number {
    const bytes = encodeMessages(messages);
    try {
      for (let start = 0; start < bytes.length;) {
        start += this.#file!.writeSync(bytes.subarray(start));
      }
    } catch (error) {
      this.#undo();
      throw error;
    }
    this.oldestMs ??= messages[0]?.arrivedMs;
    this.#messages += messages.length;
    this.#bytes += bytes.length;
    return bytes.length;
  }

  /** Nothing more is written to it. */
  seal(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** What it holds. Shorter than `messages` where the file is damaged. @throws what the disk says. */
  read(): SpooledMessage[] {
    // What is behind them was not cut off when a write failed, and is written elsewhere.
    return decodeMessages(Deno.readFileSync(this.path)).slice(0, this.#messages);
  }

  /** The file holds fewer messages than were written. @returns how many fewer. */
  shrinkTo(messages: number): number {
    const lost = this.#messages - messages;
    this.#messages = messages;
    this.#synced = Math.min(this.#synced, messages);
    return lost;
  }

  /**
   * Brings what is written so far to the disk for good. @param folder where the file is.
   * @throws what the disk says: then the segment is sealed and never safe.
   */
  async sync(folder: string): Promise<void> {
    const messages = this.#messages;
    try {
      await syncPath(this.path);
      // A file is there for good once its folder says so.
      if (this.#synced === 0) await syncPath(folder);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return; // released meanwhile
      this.#isBroken = true;
      this.seal();
      throw error;
    }
    this.#synced = Math.max(this.#synced, Math.min(messages, this.#messages));
  }

  /** Cuts off what was written in part; a torn end would be told by its checksum as well. */
  #undo(): void {
    try {
      this.#file!.truncateSync(this.#bytes);
    } finally {
      this.seal();
    }
  }
}

/** Waits until the disk has what a file holds, or the names in a folder, for good. */
async function syncPath(path: string): Promise<void> {
  using file = await Deno.open(path);
  await file.syncData();
}
