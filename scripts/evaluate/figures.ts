/** How right an estimate is. Pure. */
import type { Estimate } from "./methods/method.ts";
import type { Samples } from "./samples.ts";

const BIN_COUNT = 10;

export interface DeviceFigures {
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Seconds in which it is on. */
  readonly support: number;
}

export interface Figures {
  readonly devices: readonly DeviceFigures[];
  /** Of all devices together. */
  readonly micro_f1: number;
  /** Mean of the devices that are ever on in the test. */
  readonly macro_f1: number;
  /** Share of seconds at which all devices are right. */
  readonly exact_match: number;
  /** 1 less half of the energy that is given to the wrong device; null where no watts are known. */
  readonly energy_accuracy: number | null;
  /** Mean distance of a device's watts, W. */
  readonly mae_w: number | null;
  /** Mean distance of probabilities from how often they were right, in tenths. */
  readonly calibration_error: number;
}

/** Judges the estimate of the samples `[from, …)`. */
export function figuresOf(samples: Samples, from: number, { on, watts }: Estimate): Figures {
  const { devices, states, devicesW } = samples;
  const count = devices.length;
  const [both, told, real] = [0, 0, 0].map(() => new Float64Array(count));
  const bins = new Float64Array(3 * BIN_COUNT);
  let [exact, judged, wrongW, energyW, measured] = [0, 0, 0, 0, 0];
  for (let index = from; index < states.length; index++) {
    const state = states[index];
    if (state === undefined) continue;
    judged++;
    let isExact = true;
    for (let device = 0; device < count; device++) {
      const at = (index - from) * count + device;
      const [probability, isOn] = [on[at]!, state[device]!];
      const isTold = probability >= 0.5;
      if (isTold) told![device]!++;
      if (isOn) real![device]!++;
      if (isOn && isTold) both![device]!++;
      if (isOn !== isTold) isExact = false;
      const bin = Math.min(BIN_COUNT - 1, Math.floor(BIN_COUNT * probability));
      bins[3 * bin]!++;
      bins[3 * bin + 1]! += probability;
      if (isOn) bins[3 * bin + 2]!++;
      const trueW = devicesW?.[device]?.[index] ?? NaN;
      if (Number.isNaN(trueW)) continue;
      wrongW += Math.abs(watts[at]! - trueW);
      energyW += trueW;
      measured++;
    }
    if (isExact) exact++;
  }
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  const perDevice = devices.map((name, device) => ({
    name,
    precision: share(both![device]!, told![device]!),
    recall: share(both![device]!, real![device]!),
    f1: share(2 * both![device]!, told![device]! + real![device]!),
    support: real![device]!,
  }));
  const seen = perDevice.filter(({ support }) => support > 0);
  let distance = 0;
  for (let bin = 0; bin < BIN_COUNT; bin++) {
    distance += Math.abs(bins[3 * bin + 1]! - bins[3 * bin + 2]!);
  }
  return {
    devices: perDevice,
    micro_f1: share(2 * sum(both!), sum(told!) + sum(real!)),
    macro_f1: share(seen.reduce((total, { f1 }) => total + f1, 0), seen.length),
    exact_match: share(exact, judged),
    energy_accuracy: energyW > 0 ? 1 - wrongW / (2 * energyW) : null,
    mae_w: measured > 0 ? wrongW / measured : null,
    calibration_error: share(distance, judged * count),
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** The mean of figures of the same devices. */
export function meanOf(all: readonly Figures[]): Figures {
  const mean = (pick: (figures: Figures) => number) =>
    all.reduce((sum, figures) => sum + pick(figures), 0) / all.length;
  const meanOrNull = (key: "energy_accuracy" | "mae_w") =>
    all.some((figures) => figures[key] === null) ? null : mean((figures) => figures[key]!);
  return {
    devices: all[0]!.devices.map(({ name }, device) => ({
      name,
      precision: mean(({ devices }) => devices[device]!.precision),
      recall: mean(({ devices }) => devices[device]!.recall),
      f1: mean(({ devices }) => devices[device]!.f1),
      support: mean(({ devices }) => devices[device]!.support),
    })),
    micro_f1: mean(({ micro_f1 }) => micro_f1),
    macro_f1: mean(({ macro_f1 }) => macro_f1),
    exact_match: mean(({ exact_match }) => exact_match),
    energy_accuracy: meanOrNull("energy_accuracy"),
    mae_w: meanOrNull("mae_w"),
    calibration_error: mean(({ calibration_error }) => calibration_error),
  };
}

/** Of several recordings as one: all their devices, and the mean of the rest. */
export function joined(
  all: readonly { readonly household: string; readonly figures: Figures }[],
): Figures {
  if (all.length === 1) return all[0]!.figures;
  const devices = all.flatMap(({ household, figures }) =>
    figures.devices.map((device) => ({ ...device, name: `${household}/${device.name}` }))
  );
  return { ...meanOf(all.map(({ figures }) => ({ ...figures, devices: [] }))), devices };
}
