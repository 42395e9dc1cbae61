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
import type { Fetched } from "../log/log.ts";
import { RecordPlaces } from "../log/record_places.ts";

/** How far the clocks of two brokers, and of this machine, may differ. */
export const CLOCK_SKEW_MS = 1_000;

interface Input {
  /**
   * In memory of its own: what the log brought dies young then. Until the next fetch it would outlive V8's
   * young collections, and lie about until a full one.
   */
  readonly records: RecordPlaces;
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
      records: new RecordPlaces({ topic: "", partition: 0 }, new Uint8Array(), 0),
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
      input.index < input.records.count || isExhausted(input) ? undefined : input.fetchOffset
    );
  }

  /** True where records are in hand, whether they may pass yet or not. */
  get hasRecords(): boolean {
    return this.#inputs.some((input) => input.index < input.records.count);
  }

  /** True where every input is known to be at its end and nothing is in hand. */
  get isAtEnd(): boolean {
    return this.#inputs.every((input) =>
      input.index === input.records.count && input.atEndMs !== undefined
    );
  }

  /** Takes in what was fetched for {@link wanted}. */
  add(fetched: readonly (Fetched | undefined)[]): void {
    fetched.forEach((batch, index) => {
      if (batch === undefined) return;
      const input = this.#inputs[index]!;
      input.records.copy(batch.places);
      input.index = 0;
      input.fetchOffset = batch.nextOffset;
      input.atEndMs = batch.atEndMs;
      if (batch.places.count === 0) input.position = batch.nextOffset;
      else if (batch.places.appendMs(0) <= input.passedMs) this.violations++;
    });
  }

  /** Index of the input whose record is next, or -1 where none may pass yet. */
  next(): number {
    const inputs = this.#inputs;
    let best = -1;
    let bestMs = Infinity;
    for (let index = 0; index < inputs.length; index++) {
      const input = inputs[index]!;
      const { records, index: head } = input;
      if (head === records.count || records.offset(head) >= input.limit) continue;
      const appendMs = records.appendMs(head);
      // Inputs stand in the order of topic names, so that the first of equal append times wins.
      if (appendMs < bestMs) {
        best = index;
        bestMs = appendMs;
      }
    }
    for (let index = 0; best !== -1 && index < inputs.length; index++) {
      const input = inputs[index]!;
      if (index === best || isExhausted(input) || input.index < input.records.count) continue;
      if (input.atEndMs === undefined || input.atEndMs - CLOCK_SKEW_MS <= bestMs) return -1;
      input.passedMs = Math.max(input.passedMs, bestMs);
    }
    return best;
  }

  /** The records in hand of an input, until more are added. */
  records(input: number): RecordPlaces {
    return this.#inputs[input]!.records;
  }

  /** Index in {@link records} of the next record of an input. */
  index(input: number): number {
    return this.#inputs[input]!.index;
  }

  /** Takes the next record of an input. */
  take(input: number): void {
    const from = this.#inputs[input]!;
    const { records } = from;
    const index = from.index++;
    // Past the last record in hand nothing may stand but what the log skips.
    from.position = from.index === records.count ? from.fetchOffset : records.offset(index) + 1;
  }
}

function isExhausted({ records, index, fetchOffset, limit }: Input): boolean {
  return (index < records.count ? records.offset(index) : fetchOffset) >= limit;
}
