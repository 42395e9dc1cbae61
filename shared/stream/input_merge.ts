/**
 * The merge of a task's inputs into one order, that of (append time, topic, offset), which is a
 * property of the log: the same from any place on, in life and in replay.
 *
 * A record passes once no other input can still hold an older one: because that input's next record
 * is younger, because it was read to its end at a moment later than this record's append time by the
 * clock skew allowed, or, in a replay, because its range is exhausted.
 *
 *   device-state   ──●(1.2)──────────────(end seen at 4.0)
 *   power          ─────●(1.5)──●(2.9)──●(3.1)           skew 1.0: 2.9 passes, 3.1 waits
 */
import type { Fetched, LogRecord } from "../log/log.ts";

/** How far the clocks of two brokers, and of this machine, may differ. */
export const CLOCK_SKEW_MS = 1_000;

interface Input {
  records: readonly LogRecord[];
  /** Index of the next record in `records`. */
  index: number;
  /** Offset of the next record to process. */
  position: number;
  /** Where to fetch on. */
  fetchOffset: number;
  /** See {@link Fetched.atEndMs}. */
  atEndMs: number | undefined;
  /** Records from here on are not of this replay. */
  limit: number;
  /** Largest append time of a record that passed while this input was empty at its end. */
  passedMs: number;
}

export class InputMerge {
  readonly #inputs: Input[];
  /** Times that an input delivered a record older than one that had passed: clocks differ too much. */
  violations = 0;

  /** Starts at these offsets, one an input, in the order of topic names. */
  constructor(offsets: readonly number[]) {
    this.#inputs = offsets.map((offset) => ({
      records: [],
      index: 0,
      position: offset,
      fetchOffset: offset,
      atEndMs: undefined,
      limit: Infinity,
      passedMs: -Infinity,
    }));
  }

  /** Bounds the merge to records below these offsets, one an input; Infinity lifts the bound. */
  limitTo(limits: readonly number[]): void {
    this.#inputs.forEach((input, index) => input.limit = limits[index]!);
  }

  /** True where every record below the limits has passed. */
  get isExhausted(): boolean {
    return this.#inputs.every((input) => isExhausted(input));
  }

  /** Offset of the next record of each input. */
  positions(): number[] {
    return this.#inputs.map((input) => input.position);
  }

  /**
   * The place of the next record in the merged order, as one number: the sum of the positions, which
   * grows with every record. It is compared within a run only.
   */
  get place(): number {
    let place = 0;
    for (const input of this.#inputs) place += input.position;
    return place;
  }

  /** What to fetch: an offset for each input of which nothing is in hand. */
  wanted(): (number | undefined)[] {
    return this.#inputs.map((input) =>
      input.index < input.records.length || isExhausted(input) ? undefined : input.fetchOffset
    );
  }

  /** True where records are in hand, whether they may pass yet or not. */
  get hasRecords(): boolean {
    return this.#inputs.some((input) => input.index < input.records.length);
  }

  /** True where every input is known to be at its end and nothing is in hand. */
  get isAtEnd(): boolean {
    return this.#inputs.every((input) =>
      input.index === input.records.length && input.atEndMs !== undefined
    );
  }

  /** Takes in what was fetched for {@link wanted}. */
  add(fetched: readonly (Fetched | undefined)[]): void {
    fetched.forEach((batch, index) => {
      if (batch === undefined) return;
      const input = this.#inputs[index]!;
      input.records = batch.records;
      input.index = 0;
      input.fetchOffset = batch.nextOffset;
      input.atEndMs = batch.atEndMs;
      const first = batch.records[0];
      if (first === undefined) input.position = batch.nextOffset;
      else if (first.appendMs <= input.passedMs) this.violations++;
    });
  }

  /** Index of the input whose record is next, or -1 where none may pass yet. */
  next(): number {
    const inputs = this.#inputs;
    let best = -1;
    let bestMs = Infinity;
    for (let index = 0; index < inputs.length; index++) {
      const input = inputs[index]!;
      const head = input.records[input.index];
      if (head === undefined || head.offset >= input.limit) continue;
      // Inputs stand in the order of topic names, so that the first of equal append times wins.
      if (head.appendMs < bestMs) {
        best = index;
        bestMs = head.appendMs;
      }
    }
    for (let index = 0; best !== -1 && index < inputs.length; index++) {
      const input = inputs[index]!;
      if (index === best || isExhausted(input) || input.index < input.records.length) continue;
      if (input.atEndMs === undefined || input.atEndMs - CLOCK_SKEW_MS <= bestMs) return -1;
      input.passedMs = Math.max(input.passedMs, bestMs);
    }
    return best;
  }

  /** Takes the next record of an input. */
  take(index: number): LogRecord {
    const input = this.#inputs[index]!;
    const record = input.records[input.index++]!;
    input.position = record.offset + 1;
    if (input.index === input.records.length) {
      // Past the last record in hand nothing may stand but what the log skips.
      input.position = input.fetchOffset;
      input.records = NO_RECORDS;
      input.index = 0;
    }
    return record;
  }
}

const NO_RECORDS: readonly LogRecord[] = [];

function isExhausted(input: Input): boolean {
  return (input.records[input.index]?.offset ?? input.fetchOffset) >= input.limit;
}
