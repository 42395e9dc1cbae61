/** What is drawn of a test. Pure. */
import type { Trace } from "./evaluated.ts";
import type { Estimate } from "./methods/method.ts";
import type { Samples } from "./samples.ts";

/** The trace of an estimate of the samples `[from, …)`. */
export function traceOf(samples: Samples, from: number, { on }: Estimate): Trace {
  const { timestamps, powerW, states, devices, stepS } = samples;
  const known: number[] = [];
  for (let index = from; index < states.length; index++) {
    if (states[index] !== undefined) known.push(index);
  }
  return {
    timesS: known.map((index) => stepS * (timestamps[index]! - timestamps[from]!)),
    powerW: known.map((index) => powerW[index]!),
    devices: devices.map((name, device) => ({
      name,
      on: known.map((index) => Number(states[index]![device])),
      probability: known.map((index) => on[(index - from) * devices.length + device]!),
    })),
  };
}
