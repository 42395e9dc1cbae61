/** A simulated home in which people switch one device after the other. */
import { Random } from "../../../workers/simulator/random.ts";

const DEVICES = { min: 3, max: 7 };
const DEVICE_W = { min: 20, max: 2500 };
/** Mean time that a device stays on or off, s. */
const STAY_S = 75;
const BASE_W = 80;
const NOISE_W = 5;

export interface Home {
  readonly seed: number;
  readonly devicesW: readonly number[];
  /** Which devices are on, second by second. */
  readonly states: readonly (readonly boolean[])[];
  readonly readings: readonly (readonly [second: number, watts: number])[];
}

export function homeOf(
  seed: number,
  { startS, seconds, readings: pace }: {
    readonly startS: number;
    readonly seconds: number;
    readonly readings: "each second" | "every 1 to 3 s";
  },
): Home {
  const random = new Random(seed, "home");
  const devicesW = Array.from(
    { length: random.integer(DEVICES.min, DEVICES.max) },
    () => DEVICE_W.min * (DEVICE_W.max / DEVICE_W.min) ** random.uniform(),
  );
  const state = devicesW.map(() => random.chance(0.4));
  const states: boolean[][] = [];
  const readings: [number, number][] = [];
  let next = 0;
  for (let second = 0; second < seconds; second++) {
    for (const device of devicesW.keys()) {
      if (random.chance(1 / STAY_S)) state[device] = !state[device];
    }
    states.push([...state]);
    if (second < next) continue;
    next = second + (pace === "each second" ? 1 : random.integer(1, 3));
    let watts = BASE_W + NOISE_W * random.normal();
    state.forEach((isOn, device) => watts += isOn ? devicesW[device]! : 0);
    readings.push([startS + second, Math.round(10 * watts) / 10]);
  }
  return { seed, devicesW, states, readings };
}
