/**
 * A home of which everything is known: devices of 20 to 2,000 W, a reading every 1 to 3 s, and now and
 * then all states are drawn anew. Its labels come a second late, as those of people and plugs do. Pure.
 */
import type { TrainingDataset } from "../../../shared/events.ts";
import { Random } from "../../../workers/simulator/random.ts";
import type { Samples } from "../samples.ts";

const [WATTS_MIN, WATTS_MAX] = [20, 2_000];
const BASE_W = 100;
const NOISE_W = 5;
/** Mean time between two redrawings, s. */
const STAY_S = 30;
/** From reading to reading, s. */
const [PAUSE_S_MIN, PAUSE_S_MAX] = [1, 3];
/** How long after a switch it is declared, s. */
const DECLARED_LATE_S = 1;
const LABELS_START_S = 1_000_000;
const TEST_START_S = 2_000_000;

/** What no method is told. */
export interface Truth {
  /** Of each device, W. */
  readonly watts: readonly number[];
  readonly baseW: number;
  readonly noiseW: number;
  /** Redrawings a second. After one each device is on with probability ½. */
  readonly changeRate: number;
}

export interface SimulatedHome {
  readonly truth: Truth;
  readonly labels: TrainingDataset;
  /** The states at each labelled reading, not a second late. */
  readonly labelledStates: readonly (readonly boolean[])[];
  /** What is judged. */
  readonly test: Samples;
}

export function simulatedHome(
  { devices, seed, labelsS, testS, pauseSMax = PAUSE_S_MAX }: {
    readonly devices: number;
    readonly seed: number;
    readonly labelsS: number;
    readonly testS: number;
    readonly pauseSMax?: number;
  },
): SimulatedHome {
  const random = new Random(seed, `home of ${devices} devices`);
  const logarithm = () => random.between(Math.log(WATTS_MIN), Math.log(WATTS_MAX));
  const watts = Array.from({ length: devices }, () => Math.exp(logarithm())).sort((a, b) => a - b);
  const truth = { watts, baseW: BASE_W, noiseW: NOISE_W, changeRate: 1 / STAY_S };
  const labelled = stretch(truth, random, { lengthS: labelsS, pauseSMax });
  const tested = stretch(truth, random, { lengthS: testS, pauseSMax });
  const timestamps = labelled.seconds.map((second) => LABELS_START_S + second);
  return {
    truth,
    labelledStates: labelled.seconds.map((second) => labelled.states[second]!),
    labels: {
      ...{ client_id: "home", username: "evaluate" },
      ...{ session_start: timestamps[0]!, session_end: timestamps.at(-1)! },
      timestamps,
      consumption: labelled.powerW,
      state_bitmaps: labelled.seconds.map((second) =>
        labelled.states[Math.max(0, second - DECLARED_LATE_S)]!
      ),
    },
    test: {
      household: `${devices} simulated devices`,
      devices: watts.map((_, device) => `device-${device + 1}`),
      stepS: 1,
      paceS: (PAUSE_S_MIN + pauseSMax) / 2,
      timestamps: Int32Array.from(tested.seconds, (second) => TEST_START_S + second),
      powerW: Float64Array.from(tested.powerW),
      states: tested.seconds.map((second) => tested.states[second]!),
      devicesW: watts.map((each, device) =>
        Float64Array.from(tested.seconds, (second) => tested.states[second]![device] ? each : 0)
      ),
    },
  };
}

/** So many seconds of life: the states at each, and the readings at some. */
function stretch(
  { watts, baseW, noiseW, changeRate }: Truth,
  random: Random,
  { lengthS, pauseSMax }: { readonly lengthS: number; readonly pauseSMax: number },
): { states: boolean[][]; seconds: number[]; powerW: number[] } {
  const draw = () => watts.map(() => random.chance(0.5));
  const states: boolean[][] = [];
  let state = draw();
  for (let second = 0; second < lengthS; second++) {
    if (random.chance(-Math.expm1(-changeRate))) state = draw();
    states.push(state);
  }
  const seconds: number[] = [];
  const powerW: number[] = [];
  for (let second = 0; second < lengthS; second += random.integer(PAUSE_S_MIN, pauseSMax)) {
    let power = baseW + noiseW * random.normal();
    watts.forEach((each, device) => power += states[second]![device] ? each : 0);
    seconds.push(second);
    powerW.push(Math.round(10 * power) / 10);
  }
  return { states, seconds, powerW };
}
