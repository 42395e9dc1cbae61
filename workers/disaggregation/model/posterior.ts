/**
 * Which devices are on at one reading of a window, by forward-backward over its readings.
 *
 * From one reading to the next the joint state stays, or a change leads to a vector as likely as the
 * model has seen it entered. While a state stays, the power's distance from it stays in part too:
 * what is not new in a reading is persistent (drift, watts that are not known well), an
 * autoregression. So ten readings in a row that are 20 W off are not ten times the evidence of one.
 *
 * Beside what was declared, something may be on that nobody declares: each state stands twice, and the
 * second time power is as much above it as the undeclared takes, whatever that is, and stays so:
 *
 *               ╭─ stays ─╮                ╭─ stays ─╮
 *   explained   s ────────────── renews ── s + something   undeclared
 *               ╰─────────── changes ──────╯ to any state
 *
 * Only states that some reading makes likely are looked at. Pure; bounded by the readings of a window.
 */
import { isOn, type JointStates } from "./joint_states.ts";
import { movesBefore, type PosteriorModel, type Readings } from "./posterior_model.ts";

/** States that are looked at in one window, at most. */
export const STATES_MAX = 400;
/** A state this much less likely than the best one at every reading is left out, in logarithms. */
const MARGIN = 12;
/** And so much less where only something undeclared could explain the reading: those are many. */
const UNDECLARED_MARGIN = 8;
/** Density of a reading that is not of this home: W⁻¹. No state is ever impossible. */
const STRAY_DENSITY = 1e-8;
const STRAY_LOGARITHM = Math.log(STRAY_DENSITY);
const EXPONENT_MAX = 300;
const NORMAL = 1 / Math.sqrt(2 * Math.PI);
/** Power below a state is no load; of what is undeclared so much is spread there. */
const BELOW_SHARE = 0.1;

/** Computes posteriors, in memory that is used again. */
export class PosteriorSmoother {
  readonly #chosen = new Int32Array(STATES_MAX);
  #score = new Float64Array(0);
  #likely = new Float64Array(0);
  /** Of each state explained, and behind them undeclared. */
  readonly #forward = new Float64Array(2 * STATES_MAX);
  readonly #backward = new Float64Array(2 * STATES_MAX);
  readonly #next = new Float64Array(2 * STATES_MAX);
  /** By reading, then as the above. */
  #stay = new Float64Array(0);
  #jump = new Float64Array(0);
  /** By reading: how likely undeclared power is there, beside that at the first one. */
  #falls = new Float64Array(0);

  /** Of the last call: what each column is expected to take, W. */
  #watts = new Float64Array(0);

  /** See {@link columnsOn}; to be read before its next call. */
  get watts(): Float64Array {
    return this.#watts;
  }

  /** The probability of each column to be on at reading `at`, into `on`, and its watts. */
  columnsOn(model: PosteriorModel, readings: Readings, at: number, on: Float64Array): void {
    const count = this.#choose(model, readings);
    this.#weigh(model, readings, count);
    this.#goForward(model, readings, { at, count });
    this.#goBackward(model, readings, { at, count });
    this.#sumUp(model.states, readings.consumption[at]!, { count, on });
  }

  /** Chooses the states that some reading makes likely. Returns how many. */
  #choose(model: PosteriorModel, { consumption }: Readings): number {
    const { count, power, variance, weight, peak } = model.states;
    if (this.#score.length < count) {
      this.#score = new Float64Array(2 * count);
      this.#likely = new Float64Array(2 * count);
    }
    const [score, likely] = [this.#score, this.#likely];
    score.fill(-Infinity, 0, count);
    const perW = 1 / model.undeclaredW;
    const above = undeclaredLogarithm(model) + UNDECLARED_MARGIN - MARGIN;
    const below = above + Math.log(BELOW_SHARE);
    for (let reading = 0; reading < consumption.length; reading++) {
      const watts = consumption[reading]!;
      if (reading > 0 && watts === consumption[reading - 1]) continue;
      let best = -Infinity;
      for (let state = 0; state < count; state++) {
        const off = watts - power[state]!;
        let each = peak[state]! - 0.5 * off * off / variance[state]!;
        const other = off >= 0 ? above - off * perW : below + off * perW;
        const stray = weight[state]! + (other > STRAY_LOGARITHM ? other : STRAY_LOGARITHM);
        if (stray > each) each = stray;
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
  #weigh(model: PosteriorModel, { consumption }: Readings, count: number): void {
    const { states: { power, variance }, newVariance, undeclaredRate, undeclaredW } = model;
    const length = consumption.length;
    const width = 2 * count;
    if (this.#falls.length < length) this.#falls = new Float64Array(length);
    if (this.#stay.length < length * width) {
      this.#stay = new Float64Array(length * 2 * STATES_MAX);
      this.#jump = new Float64Array(length * 2 * STATES_MAX);
    }
    const [stay, jump] = [this.#stay, this.#jump];
    const [perW, above] = [1 / undeclaredW, undeclaredRate / undeclaredW];
    const reference = consumption[0]!;
    for (let reading = 0; reading < length; reading++) {
      this.#falls[reading] = boundedExp((reference - consumption[reading]!) * perW);
    }
    for (let index = 0; index < count; index++) {
      const state = this.#chosen[index]!;
      const own = variance[state]!;
      const persistent = Math.max(0, 1 - newVariance / own);
      const stayed = own * (1 - persistent * persistent);
      const [half, scale] = [-0.5 / own, (1 - undeclaredRate) * NORMAL / Math.sqrt(own)];
      const [stayedHalf, stayedScale] = [-0.5 / stayed, NORMAL / Math.sqrt(stayed)];
      // How undeclared power thins out above a state, and below it: of a product, not to be computed anew.
      const fall = boundedExp((power[state]! - reference) * perW);
      let before = 0;
      for (let reading = 0; reading < length; reading++) {
        const off = consumption[reading]! - power[state]!;
        const step = off - persistent * before;
        const at = reading * width + index;
        jump[at] = scale * Math.exp(half * off * off) + STRAY_DENSITY;
        stay[at] = stayedScale * Math.exp(stayedHalf * step * step) + STRAY_DENSITY;
        const thinned = fall * this.#falls[reading]!;
        jump[at + count] = off >= 0
          ? above * Math.min(1, thinned)
          : BELOW_SHARE * above * Math.min(1, 1 / thinned);
        before = off;
      }
    }
    // What is undeclared stays as it is: a step is as likely whatever the state.
    const [half, scale] = [-0.25 / newVariance, NORMAL / Math.sqrt(2 * newVariance)];
    for (let reading = 1; reading < length; reading++) {
      const step = consumption[reading]! - consumption[reading - 1]!;
      const density = scale * Math.exp(half * step * step) + STRAY_DENSITY;
      const at = reading * width + count;
      stay.fill(density, at, at + count);
    }
  }

  #goForward(model: PosteriorModel, readings: Readings, { at, count }: Place): void {
    const { entry, occupancy } = model.states;
    const [forward, stay, jump, chosen] = [this.#forward, this.#stay, this.#jump, this.#chosen];
    for (let index = 0; index < count; index++) {
      const share = occupancy[chosen[index]!]!;
      forward[index] = share * jump[index]!;
      forward[count + index] = share * jump[count + index]!;
    }
    normalise(forward, 2 * count);
    for (let reading = 1; reading <= at; reading++) {
      const { change, renewal, rest } = movesBefore(model, readings, reading);
      const row = reading * 2 * count;
      for (let index = 0; index < count; index++) {
        const [explained, other] = [forward[index]!, forward[count + index]!];
        const anew = renewal * (explained + other) + change * entry[chosen[index]!]!;
        forward[index] = rest * explained * stay[row + index]! + anew * jump[row + index]!;
        forward[count + index] = rest * other * stay[row + count + index]! +
          anew * jump[row + count + index]!;
      }
      normalise(forward, 2 * count);
    }
  }

  #goBackward(model: PosteriorModel, readings: Readings, { at, count }: Place): void {
    const { entry } = model.states;
    const [backward, next] = [this.#backward, this.#next];
    const [stay, jump, chosen] = [this.#stay, this.#jump, this.#chosen];
    backward.fill(1, 0, 2 * count);
    for (let reading = readings.timestamps.length - 1; reading > at; reading--) {
      const { change, renewal, rest } = movesBefore(model, readings, reading);
      const row = reading * 2 * count;
      let changed = 0;
      for (let index = 0; index < count; index++) {
        const anew = jump[row + index]! * backward[index]! +
          jump[row + count + index]! * backward[count + index]!;
        next[index] = anew;
        changed += entry[chosen[index]!]! * anew;
      }
      for (let index = 0; index < count; index++) {
        const anew = renewal * next[index]! + change * changed;
        next[index] = rest * stay[row + index]! * backward[index]! + anew;
        next[count + index] = rest * stay[row + count + index]! * backward[count + index]! + anew;
      }
      normalise(next, 2 * count);
      backward.set(next.subarray(0, 2 * count));
    }
  }

  #sumUp(
    states: JointStates,
    reading: number,
    { count, on }: { readonly count: number; readonly on: Float64Array },
  ): void {
    const [forward, backward, chosen] = [this.#forward, this.#backward, this.#chosen];
    const { columnCount } = states;
    if (this.#watts.length !== columnCount) this.#watts = new Float64Array(columnCount);
    const watts = this.#watts;
    on.fill(0);
    watts.fill(0);
    let total = 0;
    for (let index = 0; index < count; index++) {
      const state = chosen[index]!;
      const explained = forward[index]! * backward[index]!;
      const share = explained + forward[count + index]! * backward[count + index]!;
      total += share;
      const surplus = surplusPerVariance(states, state, reading);
      for (let column = 0; column < columnCount; column++) {
        if (!isOn(states, state, column)) continue;
        const usual = states.columnW[column]!;
        on[column]! += share;
        watts[column]! += (share - explained) * usual +
          explained * Math.max(0, usual + surplus * states.columnVariance[column]!);
      }
    }
    for (let column = 0; column < columnCount; column++) {
      on[column]! /= total;
      watts[column]! /= total;
    }
  }
}

/** What is read beyond the usual watts of a state, for each W² by which its parts vary. */
function surplusPerVariance(states: JointStates, state: number, reading: number): number {
  const { columnCount, columnW, columnVariance } = states;
  let [power, variance] = [columnW[columnCount]!, columnVariance[columnCount]!];
  for (let column = 0; column < columnCount; column++) {
    if (!isOn(states, state, column)) continue;
    power += columnW[column]!;
    variance += columnVariance[column]!;
  }
  return (reading - power) / variance;
}

interface Place {
  /** The reading that is asked for. */
  readonly at: number;
  /** States chosen. */
  readonly count: number;
}

function undeclaredLogarithm({ undeclaredRate, undeclaredW }: PosteriorModel): number {
  return Math.log(undeclaredRate / undeclaredW);
}

/** Of which a product of two is a number, and not nothing. */
function boundedExp(exponent: number): number {
  return Math.exp(Math.min(EXPONENT_MAX, Math.max(-EXPONENT_MAX, exponent)));
}

function normalise(values: Float64Array, count: number): void {
  let sum = 0;
  for (let index = 0; index < count; index++) sum += values[index]!;
  const factor = 1 / sum;
  for (let index = 0; index < count; index++) values[index]! *= factor;
}
