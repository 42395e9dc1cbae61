/**
 * Which devices are on at one reading of a window, by forward-backward over its readings.
 *
 * From one reading to the next the joint state stays, or a change leads to a vector as likely as the
 * model has seen it entered. While a state stays, the power's distance from it stays in part too:
 * what is not new in a reading is persistent (drift, watts that are not known well), an
 * autoregression. So ten readings in a row that are 20 W off are not ten times the evidence of one.
 *
 * Only states that some reading makes likely are looked at. Pure; bounded by the readings of a window.
 */
import { isOn, type JointStates } from "./joint_states.ts";

/** States that are looked at in one window, at most. */
export const STATES_MAX = 400;
/** A state this much less likely than the best one at every reading is left out, in logarithms. */
const MARGIN = 12;
/** Probability that a reading is anything, within so many watts: a load that nobody declared. */
const STRAY_RATE = 1e-4;
const STRAY_RANGE_W = 3_000;
const STRAY_DENSITY = STRAY_RATE / STRAY_RANGE_W;
const STRAY_LOGARITHM = Math.log(STRAY_DENSITY);
const NORMAL = 1 / Math.sqrt(2 * Math.PI);

export interface Readings {
  /** Ascending, s. */
  readonly timestamps: ArrayLike<number>;
  /** W. */
  readonly consumption: ArrayLike<number>;
}

export interface PosteriorModel {
  readonly states: JointStates;
  readonly newVariance: number;
  /** Changes a second. */
  readonly changeRate: number;
}

/** Computes posteriors, in memory that is used again. */
export class PosteriorSmoother {
  #chosen = new Int32Array(STATES_MAX);
  #score = new Float64Array(0);
  #likely = new Float64Array(0);
  #forward = new Float64Array(0);
  readonly #backward = new Float64Array(STATES_MAX);
  readonly #next = new Float64Array(STATES_MAX);
  #stay = new Float64Array(0);
  #jump = new Float64Array(0);

  /**
   * The probability of each column to be on at reading `at`, into `on`.
   */
  columnsOn(model: PosteriorModel, readings: Readings, at: number, on: Float64Array): void {
    const { states } = model;
    const count = this.#choose(states, readings);
    this.#weigh(model, readings, count);
    const length = readings.timestamps.length;
    const forward = this.#forward;
    const [stay, jump, chosen] = [this.#stay, this.#jump, this.#chosen];
    const { entry, occupancy } = states;
    for (let index = 0; index < count; index++) {
      forward[index] = occupancy[chosen[index]!]! * jump[index]!;
    }
    normalise(forward, count);
    for (let reading = 1; reading <= at; reading++) {
      const change = changeBefore(model, readings, reading);
      const row = reading * count;
      for (let index = 0; index < count; index++) {
        forward[index] = (1 - change) * forward[index]! * stay[row + index]! +
          change * entry[chosen[index]!]! * jump[row + index]!;
      }
      normalise(forward, count);
    }
    const [backward, next] = [this.#backward, this.#next];
    backward.fill(1, 0, count);
    for (let reading = length - 1; reading > at; reading--) {
      const change = changeBefore(model, readings, reading);
      const row = reading * count;
      let changed = 0;
      for (let index = 0; index < count; index++) {
        changed += entry[chosen[index]!]! * jump[row + index]! * backward[index]!;
      }
      for (let index = 0; index < count; index++) {
        next[index] = (1 - change) * stay[row + index]! * backward[index]! + change * changed;
      }
      normalise(next, count);
      backward.set(next.subarray(0, count));
    }
    this.#sumUp(states, count, on);
  }

  /** Chooses the states that some reading makes likely. Returns how many. */
  #choose(states: JointStates, { consumption }: Readings): number {
    const { count, power, variance, weight, peak } = states;
    if (this.#score.length < count) {
      this.#score = new Float64Array(2 * count);
      this.#likely = new Float64Array(2 * count);
    }
    const [score, likely] = [this.#score, this.#likely];
    score.fill(-Infinity, 0, count);
    for (let reading = 0; reading < consumption.length; reading++) {
      const watts = consumption[reading]!;
      if (reading > 0 && watts === consumption[reading - 1]) continue;
      let best = -Infinity;
      for (let state = 0; state < count; state++) {
        const off = watts - power[state]!;
        const near = peak[state]! - 0.5 * off * off / variance[state]!;
        const stray = weight[state]! + STRAY_LOGARITHM;
        const each = near > stray ? near : stray;
        likely[state] = each;
        if (each > best) best = each;
      }
      for (let state = 0; state < count; state++) {
        const each = likely[state]! - best;
        if (each > score[state]!) score[state] = each;
      }
    }
    return this.#keepBest(count);
  }

  #keepBest(count: number): number {
    const [score, chosen] = [this.#score, this.#chosen];
    let bound = -MARGIN;
    let kept = 0;
    for (let state = 0; state < count; state++) if (score[state]! >= bound) kept++;
    if (kept > STATES_MAX) {
      bound = score.slice(0, count).sort()[count - STATES_MAX]!;
    }
    kept = 0;
    for (let state = 0; state < count && kept < STATES_MAX; state++) {
      if (score[state]! >= bound) chosen[kept++] = state;
    }
    return kept;
  }

  /** Densities of each reading in each chosen state: where it has stayed, and where it is new. */
  #weigh({ states, newVariance }: PosteriorModel, readings: Readings, count: number): void {
    const { power, variance } = states;
    const { consumption } = readings;
    const length = consumption.length;
    const needed = Math.max(length * count, STATES_MAX);
    if (this.#stay.length < needed) {
      this.#stay = new Float64Array(needed);
      this.#jump = new Float64Array(needed);
    }
    if (this.#forward.length < count) this.#forward = new Float64Array(STATES_MAX);
    for (let index = 0; index < count; index++) {
      const state = this.#chosen[index]!;
      const own = variance[state]!;
      const persistent = Math.max(0, 1 - newVariance / own);
      const stayed = own * (1 - persistent * persistent);
      const [half, scale] = [-0.5 / own, NORMAL / Math.sqrt(own)];
      const [stayedHalf, stayedScale] = [-0.5 / stayed, NORMAL / Math.sqrt(stayed)];
      let before = 0;
      for (let reading = 0; reading < length; reading++) {
        const off = consumption[reading]! - power[state]!;
        const step = off - persistent * before;
        const at = reading * count + index;
        this.#jump[at] = scale * Math.exp(half * off * off) + STRAY_DENSITY;
        this.#stay[at] = stayedScale * Math.exp(stayedHalf * step * step) + STRAY_DENSITY;
        before = off;
      }
    }
  }

  #sumUp(states: JointStates, count: number, on: Float64Array): void {
    const [forward, backward, chosen] = [this.#forward, this.#backward, this.#chosen];
    on.fill(0);
    let total = 0;
    for (let index = 0; index < count; index++) {
      const share = forward[index]! * backward[index]!;
      total += share;
      for (let column = 0; column < states.columnCount; column++) {
        if (isOn(states, chosen[index]!, column)) on[column]! += share;
      }
    }
    for (let column = 0; column < states.columnCount; column++) on[column]! /= total;
  }
}

/** Probability of a change between a reading and the one before it. */
function changeBefore(
  { changeRate }: PosteriorModel,
  { timestamps }: Readings,
  reading: number,
): number {
  return 1 - Math.exp(-changeRate * (timestamps[reading]! - timestamps[reading - 1]!));
}

function normalise(values: Float64Array, count: number): void {
  let sum = 0;
  for (let index = 0; index < count; index++) sum += values[index]!;
  const factor = 1 / sum;
  for (let index = 0; index < count; index++) values[index]! *= factor;
}
