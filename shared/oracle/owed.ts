/**
 * What one household is owed of one kind, taken off as it is found. It is made as it is asked for: a
 * worker writes what a household is owed in about the order of its starts, so that little is held of it.
 *
 * ```
 * starts     100   101   102   103   104 …
 * found       ✓   missing  ✓   next        not made yet
 * ```
 */
import { isTextOf } from "./text_bytes.ts";

/** An output that is due. */
export interface Due<O> {
  readonly output: O;
  /** Append time (ms) of the reading that closed it; undefined where none did. */
  readonly closedAtMs: number | undefined;
}

/** What becomes of an output that the log has. */
export type Taken<O> =
  | { readonly kind: "due"; readonly due: Due<O> }
  /** There already. */
  | { readonly kind: "duplicated" }
  | { readonly kind: "unexpected" };

export class Owed<O> {
  readonly #dues: Iterator<Due<O>>;
  readonly #startOf: (output: O) => number;
  #next: Due<O> | undefined;
  #nextText: string | undefined;
  /** Of all that were due before the next one, ascending. */
  readonly #starts: number[] = [];
  readonly #missing = new Map<number, Due<O>>();
  readonly #unexpected = new Set<number>();

  /** @param dues ascending by start, each of another one */
  constructor(dues: Iterable<Due<O>>, startOf: (output: O) => number) {
    this.#dues = dues[Symbol.iterator]();
    this.#startOf = startOf;
    this.#advance();
  }

  /** Takes the next that is due where these bytes are exactly that, as JSON. */
  takeNext(value: Uint8Array): Due<O> | undefined {
    if (this.#next === undefined) return undefined;
    this.#nextText ??= JSON.stringify(this.#next.output);
    if (!isTextOf(value, this.#nextText)) return undefined;
    const due = this.#next;
    this.#starts.push(this.#startOf(due.output));
    this.#advance();
    return due;
  }

  /** Takes what is due at this start. */
  take(start: number): Taken<O> {
    while (this.#next !== undefined && this.#startOf(this.#next.output) <= start) this.#miss();
    const due = this.#missing.get(start);
    if (due !== undefined) {
      this.#missing.delete(start);
      return { kind: "due", due };
    }
    if (this.#wasDue(start) || this.#unexpected.has(start)) return { kind: "duplicated" };
    this.#unexpected.add(start);
    return { kind: "unexpected" };
  }

  /** How many there are in all, and how many of them were not found; to be asked for once. */
  end(): { readonly expected: number; readonly lost: number } {
    let rest = 0;
    for (; this.#next !== undefined; this.#advance()) rest++;
    return { expected: this.#starts.length + rest, lost: this.#missing.size + rest };
  }

  #miss(): void {
    const start = this.#startOf(this.#next!.output);
    this.#starts.push(start);
    this.#missing.set(start, this.#next!);
    this.#advance();
  }

  #advance(): void {
    const next = this.#dues.next();
    this.#next = next.done === true ? undefined : next.value;
    this.#nextText = undefined;
  }

  #wasDue(start: number): boolean {
    let [from, to] = [0, this.#starts.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#starts[middle]! < start) from = middle + 1;
      else to = middle;
    }
    return this.#starts[from] === start;
  }
}
