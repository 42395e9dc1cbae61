/**
 * Tells when nothing has moved for so long. Only time in which this process had its turn counts: one
 * that was stopped for a minute, or starved by a busy machine, has not stood still for a minute.
 */

/** How often it looks; a look that comes later than this counts no more than this. */
const LOOK_EVERY_MS = 100;

export class StallWatch {
  readonly #limitMs: number;
  readonly #onStall: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #stillMs = 0;
  #lookedMs = performance.now();

  /** Begins to watch. `onStall` is called once, when nothing has moved for `limitMs`. */
  constructor(limitMs: number, onStall: () => void) {
    this.#limitMs = limitMs;
    this.#onStall = onStall;
    this.#timer = setInterval(() => this.#look(), Math.min(LOOK_EVERY_MS, limitMs));
  }

  /** For how long nothing has moved, ms. */
  get stillMs(): number {
    return this.#stillMs;
  }

  /** Something has moved. */
  moved(): void {
    this.#stillMs = 0;
  }

  /** Watches no more. Safe twice. */
  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = performance.now();
    this.#stillMs += Math.min(nowMs - this.#lookedMs, 2 * LOOK_EVERY_MS);
    this.#lookedMs = nowMs;
    if (this.#stillMs < this.#limitMs) return;
    this.close();
    this.#onStall();
  }
}
