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
import { decay } from "./exponential.ts";
import { isOn, type JointStates } from "./joint_states.ts";
import { BELOW_SHARE, LikelyStates, STATES_MAX } from "./likely_states.ts";
import { sagged } from "./sag.ts";
import {
  movesBefore,
  type PosteriorModel,
  type Readings,
  STRAY_DENSITY,
} from "./posterior_model.ts";

const EXPONENT_MAX = 300;
const NORMAL = 1 / Math.sqrt(2 * Math.PI);
/** States less likely than this, beside all together, do not show in what is said of a device. */
const SHARE_MIN = 1e-7;

/** Computes posteriors, in memory that is used again. */
export class PosteriorSmoother {
  readonly #likely = new LikelyStates();
  /** Of each state chosen explained, and behind them undeclared. */
  readonly #forward = new Float64Array(2 * STATES_MAX);
  readonly #backward = new Float64Array(2 * STATES_MAX);
  readonly #jump = new Float64Array(2 * STATES_MAX);
  readonly #stay = new Float64Array(STATES_MAX);
  readonly #next = new Float64Array(STATES_MAX);
  /** Of each state chosen: its power, how much of a distance persists, and the densities about it. */
  readonly #power = new Float64Array(STATES_MAX);
  readonly #persistent = new Float64Array(STATES_MAX);
  readonly #half = new Float64Array(STATES_MAX);
  readonly #scale = new Float64Array(STATES_MAX);
  readonly #stayedHalf = new Float64Array(STATES_MAX);
  readonly #stayedScale = new Float64Array(STATES_MAX);
  /** How likely undeclared power is above it, and below it, beside that at the first reading. */
  readonly #fall = new Float64Array(STATES_MAX);
  readonly #rise = new Float64Array(STATES_MAX);
  readonly #entry = new Float64Array(STATES_MAX);

  /** Of the last call: what each column is expected to take, W. */
  #watts = new Float64Array(0);

  /** See {@link columnsOn}; to be read before its next call. */
  get watts(): Float64Array {
    return this.#watts;
  }

  /** The probability of each column to be on at reading `at`, into `on`, and its watts. */
  columnsOn(model: PosteriorModel, readings: Readings, at: number, on: Float64Array): void {
    const count = this.#likely.choose(model, readings);
    this.#prepare(model, readings, count);
    this.#goForward(model, readings, { at, count });
    this.#goBackward(model, readings, { at, count });
    this.#sumUp(model.states, readings.consumption[at]!, { count, on });
  }

  /** What is the same of a chosen state at every reading. */
  #prepare(model: PosteriorModel, { consumption }: Readings, count: number): void {
    const { states, newVariance, undeclaredRate, undeclaredW } = model;
    const { chosen } = this.#likely;
    const reference = consumption[0]!;
    for (let index = 0; index < count; index++) {
      const state = chosen[index]!;
      const [power, own] = [states.power[state]!, states.variance[state]!];
      const persistent = Math.max(0, 1 - newVariance / own);
      const stayed = own * (1 - persistent * persistent);
      this.#power[index] = power;
      this.#persistent[index] = persistent;
      this.#half[index] = 0.5 / own;
      this.#scale[index] = (1 - undeclaredRate) * NORMAL / Math.sqrt(own);
      this.#stayedHalf[index] = 0.5 / stayed;
      this.#stayedScale[index] = NORMAL / Math.sqrt(stayed);
      // Exponentials of a sum are products: at a reading there is none to be computed anew.
      this.#fall[index] = boundedExp((power - reference) / undeclaredW);
      this.#rise[index] = 1 / this.#fall[index]!;
      this.#entry[index] = states.entry[state]!;
    }
  }

  /** Densities of a reading in each chosen state where that is new. */
  #weighJumps(model: PosteriorModel, { consumption }: Readings, { at, count }: Place): void {
    const { undeclaredRate, undeclaredW } = model;
    const [jump, power, half, scale] = [this.#jump, this.#power, this.#half, this.#scale];
    const [fall, rise] = [this.#fall, this.#rise];
    const watts = consumption[at]!;
    const falls = boundedExp((consumption[0]! - watts) / undeclaredW);
    const rises = 1 / falls;
    const above = undeclaredRate / undeclaredW;
    const below = BELOW_SHARE * above;
    for (let index = 0; index < count; index++) {
      const off = watts - power[index]!;
      jump[index] = scale[index]! * decay(half[index]! * off * off) + STRAY_DENSITY;
      jump[count + index] = off >= 0
        ? above * Math.min(1, fall[index]! * falls)
        : below * Math.min(1, rise[index]! * rises);
    }
  }

  /** And where it has stayed. Returns that of what is undeclared: it stays, whatever the state. */
  #weighStays(model: PosteriorModel, { consumption }: Readings, { at, count }: Place): number {
    const [stay, power, persistent] = [this.#stay, this.#power, this.#persistent];
    const [half, scale] = [this.#stayedHalf, this.#stayedScale];
    const [watts, before] = [consumption[at]!, consumption[at - 1]!];
    for (let index = 0; index < count; index++) {
      const step = watts - power[index]! - persistent[index]! * (before - power[index]!);
      stay[index] = scale[index]! * decay(half[index]! * step * step) + STRAY_DENSITY;
    }
    const step = watts - before;
    return NORMAL / Math.sqrt(2 * model.newVariance) *
        decay(step * step / (4 * model.newVariance)) + STRAY_DENSITY;
  }

  #goForward(model: PosteriorModel, readings: Readings, { at, count }: Place): void {
    const { occupancy } = model.states;
    const [forward, stay, jump, entry] = [this.#forward, this.#stay, this.#jump, this.#entry];
    this.#weighJumps(model, readings, { at: 0, count });
    let sum = 0;
    for (let index = 0; index < count; index++) {
      const share = occupancy[this.#likely.chosen[index]!]!;
      forward[index] = share * jump[index]!;
      forward[count + index] = share * jump[count + index]!;
      sum += forward[index]! + forward[count + index]!;
    }
    for (let reading = 1; reading <= at; reading++) {
      const { change, renewal, rest } = movesBefore(model, readings, reading);
      this.#weighJumps(model, readings, { at: reading, count });
      const otherRest = rest / sum * this.#weighStays(model, readings, { at: reading, count });
      const [explainedRest, renewed] = [rest / sum, renewal / sum];
      sum = 0;
      for (let index = 0; index < count; index++) {
        const [explained, other] = [forward[index]!, forward[count + index]!];
        const anew = renewed * (explained + other) + change * entry[index]!;
        const stayed = explainedRest * explained * stay[index]! + anew * jump[index]!;
        const stayedOther = otherRest * other + anew * jump[count + index]!;
        forward[index] = stayed;
        forward[count + index] = stayedOther;
        sum += stayed + stayedOther;
      }
    }
  }

  #goBackward(model: PosteriorModel, readings: Readings, { at, count }: Place): void {
    const [backward, next] = [this.#backward, this.#next];
    const [stay, jump, entry] = [this.#stay, this.#jump, this.#entry];
    backward.fill(1, 0, 2 * count);
    for (let reading = readings.timestamps.length - 1; reading > at; reading--) {
      const { change, renewal, rest } = movesBefore(model, readings, reading);
      this.#weighJumps(model, readings, { at: reading, count });
      const otherStay = this.#weighStays(model, readings, { at: reading, count });
      let [changed, sum] = [0, 0];
      for (let index = 0; index < count; index++) {
        const anew = jump[index]! * backward[index]! +
          jump[count + index]! * backward[count + index]!;
        next[index] = anew;
        changed += entry[index]! * anew;
        sum += anew;
      }
      // Only what they are beside each other counts.
      const explainedRest = rest / sum;
      const [otherRest, renewed, moved] = [
        explainedRest * otherStay,
        renewal / sum,
        change * changed / sum,
      ];
      for (let index = 0; index < count; index++) {
        const anew = renewed * next[index]! + moved;
        backward[index] = explainedRest * stay[index]! * backward[index]! + anew;
        backward[count + index] = otherRest * backward[count + index]! + anew;
      }
    }
  }

  #sumUp(
    states: JointStates,
    reading: number,
    { count, on }: { readonly count: number; readonly on: Float64Array },
  ): void {
    const [forward, backward, { chosen }] = [this.#forward, this.#backward, this.#likely];
    const { columnCount } = states;
    if (this.#watts.length !== columnCount) this.#watts = new Float64Array(columnCount);
    const watts = this.#watts;
    on.fill(0);
    watts.fill(0);
    let total = 0;
    for (let index = 0; index < 2 * count; index++) total += forward[index]! * backward[index]!;
    for (let index = 0; index < count; index++) {
      const explained = forward[index]! * backward[index]!;
      const share = explained + forward[count + index]! * backward[count + index]!;
      if (share < SHARE_MIN * total) continue;
      const state = chosen[index]!;
      const { drawn, surplus } = drawnOf(states, state, reading);
      for (let column = 0; column < columnCount; column++) {
        if (!isOn(states, state, column)) continue;
        const usual = drawn * states.columnW[column]!;
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

/**
 * What share of its watts each device draws in a state, since the voltage sags, and what is read beyond
 * that, for each W² by which its parts vary.
 */
function drawnOf(
  states: JointStates,
  state: number,
  reading: number,
): { readonly drawn: number; readonly surplus: number } {
  const { columnCount, columnW, columnVariance, sag } = states;
  let [watts, variance] = [columnW[columnCount]!, columnVariance[columnCount]!];
  for (let column = 0; column < columnCount; column++) {
    if (!isOn(states, state, column)) continue;
    watts += columnW[column]!;
    variance += columnVariance[column]!;
  }
  const power = sagged(watts, sag);
  return { drawn: power === watts ? 1 : power / watts, surplus: (reading - power) / variance };
}

interface Place {
  /** The reading that is asked for. */
  readonly at: number;
  /** States chosen. */
  readonly count: number;
}

/** Of which a product of two is a number, and not nothing. */
function boundedExp(exponent: number): number {
  return Math.exp(Math.min(EXPONENT_MAX, Math.max(-EXPONENT_MAX, exponent)));
}
