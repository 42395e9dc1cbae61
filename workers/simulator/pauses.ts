/**
 * The waits of a process that can all be cut short at once. One set for all of them, since a listener
 * on an abort signal for each wait of thousands of households costs time that grows with their number.
 */
export class Pauses {
  readonly #pending = new Map<ReturnType<typeof setTimeout>, () => void>();
  #isStopped = false;

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Resolves after this many ms, or as soon as the pauses are stopped. */
  wait(ms: number): Promise<void> {
    if (this.#isStopped || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pending.delete(timer);
        resolve();
      }, ms);
      this.#pending.set(timer, resolve);
    });
  }

  /** Ends every wait, now and from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const [timer, resolve] of this.#pending) {
      clearTimeout(timer);
      resolve();
    }
    this.#pending.clear();
  }
}
