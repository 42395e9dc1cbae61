/** From the values of a power source to the household's watts: parts are added, counters differ. Pure. */

import { AHEAD_S_MAX } from "./reading_time.ts";

/** How a source's values become watts. */
export interface PowerMeterSettings {
  /** Values that have to come together; 1 where one is all. */
  readonly partCount: number;
  /** Longest time between the first and the last of them. */
  readonly withinMs: number;
  /** The values count energy in Wh. */
  readonly isCounter: boolean;
}

/** Longest time over which a counter's difference says something. */
const COUNTER_S_MAX = 3600;

export class PowerMeter {
  readonly #settings: PowerMeterSettings;
  /** NaN is a part of which it is known only that it came. */
  #parts = new Map<number, { readonly value: number; readonly arrivedMs: number }>();
  #counted: { readonly value: number; readonly secondS: number } | undefined;

  constructor(settings: PowerMeterSettings) {
    this.#settings = settings;
  }

  /** Takes one value; the watts where it completes a reading. */
  take(
    part: number,
    value: number,
    { secondS, arrivedMs }: { readonly secondS: number; readonly arrivedMs: number },
  ): number | undefined {
    const sum = this.#sum(part, value, arrivedMs);
    if (sum === undefined) return undefined;
    if (!this.#settings.isCounter) return exact(sum);
    const before = this.#counted;
    // It was counted by a clock of ours that was ahead, and has been set right.
    if (before !== undefined && before.secondS > arrivedMs / 1000 + AHEAD_S_MAX) {
      this.#counted = undefined;
    }
    return this.#difference(sum, secondS);
  }

  /**
   * Takes note of a part of which nobody knows the time: the others of its round complete no reading,
   * nor are they there to complete one with the parts of the next.
   */
  pass(part: number, arrivedMs: number): void {
    this.#sum(part, NaN, arrivedMs);
  }

  #sum(part: number, value: number, arrivedMs: number): number | undefined {
    const { partCount, withinMs } = this.#settings;
    if (partCount === 1) return value;
    // A part that comes again begins a new round: the others of the last one are lost.
    if (this.#parts.has(part)) this.#parts.clear();
    for (const [other, { arrivedMs: otherMs }] of this.#parts) {
      if (arrivedMs - otherMs > withinMs) this.#parts.delete(other);
    }
    this.#parts.set(part, { value, arrivedMs });
    if (this.#parts.size < partCount) return undefined;
    let sum = 0;
    for (const each of this.#parts.values()) sum += each.value;
    this.#parts.clear();
    return Number.isNaN(sum) ? undefined : sum;
  }

  #difference(value: number, secondS: number): number | undefined {
    const before = this.#counted;
    if (before !== undefined && secondS <= before.secondS) return undefined;
    this.#counted = { value, secondS };
    if (before === undefined || value < before.value) return undefined; // it has been reset
    const passedS = secondS - before.secondS;
    return passedS > COUNTER_S_MAX ? undefined : exact((value - before.value) * 3600 / passedS);
  }
}

/** 1.001 kW are 1001 W, and not a little less. */
function exact(watts: number): number {
  return Math.round(watts * 1e6) / 1e6;
}
