/**
 * The states that some reading of a window makes likely. Only blocks of them are looked at whose bound
 * is not far below the best state found. Pure.
 */
import type { JointStates } from "./joint_states.ts";
import { type PosteriorModel, type Readings, STRAY_DENSITY } from "./posterior_model.ts";

/** States that are looked at in one window, at most. */
export const STATES_MAX = 400;
/** A state this much less likely than the best one at every reading is left out, in logarithms. */
const MARGIN = 12;
/** And so much less where only something undeclared could explain the reading: those are many. */
const UNDECLARED_MARGIN = 8;
const STRAY_LOGARITHM = Math.log(STRAY_DENSITY);
/** Into so many bins the margin is divided, to find the best states without sorting them. */
const BINS = 512;
/** Power below a state is no load; of what is undeclared so much is spread there. */
export const BELOW_SHARE = 0.1;
const BELOW_LOGARITHM = Math.log(BELOW_SHARE);

/** Chooses states, in memory that is used again. */
export class LikelyStates {
  /** Of the last call: the states, in their order. */
  readonly chosen = new Int32Array(STATES_MAX);
  /** Of each state: how far below the best one it is, at the reading where it is nearest to it. */
  #score = new Float64Array(0);
  #likely = new Float64Array(0);
  /** Of each block: whether it was looked at, at this reading. */
  #isNear = new Uint8Array(0);
  /** No state of it is likelier than that. */
  #bound = new Float64Array(0);
  readonly #bins = new Int32Array(BINS);
  /** Logarithms of the density of what is undeclared at a state, and of how it thins out a W. */
  #above = 0;
  #below = 0;
  #perW = 0;

  /** Chooses the states of a window. Returns how many. */
  choose(model: PosteriorModel, { consumption }: Readings): number {
    const { states, undeclaredRate, undeclaredW } = model;
    this.#reserve(states);
    this.#perW = 1 / undeclaredW;
    this.#above = Math.log(undeclaredRate / undeclaredW) + UNDECLARED_MARGIN - MARGIN;
    this.#below = this.#above + BELOW_LOGARITHM;
    for (let reading = 0; reading < consumption.length; reading++) {
      const watts = consumption[reading]!;
      if (reading > 0 && watts === consumption[reading - 1]) continue;
      this.#scoreBy(states, watts);
    }
    return this.#keepBest(states);
  }

  #reserve({ count }: JointStates): void {
    if (this.#score.length < count) {
      this.#score = new Float64Array(2 * count);
      this.#likely = new Float64Array(2 * count);
      this.#isNear = new Uint8Array(2 * count);
      this.#bound = new Float64Array(2 * count);
    }
    this.#score.fill(-Infinity, 0, count);
  }

  /** How likely each state near a reading is beside the best one. */
  #scoreBy(states: JointStates, watts: number): void {
    const { count, lowest, highest } = states.blocks;
    const [bound, isNear] = [this.#bound, this.#isNear];
    let best = -Infinity;
    this.#boundBlocks(states, watts);
    // Those around the reading come first: beside them most others need no look.
    for (let block = 0; block < count; block++) {
      isNear[block] = watts >= lowest[block]! && watts <= highest[block]! ? 1 : 0;
      if (isNear[block] === 1) best = Math.max(best, this.#look(states, watts, block));
    }
    for (let block = 0; block < count; block++) {
      if (isNear[block] === 1 || bound[block]! < best - MARGIN) continue;
      isNear[block] = 1;
      best = Math.max(best, this.#look(states, watts, block));
    }
    for (let block = 0; block < count; block++) {
      if (isNear[block] === 1) this.#raise(states, block, best);
    }
  }

  /** How likely a reading can make a state of each block at most. */
  #boundBlocks({ blocks }: JointStates, watts: number): void {
    const { count, lowest, highest, variance, weight, peak } = blocks;
    const [bound, perW] = [this.#bound, this.#perW];
    for (let block = 0; block < count; block++) {
      const over = watts - highest[block]!;
      const under = lowest[block]! - watts;
      const off = over > 0 ? over : under > 0 ? under : 0;
      const near = peak[block]! - 0.5 * off * off / variance[block]!;
      const other = under > 0 ? this.#below - under * perW : this.#above - off * perW;
      const stray = weight[block]! + (other > STRAY_LOGARITHM ? other : STRAY_LOGARITHM);
      bound[block] = near > stray ? near : stray;
    }
  }

  /** How likely a reading makes each state of a block. Returns the most. */
  #look({ power, variance, weight, peak, blocks }: JointStates, watts: number, block: number) {
    const [likely, above, below, perW] = [this.#likely, this.#above, this.#below, this.#perW];
    const end = blocks.start[block + 1]!;
    let best = -Infinity;
    for (let state = blocks.start[block]!; state < end; state++) {
      const off = watts - power[state]!;
      let each = peak[state]! - 0.5 * off * off / variance[state]!;
      const other = off >= 0 ? above - off * perW : below + off * perW;
      const stray = weight[state]! + (other > STRAY_LOGARITHM ? other : STRAY_LOGARITHM);
      if (stray > each) each = stray;
      likely[state] = each;
      if (each > best) best = each;
    }
    return best;
  }

  #raise({ blocks }: JointStates, block: number, best: number): void {
    const [score, likely] = [this.#score, this.#likely];
    const end = blocks.start[block + 1]!;
    for (let state = blocks.start[block]!; state < end; state++) {
      const each = likely[state]! - best;
      if (each > score[state]!) score[state] = each;
    }
  }

  /** The states within the margin, or of them the best; of those about as good the first. */
  #keepBest({ count }: JointStates): number {
    const [score, chosen] = [this.#score, this.chosen];
    let { full, room } = this.#binsToKeep(count);
    let kept = 0;
    for (let state = 0; state < count; state++) {
      const each = score[state]!;
      if (each < -MARGIN) continue;
      const bin = binOf(each);
      if (bin > full || (bin === full && room-- <= 0)) continue;
      chosen[kept++] = state;
    }
    return kept;
  }

  /** How many bins of states there is room for, and for how many states of the next one. */
  #binsToKeep(count: number): { full: number; room: number } {
    const [score, bins] = [this.#score, this.#bins];
    bins.fill(0);
    for (let state = 0; state < count; state++) {
      if (score[state]! >= -MARGIN) bins[binOf(score[state]!)]!++;
    }
    let room = STATES_MAX;
    for (let full = 0; full < BINS; full++) {
      if (bins[full]! > room) return { full, room };
      room -= bins[full]!;
    }
    return { full: BINS, room };
  }
}

function binOf(score: number): number {
  return Math.min(BINS - 1, (-score * (BINS / MARGIN)) | 0);
}
