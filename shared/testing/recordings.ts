/**
 * Recordings of households to replay in tests, made by a seeded generator with what real ones have:
 * a load that drifts and is noisy, devices that come and go, gaps, meters that report every 5 s, means
 * of a minute. The columns are those of `workers/simulator/recordings/`.
 */

import { seededRandom } from "./seeded_random.ts";

/** What kinds of recordings there are. */
export type RecordingKind = "laboratory" | "home" | "minutes";

interface Device {
  readonly name: string;
  readonly watts: number;
  /** Mean durations, s. */
  readonly onS: number;
  readonly offS: number;
}

interface Shape {
  readonly devices: readonly Device[];
  /** Length of the recording, s. */
  readonly lengthS: number;
  /** Seconds from row to row; a value is the mean over them. */
  readonly stepS: number;
  /** The meters report that often, and a value stands until the next one. */
  readonly nativeS: number;
  /** Load of everything that has no meter of its own, W; 0 where the total is the devices' sum. */
  readonly baseW: number;
  /** Rows from gap to gap, and in a gap, on average; none where 0. */
  readonly gaps: { readonly everyRows: number; readonly rows: number };
  readonly decimals: number;
}

const KETTLE: Device = { name: "kettle", watts: 2_000, onS: 40, offS: 90 };
const VACUUM: Device = { name: "vacuum", watts: 900, onS: 60, offS: 120 };
const FRIDGE: Device = { name: "refrigerator", watts: 95, onS: 400, offS: 700 };
const TELEVISION: Device = { name: "tv_lcd", watts: 140, onS: 3_600, offS: 1_800 };
const LAMP: Device = { name: "lamp", watts: 35, onS: 900, offS: 600 };

const SHAPES: Readonly<Record<RecordingKind, Shape>> = {
  /** A bench with a meter in the mains, every second. */
  laboratory: {
    devices: [KETTLE, VACUUM, { ...KETTLE, name: "water_heater", watts: 1_400 }],
    ...{ lengthS: 620, stepS: 1, nativeS: 1, baseW: 9, decimals: 1 },
    gaps: { everyRows: 0, rows: 0 },
  },
  /** Plug meters that report every 5 s, on a grid of a second, and now and then nothing. */
  home: {
    devices: [FRIDGE, TELEVISION, LAMP, { ...KETTLE, offS: 1_200 }],
    ...{ lengthS: 5_400, stepS: 1, nativeS: 5, baseW: 0, decimals: 0 },
    gaps: { everyRows: 120, rows: 8 },
  },
  /** Means of a minute, as public datasets have them. */
  minutes: {
    devices: [{ ...KETTLE, onS: 150, offS: 7_200 }, { ...FRIDGE, name: "dishwasher" }],
    ...{ lengthS: 86_400, stepS: 60, nativeS: 1, baseW: 240, decimals: 1 },
    gaps: { everyRows: 300, rows: 5 },
  },
};

/** A device counts as on above this share of its power. */
const ON_SHARE = 0.2;
const NOISE = 0.03;
const START_MS = Date.UTC(2025, 2, 3, 18);

/** A recording as CSV: the same for the same kind and seed. */
export function makeRecording(kind: RecordingKind, seed: number): string {
  const shape = SHAPES[kind];
  const { devices, stepS, lengthS, nativeS, baseW, gaps, decimals } = shape;
  const random = seededRandom(seed);
  const meters = devices.map((device) => new Meter(device, random));
  const names = meters.map(({ name }) => name);
  const on = names.map((name) => `${name}_on`);
  const lines = [
    ["timestamp", "total_power_w", ...names.map((name) => `${name}_w`), ...on].join(","),
  ];
  let base = baseW;
  let gapRows = 0;
  for (let second = 0; second < lengthS; second += stepS) {
    const sums = meters.map(() => 0);
    let baseSum = 0;
    for (let within = 0; within < stepS; within++) {
      const isReport = (second + within) % nativeS === 0;
      meters.forEach((meter, index) => sums[index]! += meter.next(isReport));
      // Drifts, and comes back.
      base += (baseW - base) * 0.001 + baseW * 0.01 * (random() - 0.5);
      baseSum += base * (1 + NOISE * (random() - 0.5));
    }
    const watts = sums.map((sum) => Number((sum / stepS).toFixed(decimals)));
    const total = watts.reduce((sum, value) => sum + value, baseSum / stepS);
    if (gapRows > 0) gapRows--;
    else if (gaps.everyRows > 0 && second > 0 && random() < 1 / gaps.everyRows) {
      gapRows = Math.ceil(random() * 2 * gaps.rows);
    } else {
      lines.push([
        new Date(START_MS + second * 1000).toISOString().slice(0, 19),
        total.toFixed(decimals),
        ...watts.map((value) => value.toFixed(decimals)),
        ...watts.map((value, index) => value > ON_SHARE * devices[index]!.watts ? 1 : 0),
      ].join(","));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** A device and the meter in its plug. */
class Meter {
  readonly name: string;
  readonly #device: Device;
  readonly #random: () => number;
  #isOn = false;
  #leftS: number;
  #shownW = 0;

  constructor(device: Device, random: () => number) {
    this.name = device.name;
    this.#device = device;
    this.#random = random;
    this.#leftS = device.offS * random();
  }

  /** What the meter shows a second later: something new only where it reports then. */
  next(isReport: boolean): number {
    const { watts, onS, offS } = this.#device;
    if (--this.#leftS <= 0) {
      this.#isOn = !this.#isOn;
      this.#leftS = (this.#isOn ? onS : offS) * (0.3 + 1.4 * this.#random());
    }
    if (isReport) {
      this.#shownW = this.#isOn ? watts * (1 + NOISE * (this.#random() - 0.5)) : 0;
    }
    return this.#shownW;
  }
}
