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
  /** Of how many devices the probability is told to anyone. */
  readonly told_devices: number;
  /** Mean distance of these from how often they were right, in tenths; null where there is none. */
  readonly calibration_error: number | null;
  /** As if all devices were told. */
  readonly calibration_error_all: number;
}

/** Judges the estimate of the samples `[from, …)`. */
export function figuresOf(
  samples: Samples,
  from: number,
  { on, watts, isTold }: Estimate,
): Figures {
  const { devices, states, devicesW } = samples;
  const count = devices.length;
  const [both, told, real] = [0, 0, 0].map(() => new Float64Array(count));
  const [toldCalibration, allCalibration] = [new Calibration(), new Calibration()];
  let [exact, judged, wrongW, energyW, measured] = [0, 0, 0, 0, 0];
  for (let index = from; index < states.length; index++) {
    const state = states[index];
    if (state === undefined) continue;
    judged++;
    let isExact = true;
    for (let device = 0; device < count; device++) {
      const at = (index - from) * count + device;
      const [probability, isOn] = [on[at]!, state[device]!];
      const isFound = probability >= 0.5;
      if (isFound) told![device]!++;
      if (isOn) real![device]!++;
      if (isOn && isFound) both![device]!++;
      if (isOn !== isFound) isExact = false;
      allCalibration.add(probability, isOn);
      if (isTold?.[device] !== false) toldCalibration.add(probability, isOn);
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
  return {
    devices: perDevice,
    micro_f1: share(2 * sum(both!), sum(told!) + sum(real!)),
    macro_f1: share(seen.reduce((total, { f1 }) => total + f1, 0), seen.length),
    exact_match: share(exact, judged),
    energy_accuracy: energyW > 0 ? 1 - wrongW / (2 * energyW) : null,
    mae_w: measured > 0 ? wrongW / measured : null,
    told_devices: isTold === undefined ? count : isTold.filter(Boolean).length,
    calibration_error: toldCalibration.error,
    calibration_error_all: allCalibration.error ?? 0,
  };
}

/** How far probabilities are from how often they were right. */
class Calibration {
  /** By tenth of the probability: the sum of probabilities, and how often it was on. */
  readonly #said = new Float64Array(BIN_COUNT);
  readonly #was = new Float64Array(BIN_COUNT);
  #count = 0;

  add(probability: number, isOn: boolean): void {
    const bin = Math.min(BIN_COUNT - 1, Math.floor(BIN_COUNT * probability));
    this.#said[bin]! += probability;
    if (isOn) this.#was[bin]!++;
    this.#count++;
  }

  /** Null where nothing was said. */
  get error(): number | null {
    if (this.#count === 0) return null;
    let distance = 0;
    this.#said.forEach((said, bin) => distance += Math.abs(said - this.#was[bin]!));
    return distance / this.#count;
  }
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
    told_devices: mean(({ told_devices }) => told_devices),
    calibration_error: meanOfKnown(all.map((each) => each.calibration_error)),
    calibration_error_all: mean(({ calibration_error_all }) => calibration_error_all),
  };
}

function meanOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
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
