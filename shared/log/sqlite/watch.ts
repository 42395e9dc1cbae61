/**
 * Waiting for commits to the file, by whichever connection or process: `PRAGMA data_version`, which
 * costs 2 µs, is asked every few milliseconds, and only while somebody waits.
 */

/** Pause between two looks, and so the most that a waiting reader lags behind a commit. */
const LOOK_EVERY_MS = 5;

interface Waiter {
  readonly isReady: () => boolean;
  readonly settle: (error?: unknown) => void;
}

export class CommitWatch {
  readonly #dataVersion: () => number;
  readonly #waiters = new Set<Waiter>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #seenVersion = 0;
  #isClosed = false;

  /** `dataVersion` changes whenever another connection than its own has committed. */
  constructor(dataVersion: () => number) {
    this.#dataVersion = dataVersion;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Resolves once `isReady` holds, which is asked now and after each commit; at the latest after
   * `waitMs` (default: never), when `signal` aborts, or when the watch is closed.
   */
  async wait(
    isReady: () => boolean,
    options: { readonly waitMs?: number; readonly signal?: AbortSignal | undefined },
  ): Promise<void> {
    const { waitMs, signal } = options;
    if (this.#isClosed || signal?.aborted) return;
    // The version is taken before the first look: a commit in between is seen as a change later.
    if (this.#timer === undefined) this.#seenVersion = this.#dataVersion();
    if (isReady()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const settle = (error?: unknown) => error === undefined ? resolve() : reject(error);
    const waiter: Waiter = { isReady, settle };
    const stop = () => resolve();
    const deadline = waitMs === undefined ? undefined : setTimeout(stop, waitMs);
    signal?.addEventListener("abort", stop);
    this.#waiters.add(waiter);
    this.#timer ??= setTimeout(this.#look, LOOK_EVERY_MS);
    try {
      await promise;
    } finally {
      clearTimeout(deadline);
      signal?.removeEventListener("abort", stop);
      this.#waiters.delete(waiter);
      if (this.#waiters.size === 0) this.#stop();
    }
  }

  /** Ends every wait. */
  close(): void {
    this.#isClosed = true;
    this.#stop();
    for (const waiter of this.#waiters) waiter.settle();
  }

  readonly #look = (): void => {
    this.#timer = setTimeout(this.#look, LOOK_EVERY_MS);
    try {
      const version = this.#dataVersion();
      if (version === this.#seenVersion) return;
      this.#seenVersion = version;
    } catch (error) {
      for (const waiter of this.#waiters) waiter.settle(error);
      return;
    }
    for (const waiter of this.#waiters) {
      try {
        if (waiter.isReady()) waiter.settle();
      } catch (error) {
        waiter.settle(error);
      }
    }
  };

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
