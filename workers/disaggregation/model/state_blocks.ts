/**
 * Joint states in blocks of about the same power: of each what bounds how likely a reading makes any of
 * its states, so that blocks far from it need no look at each of theirs. Pure.
 */

/** States of a block, at most. */
const BLOCK_STATES = 16;

export interface StateBlocks {
  readonly count: number;
  /** The first state of each block; that of the next one is where it ends. */
  readonly start: Int32Array;
  /** Of the states of each block the least and the largest power, W. */
  readonly lowest: Float64Array;
  readonly highest: Float64Array;
  /** The largest variance, weight and peak: see `JointStates`. */
  readonly variance: Float64Array;
  readonly weight: Float64Array;
  readonly peak: Float64Array;
}

interface StateValues {
  readonly count: number;
  /** So many are those of sets, ascending by power; behind them are those of levels. */
  readonly setCount: number;
  readonly power: Float64Array;
  readonly variance: Float64Array;
  readonly weight: Float64Array;
  readonly peak: Float64Array;
}

/** The blocks of states. */
export function stateBlocks(states: StateValues): StateBlocks {
  const { count: stateCount, setCount, power } = states;
  const start: number[] = [];
  for (let state = 0; state < setCount; state += BLOCK_STATES) start.push(state);
  for (let state = setCount; state < stateCount; state += BLOCK_STATES) start.push(state);
  const count = start.length;
  start.push(stateCount);
  const values = (initial: number) => new Float64Array(count).fill(initial);
  const blocks = {
    ...{ count, start: Int32Array.from(start), lowest: values(Infinity) },
    ...{ highest: values(-Infinity), variance: values(0) },
    ...{ weight: values(-Infinity), peak: values(-Infinity) },
  };
  for (let block = 0; block < count; block++) {
    for (let state = start[block]!; state < start[block + 1]!; state++) {
      blocks.lowest[block] = Math.min(blocks.lowest[block]!, power[state]!);
      blocks.highest[block] = Math.max(blocks.highest[block]!, power[state]!);
      blocks.variance[block] = Math.max(blocks.variance[block]!, states.variance[state]!);
      blocks.weight[block] = Math.max(blocks.weight[block]!, states.weight[state]!);
      blocks.peak[block] = Math.max(blocks.peak[block]!, states.peak[state]!);
    }
  }
  return blocks;
}

/** All sets of columns, by number, ascending by power: each column merges the sets with it in. */
export function setsByPower(watts: readonly number[], power: Float64Array): Int32Array {
  let order = new Int32Array(1);
  watts.forEach((_, column) => {
    const bit = 1 << column;
    const merged = new Int32Array(2 * bit);
    let [without, having] = [0, 0];
    for (let at = 0; at < merged.length; at++) {
      const takesWithout = having === bit ||
        (without < bit && power[order[without]!]! <= power[order[having]! | bit]!);
      merged[at] = takesWithout ? order[without++]! : order[having++]! | bit;
    }
    order = merged;
  });
  return order;
}
