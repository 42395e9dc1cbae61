/**
 * One person who says what is on, second by second. What holds at the end of a second is published some
 * seconds later, and only where the person was heard of within it: whoever closes the page, loses the
 * connection or falls asleep says nothing from that moment on. Until then flips of late hands can be
 * moved back. Pure.
 *
 *   heard    ·  ·  ·  ·  ·  ·              page closed
 *   second   1  2  3  4  5  6 │ 7  8  …
 *   declared 1  2  3  4  5  6   nothing, and then it is over
 */
import { movedTo, type Readings } from "./moved_flips.ts";

/** A second is published so long after it has begun; within the lateness that windows and sessions allow. */
const DELAY_S = 3;
/** Whoever was not heard of for so long is not there. Pages say something every half a second. */
const PRESENCE_MS = 1500;

/** Which devices are on, in the order of `state_bitmap`. */
export type Vector = readonly boolean[];

export interface DeclaredSecond {
  readonly second: number;
  readonly vector: Vector;
}

interface Word {
  readonly atMs: number;
  readonly vector: Vector;
}

export class Labelling {
  readonly #words: Word[] = [];
  /** The next second to be decided. */
  #nextS: number;

  constructor(nowMs: number) {
    this.#nextS = Math.floor(nowMs / 1000);
  }

  /** The person is there, and this is on. */
  say(vector: Vector, atMs: number): void {
    this.#words.push({ atMs, vector });
  }

  /**
   * The seconds that are due, each once, ascending.
   * @param readings of the last seconds, by which flips are moved back as far as nothing is said yet.
   */
  due(nowMs: number, readings: Readings): DeclaredSecond[] {
    const declared: DeclaredSecond[] = [];
    for (; (this.#nextS + DELAY_S) * 1000 <= nowMs; this.#nextS++) {
      const endMs = (this.#nextS + 1) * 1000;
      const word = this.#words.findLast(({ atMs }) => atMs < endMs);
      if (word !== undefined && endMs - word.atMs <= 1000) {
        const vector = this.#moved(word.vector, endMs, readings);
        declared.push({ second: this.#nextS, vector });
      }
      // Of the words that are behind, the last one may still hold.
      while (this.#words.length > 1 && this.#words[1]!.atMs < endMs) this.#words.shift();
    }
    return declared;
  }

  /** What held at the end of a second, by what was said then and since. */
  #moved(vector: Vector, endMs: number, readings: Readings): Vector {
    return vector.map((wasOn, device) => {
      const flip = this.#words.find(({ atMs, vector: later }) =>
        atMs >= endMs && later.length === vector.length && later[device] !== wasOn
      );
      if (flip === undefined) return wasOn;
      const second = movedTo(Math.floor(flip.atMs / 1000), !wasOn, readings);
      return second !== undefined && second * 1000 < endMs ? !wasOn : wasOn;
    });
  }

  /** Whether the person has gone, and all that was said is decided. */
  isOver(nowMs: number): boolean {
    const lastMs = this.#words.at(-1)?.atMs ?? 0;
    return nowMs - lastMs > PRESENCE_MS && this.#nextS * 1000 > lastMs;
  }
}
