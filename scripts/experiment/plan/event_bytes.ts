/** How large events are, and how small codecs make them: measured on events of simulated households. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import type {
  DeviceState,
  Disaggregated,
  PredictionWindow,
  Reading,
  TrainingDataset,
} from "../../../shared/events.ts";
import type { EventBytes } from "./sizing.ts";

const HOUSEHOLDS = 200;
const DEVICES = 8;
const WINDOW_S = 15;
const DATASET_S = 60;
const START_S = 1_700_000_000;

export interface Codec {
  readonly name: string;
  /** Bytes of windows without it ÷ with it. */
  readonly ratio: number;
}

/** Bytes of values and keys, and what codecs make of a batch of windows. @param random in [0, 1). */
export function measureEvents(random: () => number): { bytes: EventBytes; codecs: Codec[] } {
  const windows: PredictionWindow[] = [];
  const emptyWindows: PredictionWindow[] = [];
  const datasets: TrainingDataset[] = [];
  const readings: Reading[] = [];
  const states: DeviceState[] = [];
  const judged: Disaggregated[] = [];
  for (let number = 0; number < HOUSEHOLDS; number++) {
    const name = {
      client_id: `household-${100_000 + number}-1`,
      username: `user-${100_000 + number}`,
    };
    const secondsOf = (count: number) => Array.from({ length: count }, (_, i) => START_S + i);
    const powersOf = (count: number) =>
      Array.from({ length: count }, () => Math.round(random() * 30_000) / 10);
    const bitmap = () => Array.from({ length: DEVICES }, () => random() < 0.5);
    readings.push({ ...name, timestamp: START_S, consumption: powersOf(1)[0]! });
    states.push({ ...name, timestamp: START_S, state_bitmap: bitmap() });
    judged.push({
      ...readings.at(-1)!,
      on: Array.from({ length: DEVICES }, () => Math.round(random() * 1_000) / 1_000),
      watts: powersOf(DEVICES),
      unexplained: powersOf(1)[0]!,
      model_version: 1,
    });
    const windowOf = (count: number) => ({
      ...name,
      ...{ window_start: START_S, window_end: START_S + WINDOW_S },
      ...{ timestamps: secondsOf(count), consumption: powersOf(count) },
    });
    windows.push(windowOf(WINDOW_S));
    emptyWindows.push(windowOf(0));
    datasets.push({
      ...name,
      ...{ session_start: START_S, session_end: START_S + DATASET_S - 1 },
      ...{ timestamps: secondsOf(DATASET_S), consumption: powersOf(DATASET_S) },
      state_bitmaps: Array.from({ length: DATASET_S }, bitmap),
    });
  }
  const windowAlone = meanBytes(emptyWindows);
  const batch = new TextEncoder().encode(windows.map((window) => JSON.stringify(window)).join(""));
  return {
    bytes: {
      reading: meanBytes(readings),
      state: meanBytes(states),
      windowAlone,
      windowReading: (meanBytes(windows) - windowAlone) / WINDOW_S,
      datasetSecond: meanBytes(datasets) / DATASET_S,
      judged: meanBytes(judged),
    },
    codecs: [
      { name: "gzip", ratio: batch.length / gzipSync(batch).length },
      { name: "zstd", ratio: batch.length / zstdCompressSync(batch).length },
    ],
  };
}

function meanBytes(events: readonly { readonly client_id: string }[]): number {
  const sum = events.reduce(
    (total, event) => total + JSON.stringify(event).length + event.client_id.length,
    0,
  );
  return sum / events.length;
}
