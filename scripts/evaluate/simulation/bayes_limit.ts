/**
 * What can be told of a simulated home at best, by anyone: the posterior of all joint states with the
 * true watts, noise and rates, by forward-backward over the readings around each. Pure.
 */
import type { Estimate, Readings } from "../methods/method.ts";
import type { Truth } from "./simulated_home.ts";

/** What is known of a home: the truth, or as much of it as can be. */
export interface Known extends Truth {
  /** Of each set of devices, how far off its watts may be, W²; without it not at all. */
  readonly setVariances?: Float64Array;
}

/** Readings that are taken in: from so long before the one that is judged until so long after it, s. */
export interface Context {
  readonly beforeS: number;
  readonly afterS: number;
}

export function bayesLimit(
  truth: Known,
  { timestamps, powerW }: Readings,
  { beforeS, afterS }: Context,
): Estimate {
  const deviceCount = truth.watts.length;
  const on = new Float64Array(timestamps.length * deviceCount);
  const likelihoods = Array.from(powerW, (reading) => likelihoodOf(truth, reading));
  const stays = Float64Array.from(timestamps, (second, index) => {
    return index === 0 ? 1 : Math.exp(-truth.changeRate * (second - timestamps[index - 1]!));
  });
  const count = 2 ** deviceCount;
  const [forward, backward] = [new Float64Array(count), new Float64Array(count)];
  let [from, to] = [0, 0];
  for (let index = 0; index < timestamps.length; index++) {
    while (timestamps[from]! < timestamps[index]! - beforeS) from++;
    while (to < timestamps.length && timestamps[to]! <= timestamps[index]! + afterS) to++;
    forward.fill(1 / count);
    for (let at = from; at <= index; at++) {
      if (at > from) redraw(forward, stays[at]!);
      weigh(forward, likelihoods[at]!);
    }
    backward.fill(1 / count);
    for (let at = to - 1; at > index; at--) {
      weigh(backward, likelihoods[at]!);
      redraw(backward, stays[at]!);
    }
    weigh(forward, backward);
    for (let device = 0; device < deviceCount; device++) {
      let sum = 0;
      for (let set = 0; set < count; set++) if ((set >> device) & 1) sum += forward[set]!;
      on[index * deviceCount + device] = sum;
    }
  }
  return { on, watts: on.map((each, at) => each * truth.watts[at % deviceCount]!) };
}

/** How likely each set of devices makes a reading, beside the likeliest. */
function likelihoodOf(
  { watts, baseW, noiseW, setVariances }: Known,
  reading: number,
): Float64Array {
  const off = new Float64Array(2 ** watts.length).fill(reading - baseW);
  watts.forEach((each, device) => {
    for (let set = 0; set < off.length; set++) if ((set >> device) & 1) off[set]! -= each;
  });
  const logarithms = off.map((each, set) => {
    const variance = noiseW ** 2 + (setVariances?.[set] ?? 0);
    return -0.5 * (each ** 2 / variance + Math.log(variance));
  });
  const best = logarithms.reduce((a, b) => Math.max(a, b));
  return logarithms.map((each) => Math.exp(each - best));
}

/** A pause in which no state was drawn anew with probability `stay`. Of sum 1, before and after. */
function redraw(belief: Float64Array, stay: number): void {
  const anew = (1 - stay) / belief.length;
  for (let set = 0; set < belief.length; set++) belief[set] = stay * belief[set]! + anew;
}

function weigh(belief: Float64Array, likelihood: Float64Array): void {
  let sum = 0;
  for (let set = 0; set < belief.length; set++) sum += belief[set]! *= likelihood[set]!;
  for (let set = 0; set < belief.length; set++) belief[set]! /= sum;
}
