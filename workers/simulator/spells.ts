/** Labelled and unlabelled spells: whether a household tells its device states for a while. */
import type { Random } from "./random.ts";

export const SPELL_CYCLES_MIN = 16;
export const SPELL_CYCLES_MAX = 50;

/** A sequence of cycles in spells of 16 to 50, labelled and unlabelled in turn. */
export class Spells {
  readonly #random: Random;
  #isLabelled: boolean;
  #cyclesLeft: number;

  constructor(random: Random) {
    this.#random = random;
    this.#isLabelled = random.chance(0.5);
    this.#cyclesLeft = this.#drawLength();
  }

  /** Goes on by one cycle: true where it is in a labelled spell. */
  next(): boolean {
    if (this.#cyclesLeft === 0) {
      this.#isLabelled = !this.#isLabelled;
      this.#cyclesLeft = this.#drawLength();
    }
    this.#cyclesLeft--;
    return this.#isLabelled;
  }

  #drawLength(): number {
    return this.#random.integer(SPELL_CYCLES_MIN, SPELL_CYCLES_MAX);
  }
}
