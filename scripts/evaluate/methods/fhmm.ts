/**
 * A factorial hidden Markov model, exactly: each device switches by itself, power is the sum of
 * watts with one normal noise; forward-backward over all sets of devices, in pieces that overlap.
 */
import { type LabelledWatts, labelledWatts, powerOfSets } from "./labelled_watts.ts";
import type { Method } from "./method.ts";

const DEVICES_MAX = 12;
/** Readings of a piece, and those before and after that it takes in. */
const PIECE = 400;
const OVERLAP = 60;

export const fhmm: Method = {
  estimate(labels, { powerW }) {
    const learned = labelledWatts(labels);
    const { deviceCount, watts: deviceW } = learned;
    if (deviceCount > DEVICES_MAX) return undefined;
    const on = new Float64Array(powerW.length * deviceCount);
    const chain = new Chain(learned);
    for (let start = 0; start < powerW.length; start += PIECE) {
      const [from, end] = [Math.max(0, start - OVERLAP), Math.min(powerW.length, start + PIECE)];
      const to = Math.min(powerW.length, end + OVERLAP);
      chain.smooth(powerW.subarray(from, to), (index, device, probability) => {
        const at = from + index;
        if (at >= start && at < end) on[at * deviceCount + device] = probability;
      });
    }
    return { on, watts: on.map((each, at) => each * deviceW[at % deviceCount]!) };
  },
};

class Chain {
  readonly #learned: LabelledWatts;
  readonly #power: Float64Array;
  readonly #start: Float64Array;

  constructor(learned: LabelledWatts) {
    this.#learned = learned;
    this.#power = powerOfSets(learned);
    this.#start = new Float64Array(this.#power.length).fill(1);
    learned.onShare.forEach((share, device) => {
      const bounded = Math.min(0.999, Math.max(0.001, share));
      for (let set = 0; set < this.#start.length; set++) {
        this.#start[set]! *= (set >> device) & 1 ? bounded : 1 - bounded;
      }
    });
    for (let set = 0; set < this.#start.length; set++) {
      if (!Number.isFinite(this.#power[set])) this.#start[set] = 0;
    }
  }

  /** Tells the probability of each device to be on at each reading. */
  smooth(
    powerW: Float64Array,
    tell: (index: number, device: number, probability: number) => void,
  ): void {
    const count = this.#power.length;
    const forward = new Float64Array(powerW.length * count);
    let belief = this.#start.slice();
    for (let index = 0; index < powerW.length; index++) {
      if (index > 0) this.#step(belief, "forward");
      this.#weigh(belief, powerW[index]!);
      forward.set(belief, index * count);
    }
    belief = new Float64Array(count).fill(1);
    for (let index = powerW.length - 1; index >= 0; index--) {
      const sums = new Float64Array(this.#learned.deviceCount);
      let total = 0;
      for (let set = 0; set < count; set++) {
        const share = forward[index * count + set]! * belief[set]!;
        total += share;
        for (let device = 0; device < sums.length; device++) {
          if ((set >> device) & 1) sums[device]! += share;
        }
      }
      sums.forEach((sum, device) => tell(index, device, sum / total));
      this.#weigh(belief, powerW[index]!);
      this.#step(belief, "backward");
    }
  }

  /** A second passes, device by device. */
  #step(belief: Float64Array, direction: "forward" | "backward"): void {
    const { turnsOn, staysOn, deviceCount } = this.#learned;
    for (let device = 0; device < deviceCount; device++) {
      const bit = 1 << device;
      const [rise, stay] = [turnsOn[device]!, staysOn[device]!];
      for (let off = 0; off < belief.length; off++) {
        if (off & bit) continue;
        const [a, b] = [belief[off]!, belief[off | bit]!];
        if (direction === "forward") {
          belief[off] = a * (1 - rise) + b * (1 - stay);
          belief[off | bit] = a * rise + b * stay;
        } else {
          belief[off] = (1 - rise) * a + rise * b;
          belief[off | bit] = (1 - stay) * a + stay * b;
        }
      }
    }
  }

  /** A reading is taken in; what is sure stays so, and sums are of 1. */
  #weigh(belief: Float64Array, reading: number): void {
    const power = this.#power;
    const half = -0.5 / this.#learned.variance;
    let best = -Infinity;
    for (let set = 0; set < belief.length; set++) {
      if (belief[set] === 0) continue;
      best = Math.max(best, half * (reading - power[set]!) ** 2 + Math.log(belief[set]!));
    }
    let total = 0;
    for (let set = 0; set < belief.length; set++) {
      if (belief[set] === 0) continue;
      if (this.#power[set] === Infinity) {
        belief[set] = 0;
        continue;
      }
      const logarithm = half * (reading - power[set]!) ** 2 + Math.log(belief[set]!) - best;
      belief[set] = Math.exp(logarithm);
      total += belief[set]!;
    }
    for (let set = 0; set < belief.length; set++) belief[set]! /= total;
  }
}
