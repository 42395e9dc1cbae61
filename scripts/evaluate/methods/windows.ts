/** A model's word on each reading, by the window of which it is the middle second. */
import { devicesOn, type ReadyModel } from "../../../workers/disaggregation/model/disaggregate.ts";
import { PosteriorSmoother } from "../../../workers/disaggregation/model/posterior.ts";
import type { Estimate, Readings } from "./method.ts";

/** Windows are `[second - 7, second + 8)`. */
const BEFORE_S = 7;
const AFTER_S = 8;

/** Judges every device, also those of which the worker would say that it cannot tell them. */
export function disaggregateAll(ready: ReadyModel, { timestamps, powerW }: Readings): Estimate {
  const smoother = new PosteriorSmoother();
  const { devices } = ready.model;
  const count = devices.length;
  const on = new Float64Array(timestamps.length * count);
  const watts = new Float64Array(timestamps.length * count);
  let [from, to] = [0, 0];
  for (let index = 0; index < timestamps.length; index++) {
    const second = timestamps[index]!;
    while (timestamps[from]! < second - BEFORE_S) from++;
    while (to < timestamps.length && timestamps[to]! < second + AFTER_S) to++;
    const window = {
      timestamps: timestamps.subarray(from, to),
      consumption: powerW.subarray(from, to),
    };
    devicesOn(ready, window, index - from, smoother).forEach((estimate, device) => {
      const isAlwaysOn = devices[device]!.status === "always_on";
      on[index * count + device] = estimate?.probability ?? (isAlwaysOn ? 1 : 0);
      watts[index * count + device] = estimate?.watts ?? 0;
    });
  }
  return { on, watts, isTold: devices.map(({ status }) => status === "known") };
}
