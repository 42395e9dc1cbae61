/** What the plain methods take from labels: watts by least squares, noise, rates of switching. */
import type { TrainingDataset } from "../../../shared/events.ts";
import { solveNonNegative } from "../../../workers/disaggregation/model/least_squares.ts";

/** So that devices that never changed have watts of nothing. */
const RIDGE = 1e-6;
/** Neighbours that are further apart say nothing of switching, s. */
const NEIGHBOUR_S = 5;

export interface LabelledWatts {
  readonly deviceCount: number;
  /** Of each device, and behind them the base load. */
  readonly watts: Float64Array;
  /** Mean square of what they do not explain, W². */
  readonly variance: number;
  /** Share of labelled seconds in which each is on. */
  readonly onShare: readonly number[];
  /** Probability to be on after a second: of each device while off, and while on. */
  readonly turnsOn: readonly number[];
  readonly staysOn: readonly number[];
}

export function labelledWatts(labels: readonly TrainingDataset[]): LabelledWatts {
  const deviceCount = labels[0]!.state_bitmaps[0]!.length;
  const size = deviceCount + 1;
  const matrix = new Float64Array(size * size);
  const right = new Float64Array(size);
  const on = new Array<number>(deviceCount).fill(0);
  const moves = Array.from({ length: deviceCount }, () => [[1, 1], [1, 1]]);
  let count = 0;
  for (const { timestamps, consumption, state_bitmaps } of labels) {
    state_bitmaps.forEach((bitmap, index) => {
      const row = [...bitmap.map(Number), 1];
      count++;
      row.forEach((value, a) => {
        if (value === 0) return;
        if (a < deviceCount) on[a]!++;
        right[a]! += consumption[index]!;
        row.forEach((other, b) => matrix[a * size + b]! += other);
      });
      if (index === 0 || timestamps[index]! - timestamps[index - 1]! > NEIGHBOUR_S) return;
      bitmap.forEach((isOn, device) =>
        moves[device]![Number(state_bitmaps[index - 1]![device])]![Number(isOn)]!++
      );
    });
  }
  for (let device = 0; device < size; device++) matrix[device * size + device]! += RIDGE * count;
  const watts = solveNonNegative(matrix, right, new Set([deviceCount]));
  let squares = 0;
  for (const { consumption, state_bitmaps } of labels) {
    state_bitmaps.forEach((bitmap, index) => {
      let power = watts[deviceCount]!;
      bitmap.forEach((isOn, device) => power += isOn ? watts[device]! : 0);
      squares += (consumption[index]! - power) ** 2;
    });
  }
  const rate = (device: number, from: 0 | 1) => {
    const [off, stays] = moves[device]![from]!;
    return stays! / (off! + stays!);
  };
  return {
    deviceCount,
    watts,
    variance: Math.max(1, squares / count),
    onShare: on.map((each) => each / count),
    turnsOn: on.map((_, device) => rate(device, 0)),
    staysOn: on.map((_, device) => rate(device, 1)),
  };
}

/** Power of every set of devices, W; infinite where one is on that never was, or off that always was not. */
export function powerOfSets({ watts, deviceCount, onShare }: LabelledWatts): Float64Array {
  const power = new Float64Array(2 ** deviceCount).fill(watts[deviceCount]!);
  for (let device = 0; device < deviceCount; device++) {
    const bit = 1 << device;
    for (let set = 0; set < bit; set++) {
      power[set | bit] = onShare[device] === 0 ? Infinity : power[set]! + watts[device]!;
      if (onShare[device] === 1) power[set] = Infinity;
    }
  }
  return power;
}
