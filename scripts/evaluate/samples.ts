/** A recording in memory, with its states and, where they were recorded, its devices' watts. */
import { WattstreamError } from "../../shared/errors.ts";
import type { Recording } from "../../workers/simulator/recordings/recording.ts";
import { Playback } from "../../workers/simulator/recordings/playback.ts";

/** Samples that are held in memory at most. */
const SAMPLES_MAX = 3_000_000;
/** A recording of longer steps is taken as if its step were a second: no session spans them else. */
const STEP_S_MAX = 5;
/** Of windows and datasets: any second that has digits enough. */
const START_S = 1_000_000;

export interface Samples {
  readonly household: string;
  readonly devices: readonly string[];
  /** Seconds of the recording that are a second here. */
  readonly stepS: number;
  readonly timestamps: Int32Array;
  /** Mean distance of samples, pauses left out, s of the recording. */
  readonly paceS: number;
  /** W. */
  readonly powerW: Float64Array;
  /** Undefined where they are not known. */
  readonly states: readonly (readonly boolean[] | undefined)[];
  /** Of each device; undefined where none is recorded. */
  readonly devicesW: readonly Float64Array[] | undefined;
}

/** @throws WattstreamError `config` where it cannot be read, or has no states. */
export async function loadSamples(recording: Recording): Promise<Samples> {
  const playback = new Playback(recording, { fromS: 0, strict: false, resample: "none" });
  const survey = await playback.survey();
  if (survey.samples > SAMPLES_MAX) {
    throw new WattstreamError(
      "config",
      `${recording.path}: expected at most ${SAMPLES_MAX} samples, it has ${survey.samples}`,
    );
  }
  const stepS = survey.stepS > STEP_S_MAX ? survey.stepS : 1;
  const timestamps: number[] = [];
  const powerW: number[] = [];
  const states: (readonly boolean[] | undefined)[] = [];
  const watts: (readonly (number | undefined)[] | undefined)[] = [];
  for await (const sample of playback.samples(survey)) {
    const second = START_S + Math.floor((sample.fileS - survey.firstS) / stepS);
    if (timestamps.at(-1) === second) continue;
    timestamps.push(second);
    powerW.push(sample.powerW);
    states.push(sample.stateBitmap.length > 0 ? sample.stateBitmap : undefined);
    watts.push(sample.devicesW);
  }
  const count = states.find((bitmap) => bitmap !== undefined)?.length;
  if (count === undefined) {
    throw new WattstreamError(
      "config",
      `${recording.path}: expected states of devices, it has none`,
    );
  }
  const isMeasured = watts.some((each) => each?.every((value) => value !== undefined));
  return {
    household: recording.household,
    devices: recording.devices,
    stepS,
    timestamps: Int32Array.from(timestamps),
    paceS: stepS * paceOf(timestamps),
    powerW: Float64Array.from(powerW),
    states,
    devicesW: isMeasured
      ? Array.from(
        { length: count },
        (_, device) => Float64Array.from(watts, (each) => each?.[device] ?? NaN),
      )
      : undefined,
  };
}

/** The mean distance of neighbours between which nothing is missing. */
function paceOf(timestamps: readonly number[]): number {
  let [sum, count] = [0, 0];
  for (let index = 1; index < timestamps.length; index++) {
    const distance = timestamps[index]! - timestamps[index - 1]!;
    if (distance > STEP_S_MAX) continue;
    sum += distance;
    count++;
  }
  return count === 0 ? 1 : sum / count;
}

/** The index of the first sample that is not before `second` of the recording. */
export function indexAt({ timestamps, stepS }: Samples, second: number): number {
  const bound = START_S + second / stepS;
  let [low, high] = [0, timestamps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestamps[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
