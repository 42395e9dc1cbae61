/** A home whose devices are known: random states, redrawn now and then, a reading every 1 to 3 s. */
import type { TrainingDataset } from "../../../../shared/events.ts";
import { seededRandom } from "../../../../shared/testing/seeded_random.ts";
import { sagged } from "../sag.ts";

export interface SimulatedHome {
  readonly watts: readonly number[];
  /** Labels of so many seconds from `startS` on, declared so much later than what they declare. */
  labels(startS: number, seconds: number, delayS?: number): TrainingDataset;
}

export const NAMES = { client_id: "home", username: "user" };
export const BASE_W = 100;
/** Mean time between two redrawings, s. */
export const STAY_S = 30;

/** @param sag by how much the voltage sags, see sag.ts */
export function simulatedHome(
  { watts, seed, noiseW = 5, sag = 0 }: {
    readonly watts: readonly number[];
    readonly seed: number;
    readonly noiseW?: number;
    readonly sag?: number;
  },
): SimulatedHome {
  const random = seededRandom(seed);
  const draw = () => watts.map(() => random() < 0.5);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return {
    watts,
    labels(startS, seconds, delayS = 0) {
      const states: boolean[][] = [];
      let state = draw();
      for (let second = 0; second < seconds; second++) {
        if (random() < 1 / STAY_S) state = draw();
        states.push(state);
      }
      const dataset = {
        ...{ ...NAMES, session_start: startS, session_end: startS + seconds - 1 },
        ...{ timestamps: [] as number[], consumption: [] as number[] },
        state_bitmaps: [] as boolean[][],
      };
      for (let second = 0; second < seconds; second += 1 + Math.floor(3 * random())) {
        let sum = BASE_W + noiseW * normal();
        watts.forEach((each, device) => sum += states[second]![device] ? each : 0);
        dataset.timestamps.push(startS + second);
        dataset.consumption.push(Math.round(10 * sagged(sum, sag)) / 10);
        dataset.state_bitmaps.push(states[Math.max(0, second - delayS)]!);
      }
      return dataset;
    },
  };
}
