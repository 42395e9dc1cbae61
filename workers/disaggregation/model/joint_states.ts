/**
 * The joint states that a model thinks possible: each a set of columns that are on, with its power,
 * how far power may be from that, and how likely it is. Sets that were declared are states at each of
 * the levels that were measured. Beside them, with few columns, stand all sets, with many those that
 * differ in one column from a declared one, at the sum of their columns' watts, less the sag. Pure.
 */
import type { Model } from "../../../shared/events.ts";
import { sagged, squaredKW } from "./sag.ts";
import { setsByPower, type StateBlocks, stateBlocks } from "./state_blocks.ts";

/** Up to so many columns every set of them is a state. */
export const COLUMNS_ALL_MAX = 14;
/** Sets of more columns, at most. */
const NEAR_SETS_MAX = 4_096;

export interface JointStates {
  readonly count: number;
  readonly columnCount: number;
  /** Power of each state, W. */
  readonly power: Float64Array;
  /** Variance of a reading about it, W². */
  readonly variance: Float64Array;
  /** Probability that a change leads to it. */
  readonly entry: Float64Array;
  /** Probability of being in it. */
  readonly occupancy: Float64Array;
  /** Logarithm of the larger of these two. */
  readonly weight: Float64Array;
  /** And of the density of a reading at `power`, weighed by it. */
  readonly peak: Float64Array;
  /** The set of each state. */
  readonly set: Int32Array;
  /** States of sets at what their columns take: the first so many, ascending by power. */
  readonly setCount: number;
  readonly blocks: StateBlocks;
  /** What each column takes, and the variance that it adds; behind them those of the base. */
  readonly columnW: Float64Array;
  readonly columnVariance: Float64Array;
  /** What all take together is less by this: see sag.ts. */
  readonly sag: number;
  /** Which columns are on in a set, a byte each, where it is not the number of the set that says it. */
  readonly bits: Uint8Array | undefined;
}

/** Whether a column is on in a state. */
export function isOn(states: JointStates, state: number, column: number): boolean {
  const { bits, columnCount, set } = states;
  const number = set[state]!;
  return bits === undefined
    ? ((number >> column) & 1) === 1
    : bits[number * columnCount + column] === 1;
}

/** The joint states of a model. */
export function jointStates(model: Model): JointStates {
  const sets = model.columns.length <= COLUMNS_ALL_MAX ? allSets(model) : nearSets(model);
  const levelCount = model.vectors.reduce((sum, { levels }) => sum + levels.length, 0);
  const count = sets.count + levelCount;
  const values = () => new Float64Array(count);
  const states = {
    ...{ count, setCount: sets.count, columnCount: model.columns.length, bits: sets.bits },
    ...{ power: values(), variance: values(), entry: values(), occupancy: values() },
    ...{ weight: values(), peak: values(), set: new Int32Array(count) },
    columnW: Float64Array.from([...model.columns.map(({ watts }) => watts), model.base]),
    columnVariance: Float64Array.from([
      ...model.columns.map(({ variance }) => variance),
      model.base_variance,
    ]),
    sag: model.sag ?? 0,
  };
  sets.order.forEach((set, state) => {
    states.set[state] = set;
    states.power[state] = sets.power[set]!;
    states.variance[state] = sets.variance[set]!;
    states.entry[state] = model.unseen * sets.share[set]!;
    states.occupancy[state] = states.entry[state]!;
  });
  addLevels(model, sets, states);
  const { weight, peak, occupancy, entry, variance } = states;
  for (let state = 0; state < count; state++) {
    weight[state] = Math.log(Math.max(occupancy[state]!, entry[state]!));
    peak[state] = weight[state]! - 0.5 * Math.log(2 * Math.PI * variance[state]!);
  }
  return { ...states, blocks: stateBlocks(states) };
}

/** Sets of columns, by number. */
interface ColumnSets {
  readonly count: number;
  /** Their numbers, ascending by power. */
  readonly order: Int32Array;
  readonly power: Float64Array;
  readonly variance: Float64Array;
  /** How likely each is, if columns are on independently. */
  readonly share: Float64Array;
  readonly bits: Uint8Array | undefined;
  /** The number of the set of a declared vector. */
  numberOf(bits: string): number;
}

/** What is not unseen is shared out among the levels of the declared vectors. */
function addLevels(
  model: Model,
  sets: ColumnSets,
  states: Omit<JointStates, "blocks">,
): void {
  const { unseen } = model;
  const vectors = model.vectors.filter(({ levels }) => levels.length > 0);
  let [entries, seconds] = [0, 0];
  for (const vector of vectors) {
    entries += vector.entries;
    seconds += vector.seconds;
  }
  let state = sets.count;
  for (const vector of vectors) {
    const set = sets.numberOf(vector.bits);
    for (const [power, variance, share] of vector.levels) {
      states.set[state] = set;
      states.power[state] = power;
      states.variance[state] = variance;
      states.entry[state] = (1 - unseen) * share * vector.entries / entries;
      states.occupancy[state] = (1 - unseen) * share * vector.seconds / seconds;
      state++;
    }
  }
}

function allSets(model: Model): ColumnSets {
  const { columns } = model;
  const count = 1 << columns.length;
  const [power, variance, share] = [0, 0, 0].map(() => new Float64Array(count));
  const own = new Float64Array(count);
  const { covariance, size } = squareOf(model);
  const base = columns.length;
  /** Covariance of the watts of a set with the sag, where the model knows one. */
  const withSag = new Float64Array(count);
  const isSagging = model.sag !== undefined;
  own[0] = covariance[base * size + base]!;
  if (isSagging) withSag[0] = covariance[base * size + base + 1]!;
  power![0] = model.base;
  variance![0] = model.base_variance;
  share![0] = 1;
  columns.forEach(({ watts, variance: added, on_rate }, column) => {
    const bit = 1 << column;
    const at = column * size;
    for (let below = 0; below < bit; below++) {
      const set = below | bit;
      power![set] = power![below]! + watts;
      variance![set] = variance![below]! + added;
      let cross = covariance[at + base]!;
      for (let other = 0; other < column; other++) {
        if ((below >> other) & 1) cross += covariance[at + other]!;
      }
      own[set] = own[below]! + covariance[at + column]! + 2 * cross;
      if (isSagging) withSag[set] = withSag[below]! + covariance[at + base + 1]!;
      share![set] = share![below]! * on_rate;
      share![below]! *= 1 - on_rate;
    }
  });
  const sagVariance = isSagging ? covariance[size * size - 1]! : 0;
  for (let set = 0; set < count; set++) {
    power![set] = sagged(power![set]!, model.sag ?? 0);
    const square = squaredKW(power![set]!);
    const known = own[set]! - 2 * square * withSag[set]! + square * square * sagVariance;
    variance![set]! += Math.max(0, known);
  }
  const numberOf = (bits: string) => {
    let set = 0;
    columns.forEach(({ devices }, column) => {
      if (bits[devices[0]!] === "1") set |= 1 << column;
    });
    return set;
  };
  const order = setsByPower(columns.map(({ watts }) => watts), power!);
  return {
    ...{ count, order, power: power!, variance: variance!, share: share! },
    ...{ bits: undefined, numberOf },
  };
}

/** The vectors declared, and what differs from one of them in one column. */
function nearSets(model: Model): ColumnSets {
  const { columns, covariance } = model;
  const numbers = new Map<string, number>();
  const put = (bits: string) => {
    if (numbers.size < NEAR_SETS_MAX && !numbers.has(bits)) numbers.set(bits, numbers.size);
  };
  const seen = model.vectors.map(({ bits }) => columnBits(model, bits));
  for (const bits of seen) put(bits);
  for (const bits of seen) {
    for (let column = 0; column < bits.length; column++) {
      put(bits.slice(0, column) + (bits[column] === "1" ? "0" : "1") + bits.slice(column + 1));
    }
  }
  const count = numbers.size;
  const bytes = new Uint8Array(count * columns.length);
  const [power, variance, share] = [0, 0, 0].map(() => new Float64Array(count));
  for (const [bits, set] of numbers) {
    power![set] = model.base;
    variance![set] = model.base_variance + covariance[columns.length]!;
    let logarithm = 0;
    columns.forEach(({ watts, variance: added, on_rate }, column) => {
      logarithm += Math.log(bits[column] === "1" ? on_rate : 1 - on_rate);
      if (bits[column] === "0") return;
      bytes[set * columns.length + column] = 1;
      power![set]! += watts;
      variance![set]! += added + covariance[column]!;
    });
    share![set] = Math.exp(logarithm);
  }
  const sum = share!.reduce((total, each) => total + each, 0) || 1;
  for (let set = 0; set < count; set++) share![set]! /= sum;
  const numberOf = (bits: string) => numbers.get(columnBits(model, bits))!;
  const order = Int32Array.from({ length: count }, (_, set) => set)
    .sort((one, other) => power![one]! - power![other]!);
  return {
    ...{ count, order, power: power!, variance: variance!, share: share! },
    ...{ bits: bytes, numberOf },
  };
}

function columnBits({ columns }: Model, bits: string): string {
  return columns.map(({ devices }) => bits[devices[0]!]).join("");
}

/** The covariance of a model as a whole matrix. */
function squareOf(
  { covariance, columns, sag }: Model,
): { readonly covariance: Float64Array; readonly size: number } {
  const size = columns.length + (sag === undefined ? 1 : 2);
  const square = new Float64Array(size * size);
  let at = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      square[row * size + column] = covariance[at]!;
      square[column * size + row] = covariance[at++]!;
    }
  }
  return { covariance: square, size };
}
