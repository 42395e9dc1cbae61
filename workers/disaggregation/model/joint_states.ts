/**
 * The joint states that a model thinks possible: each a set of columns that are on, with its power,
 * how far power may be from that, and how likely it is. With few columns these are all sets; with
 * many, the vectors seen and their neighbours by one column. Pure.
 */
import type { Model } from "../../../shared/events.ts";

/** Up to so many columns every set of them is a state. */
export const COLUMNS_ALL_MAX = 14;
/** States of more columns, at most. */
const NEAR_STATES_MAX = 4_096;

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
  /** Which columns are on, a byte each, where it is not the index that says it. */
  readonly bits: Uint8Array | undefined;
}

/** Whether a column is on in a state. */
export function isOn({ bits, columnCount }: JointStates, state: number, column: number): boolean {
  return bits === undefined
    ? ((state >> column) & 1) === 1
    : bits[state * columnCount + column] === 1;
}

/** The joint states of a model. */
export function jointStates(model: Model): JointStates {
  const columnCount = model.columns.length;
  const states = columnCount <= COLUMNS_ALL_MAX ? allStates(model) : nearStates(model);
  const { count, weight, peak, occupancy, entry, variance } = states;
  for (let state = 0; state < count; state++) {
    weight[state] = Math.log(Math.max(occupancy[state]!, entry[state]!));
    peak[state] = weight[state]! - 0.5 * Math.log(2 * Math.PI * variance[state]!);
  }
  return states;
}

function allStates(model: Model): JointStates {
  const columns = model.columns;
  const count = 1 << columns.length;
  const states = emptyStates(count, columns.length, undefined);
  const { power, variance, entry, occupancy } = states;
  const covariance = squareOf(model);
  const size = columns.length + 1;
  const own = new Float64Array(count);
  own[0] = covariance[size * size - 1]!;
  power[0] = model.base;
  variance[0] = model.base_variance;
  const independent = new Float64Array(count);
  independent[0] = 1;
  for (let column = 0; column < columns.length; column++) {
    const { watts, variance: added, on_rate } = columns[column]!;
    const bit = 1 << column;
    const at = column * size;
    for (let below = 0; below < bit; below++) {
      const state = below | bit;
      power[state] = power[below]! + watts;
      variance[state] = variance[below]! + added;
      let cross = covariance[at + size - 1]!;
      for (let other = 0; other < column; other++) {
        if ((below >> other) & 1) cross += covariance[at + other]!;
      }
      own[state] = own[below]! + covariance[at + column]! + 2 * cross;
      independent[state] = independent[below]! * on_rate;
      independent[below]! *= 1 - on_rate;
    }
  }
  for (let state = 0; state < count; state++) {
    variance[state]! += Math.max(0, own[state]!);
    entry[state] = model.unseen * independent[state]!;
    occupancy[state] = entry[state]!;
  }
  addSeen(model, states, (bits) => {
    let state = 0;
    columns.forEach(({ devices }, column) => {
      if (bits[devices[0]!] === "1") state |= 1 << column;
    });
    return state;
  });
  return states;
}

/** The vectors seen, most entered first, and what differs from one of them in one column. */
function nearStates(model: Model): JointStates {
  const { columns } = model;
  const byBits = new Map<string, number>();
  const put = (bits: string) => {
    if (byBits.size < NEAR_STATES_MAX && !byBits.has(bits)) byBits.set(bits, byBits.size);
  };
  const seen = model.vectors.map(([bits]) => columnBits(model, bits));
  for (const bits of seen) put(bits);
  for (const bits of seen) {
    for (let column = 0; column < bits.length; column++) {
      put(bits.slice(0, column) + (bits[column] === "1" ? "0" : "1") + bits.slice(column + 1));
    }
  }
  const bytes = new Uint8Array(byBits.size * columns.length);
  const states = emptyStates(byBits.size, columns.length, bytes);
  const { covariance } = model;
  const independent = new Float64Array(states.count);
  for (const [bits, state] of byBits) {
    states.power[state] = model.base;
    states.variance[state] = model.base_variance + covariance[columns.length]!;
    let logarithm = 0;
    columns.forEach(({ watts, variance, on_rate }, column) => {
      logarithm += Math.log(bits[column] === "1" ? on_rate : 1 - on_rate);
      if (bits[column] === "0") return;
      bytes[state * columns.length + column] = 1;
      states.power[state]! += watts;
      states.variance[state]! += variance + covariance[column]!;
    });
    independent[state] = Math.exp(logarithm);
  }
  const sum = independent.reduce((total, each) => total + each, 0) || 1;
  for (let state = 0; state < states.count; state++) {
    states.entry[state] = model.unseen * independent[state]! / sum;
    states.occupancy[state] = states.entry[state]!;
  }
  addSeen(model, states, (bits) => byBits.get(columnBits(model, bits)));
  return states;
}

function columnBits({ columns }: Model, bits: string): string {
  return columns.map(({ devices }) => bits[devices[0]!]).join("");
}

function emptyStates(
  count: number,
  columnCount: number,
  bits: Uint8Array | undefined,
): JointStates {
  return {
    ...{ count, columnCount, bits },
    power: new Float64Array(count),
    variance: new Float64Array(count),
    entry: new Float64Array(count),
    occupancy: new Float64Array(count),
    weight: new Float64Array(count),
    peak: new Float64Array(count),
  };
}

/** Shares what is not unseen out among the vectors seen. */
function addSeen(
  { vectors, unseen }: Model,
  { entry, occupancy }: JointStates,
  stateOf: (bits: string) => number | undefined,
): void {
  let [entries, seconds] = [0, 0];
  for (const [, vectorEntries, vectorSeconds] of vectors) {
    entries += vectorEntries;
    seconds += vectorSeconds;
  }
  for (const [bits, vectorEntries, vectorSeconds] of vectors) {
    const state = stateOf(bits);
    if (state === undefined) continue;
    entry[state]! += (1 - unseen) * vectorEntries / entries;
    occupancy[state]! += (1 - unseen) * vectorSeconds / seconds;
  }
}

/** The covariance of a model as a whole matrix. */
function squareOf({ covariance, columns }: Model): Float64Array {
  const size = columns.length + 1;
  const square = new Float64Array(size * size);
  let at = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      square[row * size + column] = covariance[at]!;
      square[column * size + row] = covariance[at++]!;
    }
  }
  return square;
}
