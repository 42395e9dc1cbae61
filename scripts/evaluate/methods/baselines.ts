/** What ours has to beat, plainly: the majority, and combinatorial optimisation. */
import { labelledWatts, powerOfSets } from "./labelled_watts.ts";
import type { Method } from "./method.ts";

/** More devices have too many sets. */
export const DEVICES_MAX = 14;

/** Each device is always what it mostly was. */
export const majority: Method = {
  estimate(labels, { timestamps }) {
    const { deviceCount, onShare, watts: deviceW } = labelledWatts(labels);
    const on = new Float64Array(timestamps.length * deviceCount);
    const watts = new Float64Array(timestamps.length * deviceCount);
    for (let at = 0; at < on.length; at++) {
      const device = at % deviceCount;
      on[at] = onShare[device]! >= 0.5 ? 1 : 0;
      watts[at] = on[at]! * deviceW[device]!;
    }
    return { on, watts };
  },
};

/** Of all sets of devices that whose power is nearest (Hart's combinatorial optimisation). */
export const combinatorial: Method = {
  estimate(labels, { powerW }) {
    const learned = labelledWatts(labels);
    const { deviceCount, watts: deviceW } = learned;
    if (deviceCount > DEVICES_MAX) return undefined;
    const power = powerOfSets(learned);
    const order = Array.from(power.keys()).filter((set) => Number.isFinite(power[set]))
      .sort((a, b) => power[a]! - power[b]!);
    const sorted = Float64Array.from(order, (set) => power[set]!);
    const on = new Float64Array(powerW.length * deviceCount);
    const watts = new Float64Array(powerW.length * deviceCount);
    powerW.forEach((reading, index) => {
      const set = order[nearest(sorted, reading)]!;
      for (let device = 0; device < deviceCount; device++) {
        if (((set >> device) & 1) === 0) continue;
        on[index * deviceCount + device] = 1;
        watts[index * deviceCount + device] = deviceW[device]!;
      }
    });
    return { on, watts };
  },
};

/** The index of the value that is nearest. */
function nearest(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  const isBelow = low > 0 && value - sorted[low - 1]! < sorted[low]! - value;
  return isBelow ? low - 1 : low;
}
