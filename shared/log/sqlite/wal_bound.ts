/**
 * Keeps the write-ahead file bounded where others read all the time. A commit writes its pages back as
 * far as the oldest reader lets it, and the file begins anew only once all are: with readers that
 * overlap, on a busy machine, that moment may not come for minutes. Beyond a size we wait for it, with
 * writers kept out.
 */
import { statSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Twice what a quiet machine needs. */
const BYTES_MAX = 128 * 1024 * 1024;
const LOOK_EVERY_MS = 250;

export class WalBound {
  readonly #path: string;
  readonly #checkpoint: StatementSync;
  #nextLookMs = 0;

  constructor(path: string, db: DatabaseSync) {
    this.#path = `${path}-wal`;
    this.#checkpoint = db.prepare("pragma wal_checkpoint(truncate)");
  }

  /** Outside of a transaction. Where readers are in the way for too long, the next look tries again. */
  apply(): void {
    const nowMs = performance.now();
    if (nowMs < this.#nextLookMs) return;
    this.#nextLookMs = nowMs + LOOK_EVERY_MS;
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > BYTES_MAX) this.#checkpoint.get();
  }
}
