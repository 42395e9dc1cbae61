/** What is being appended, and how much of it the spool has too. */
import type { HeldAck } from "./held_ack.ts";
import type { Entry } from "./message_buffer.ts";
import type { Saved } from "./spool_writer.ts";

export class Batch {
  readonly entries: readonly Entry[];
  /** Those, from the first on, that the spool holds or nobody need: it sees to their acknowledgements. */
  #savedCount: number;
  #spooledCount: number;
  #heldAcks: readonly HeldAck[] | undefined;

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

  /** The acknowledgements that are owed once the batch is in the log. Asked for often, counted once. */
  get heldAcks(): readonly HeldAck[] {
    if (this.#heldAcks !== undefined) return this.#heldAcks;
    const acks: HeldAck[] = [];
    for (const { held } of this.unsaved) if (held !== undefined) acks.push(held);
    this.#heldAcks = acks;
    return acks;
  }

  /** The next of the unsaved have gone to the spool. */
  save({ count, writtenCount }: Saved): void {
    this.#savedCount += count;
    this.#heldAcks = undefined;
    this.#spooledCount += writtenCount;
  }
}
