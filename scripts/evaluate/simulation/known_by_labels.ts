/**
 * What the labels of a simulated home tell of it at best, by anyone: the watts of its devices and their
 * covariance (Bayesian linear regression), of all labelled readings, each of the state in which it
 * was truly read, with the true noise and rates. Pure.
 */
import { inverseOf } from "../../../workers/disaggregation/model/least_squares.ts";
import type { Known } from "./bayes_limit.ts";
import type { SimulatedHome } from "./simulated_home.ts";

/** Before any label. */
const PRIOR_DEVIATION_W = 2_000;

export function knownByLabels({ truth, labels, labelledStates }: SimulatedHome): Known {
  const { noiseW } = truth;
  // The last one is the base load.
  const size = truth.watts.length + 1;
  const matrix = new Float64Array(size * size);
  const right = new Float64Array(size);
  for (let row = 0; row < size; row++) matrix[row * size + row] = PRIOR_DEVIATION_W ** -2;
  labelledStates.forEach((state, reading) => {
    const on = onIn(state);
    for (const row of on) {
      right[row]! += labels.consumption[reading]! / noiseW ** 2;
      for (const column of on) matrix[row * size + column]! += noiseW ** -2;
    }
  });
  const covariance = inverseOf(matrix, size);
  const watts = Array.from(right, (_, row) => {
    const own = covariance.subarray(row * size, (row + 1) * size);
    return own.reduce((sum, each, column) => sum + each * right[column]!, 0);
  });
  const setVariances = Float64Array.from({ length: 2 ** truth.watts.length }, (_, set) => {
    const on = onIn(truth.watts.map((_, device) => ((set >> device) & 1) === 1));
    let variance = 0;
    for (const row of on) for (const column of on) variance += covariance[row * size + column]!;
    return variance;
  });
  return { ...truth, watts: watts.slice(0, -1), baseW: watts.at(-1)!, setVariances };
}

/** What takes power in a state: devices, and behind them the base load. */
function onIn(state: readonly boolean[]): number[] {
  return [...state.keys()].filter((device) => state[device]).concat(state.length);
}
