/** What is being appended, and how much of it the spool has too. */
import type { HeldAck } from "./held_ack.ts";
import type { Entry } from "./message_buffer.ts";
import type { Saved } from "./spool_writer.ts";

export class Batch {
  readonly entries: readonly Entry[];
  /** Those, from the first on, that the spool holds or nobody need: it sees to their acknowledgements. */
  #savedCount: number;
  #spooledCount: number;

  /** @param spooledCount messages of the batch, from the first on, that came out of the spool. */
  constructor(entries: readonly Entry[], spooledCount = 0) {
    this.entries = entries;
    this.#savedCount = spooledCount;
    this.#spooledCount = spooledCount;
  }

  /** Messages at the head of the spool that are of this batch. */
  get spooledCount(): number {
    return this.#spooledCount;
  }

  /** Those that are not in the spool. */
  get unsaved(): readonly Entry[] {
    return this.#savedCount === 0 ? this.entries : this.entries.slice(this.#savedCount);
  }

  /** The acknowledgements that are owed once the batch is in the log. */
  get heldAcks(): HeldAck[] {
    return this.unsaved.flatMap(({ held }) => held ?? []);
  }

  /** The next of the unsaved have gone to the spool. */
  save({ count, writtenCount }: Saved): void {
    this.#savedCount += count;
    this.#spooledCount += writtenCount;
  }
}
