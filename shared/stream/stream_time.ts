/**
 * Stream time of a task: a clock that runs with the append times of its records, but by at most 5 s
 * from one record to the next. When everyone is silent (an outage), that says nothing about any one
 * household.
 *
 *   append time   0   1   2                      3600  3601
 *   stream time   0   1   2                         7     8
 */

const STEP_MS_MAX = 5_000;

export class StreamTime {
  /** Milliseconds since the first record of this run of the task; only differences mean anything. */
  nowMs = 0;
  /** Append time of the last record, not the largest: a replay from anywhere then agrees with it. */
  #lastAppendMs: number | undefined;

  /** Append time of the last record, ms; undefined before the first. */
  get lastAppendMs(): number | undefined {
    return this.#lastAppendMs;
  }

  /** Moves the clock to a record, given its append time. */
  advance(appendMs: number): void {
    const step = appendMs - (this.#lastAppendMs ?? appendMs);
    this.#lastAppendMs = appendMs;
    if (step > 0) this.nowMs += Math.min(step, STEP_MS_MAX);
  }
}
