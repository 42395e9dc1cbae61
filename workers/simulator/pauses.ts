/**
 * The waits of a process that can all be cut short at once. They end in steps, those of a step by one
 * timer: of tens of thousands of households each timer of its own would cost more than what it waits
 * for, and what they publish in a step goes out together.
 */

/** A wait takes up to so much longer than asked for. */
const STEP_MS = 10;

/** The waits that end together. */
interface Step {
  readonly timer: ReturnType<typeof setTimeout>;
  readonly waiting: (() => void)[];
}

/** Work with waits in it, each the ms that it lasts, or a promise: what an async function is with `await`. */
export type Sequence = Generator<number | Promise<void>, void, void>;

export class Pauses {
  /** By their number since the process began. */
  readonly #steps = new Map<number, Step>();
  #isStopped = false;

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Resolves after this many ms, or as soon as the pauses are stopped. */
  wait(ms: number): Promise<void> {
    if (this.#isStopped || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => this.#callLater(resolve, ms));
  }

  /**
   * Resolves once the sequence has ended. Its waits end as those of `wait()`, without a promise for
   * each: with tens of thousands of them pending, the collector had a fifth of all time.
   */
  run(sequence: Sequence): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const goOn = () => {
      try {
        for (;;) {
          const { done, value } = sequence.next();
          if (done) return resolve();
          if (typeof value !== "number") return void value.then(goOn, reject);
          if (!this.#isStopped && value > 0) return this.#callLater(goOn, value);
        }
      } catch (error) {
        reject(error);
      }
    };
    goOn();
    return promise;
  }

  /** Ends every wait, now and from now on. */
  stop(): void {
    this.#isStopped = true;
    for (const number of this.#steps.keys()) this.#end(number);
  }

  #callLater(callback: () => void, ms: number): void {
    const nowMs = performance.now();
    const number = Math.ceil((nowMs + ms) / STEP_MS);
    const step = this.#steps.get(number);
    if (step !== undefined) return void step.waiting.push(callback);
    const timer = setTimeout(() => this.#end(number), Math.ceil(number * STEP_MS - nowMs));
    this.#steps.set(number, { timer, waiting: [callback] });
  }

  #end(number: number): void {
    const { timer, waiting } = this.#steps.get(number)!;
    clearTimeout(timer);
    this.#steps.delete(number);
    for (const callback of waiting) callback();
  }
}
