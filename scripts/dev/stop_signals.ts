/**
 * Ctrl-C and its like. The first one asks for the end of the run, a second one for leaving at once.
 * `deno task` hands on what the terminal has already sent us: two in quick succession are one.
 */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const SAME_MS = 300;

export class StopSignals {
  readonly #stop = new AbortController();
  readonly #leave = new AbortController();
  readonly #onSignal: () => void;

  /** Listens from now on, until `close`. */
  constructor(elapsedMs: () => number) {
    let firstMs: number | undefined;
    this.#onSignal = () => {
      firstMs ??= elapsedMs();
      this.#stop.abort();
      if (elapsedMs() - firstMs >= SAME_MS) this.#leave.abort();
    };
    for (const name of SIGNALS) Deno.addSignalListener(name, this.#onSignal);
  }

  /** Aborts with the first one. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborts with the second one. */
  get leave(): AbortSignal {
    return this.#leave.signal;
  }

  close(): void {
    for (const name of SIGNALS) Deno.removeSignalListener(name, this.#onSignal);
  }
}
