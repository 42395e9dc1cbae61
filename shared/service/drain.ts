/**
 * The end of a worker: how long it may go on settling what it has taken in. It is over when nothing
 * has moved for so long, not after so long: on a slow machine it takes its time.
 *
 *   SIGTERM ─▶ moved … moved … moved ─▶ done
 *                         └─ nothing for `--drain-timeout`, or `--drain-max` is over
 *                              ─▶ `stalled`: give up what cannot be settled ─ 5 s ─▶ failed
 */
import { WattstreamError } from "../errors.ts";
import { StallWatch } from "./stall_watch.ts";

/** How long a worker has for giving up in order: to disconnect, to say what it leaves behind. */
const GIVE_UP_MS = 5_000;

/** Bounds of a drain. */
export interface DrainLimits {
  /** Longest time in which nothing moves, ms. */
  readonly timeoutMs: number;
  /** Longest time of all, ms; undefined for as long as it moves. */
  readonly maxMs: number | undefined;
  readonly giveUpMs?: number;
}

export class Drain {
  readonly #limits: DrainLimits;
  readonly #stalled = new AbortController();
  readonly #overdue = Promise.withResolvers<never>();
  #watch: StallWatch | undefined;
  #giveUp: StallWatch | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(limits: DrainLimits) {
    this.#limits = limits;
    // Whoever races it may be gone by then.
    this.#overdue.promise.catch(() => {});
  }

  /** Aborts when it is time to give up what cannot be settled. */
  get stalled(): AbortSignal {
    return this.#stalled.signal;
  }

  /** Rejects where the worker does not come to its end after that. */
  get overdue(): Promise<never> {
    return this.#overdue.promise;
  }

  /** The drain begins. */
  begin(): void {
    if (this.#isClosed || this.#watch !== undefined) return;
    const { timeoutMs, maxMs } = this.#limits;
    this.#watch = new StallWatch(
      timeoutMs,
      () => this.#stall(`nothing has moved for --drain-timeout ${timeoutMs} ms`),
    );
    if (maxMs === undefined) return;
    this.#timer = setTimeout(
      () => this.#stall(`it took longer than --drain-max ${maxMs} ms`),
      maxMs,
    );
  }

  /** Something was settled. */
  moved(): void {
    this.#watch?.moved();
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.close();
    this.#giveUp?.close();
    clearTimeout(this.#timer);
  }

  #stall(why: string): void {
    this.#watch?.close();
    clearTimeout(this.#timer);
    const error = new WattstreamError("unavailable", `The drain has not come to its end: ${why}`);
    this.#giveUp = new StallWatch(
      this.#limits.giveUpMs ?? GIVE_UP_MS,
      () => this.#overdue.reject(error),
    );
    this.#stalled.abort(error);
  }
}
