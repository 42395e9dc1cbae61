/** Random logs of datasets and windows for the law of disaggregation. */
import fc from "fast-check";
import type { PredictionWindow, TrainingDataset } from "../../shared/events.ts";
import { type LogRecord, NO_HEADERS } from "../../shared/log/log.ts";
import { partitionOf } from "../../shared/log/partition.ts";
import { DATASET_TOPIC, PREDICTIONS_TOPIC } from "../../shared/topics.ts";

export const PARTITION_COUNT = 2;
const NAMES = Array.from({ length: 40 }, (_, index) => `h${index}`);
/** Of the first partition. */
export const HOUSEHOLDS = NAMES.filter((name) => partitionOf(name, PARTITION_COUNT) === 0).slice(
  0,
  2,
);
const MISPLACED = NAMES.find((name) => partitionOf(name, PARTITION_COUNT) === 1)!;
/** What the devices take, W: two that are alike among them, and one that is hardly seen. */
const WATTS = [500, 120, 1_900, 121, 2];

export interface LearningLog {
  readonly datasets: readonly LogRecord[];
  readonly windows: readonly LogRecord[];
  /** Seed of how it falls into batches. */
  readonly seed: number;
}

const stepArbitrary = fc.record({
  pauseMs: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(0, 0, 1, 900) },
    { weight: 1, arbitrary: fc.constantFrom(7_000, 30_000) },
  ),
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant("window") },
    { weight: 6, arbitrary: fc.constant("dataset") },
    { weight: 1, arbitrary: fc.constantFrom("invalid", "misplaced", "hole", "again") },
  ),
  household: fc.constantFrom(...HOUSEHOLDS),
  username: fc.constantFrom("u", "u", "v"),
  /** Of the household from here on. */
  devices: fc.oneof(
    { weight: 15, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(2, 3, 5) },
  ),
  /** A vector for every ten seconds. */
  vectors: fc.array(fc.nat({ max: 31 }), { minLength: 2, maxLength: 9 }),
  noise: fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 7, maxLength: 7 }),
});

export function learningLogArbitrary(recordsMax: number): fc.Arbitrary<LearningLog> {
  return fc.record({
    steps: fc.array(stepArbitrary, { minLength: 1, maxLength: recordsMax, size: "max" }),
    seed: fc.integer(),
  }).map(({ steps, seed }) => ({ ...layOut(steps), seed }));
}

type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never;
const encoder = new TextEncoder();

function layOut(steps: readonly Step[]): { datasets: LogRecord[]; windows: LogRecord[] } {
  const datasets: LogRecord[] = [];
  const windows: LogRecord[] = [];
  let appendMs = 1_000_000_000;
  let devices = 3;
  const append = (list: LogRecord[], key: string, value: string) =>
    list.push({
      topic: list === datasets ? DATASET_TOPIC : PREDICTIONS_TOPIC,
      ...{ partition: 0, offset: list.length, appendMs, headers: NO_HEADERS },
      key: encoder.encode(key),
      value: encoder.encode(value),
    });
  for (const step of steps) {
    appendMs += step.pauseMs;
    devices = step.devices ?? devices;
    const start = Math.floor(appendMs / 1000) - 700 + datasets.length;
    const names = { client_id: step.household, username: step.username };
    const window = JSON.stringify(windowOf(step, start, devices));
    if (step.kind === "window") append(windows, step.household, window);
    else if (step.kind === "hole") {
      const { timestamps, consumption, ...rest } = windowOf(step, start, devices);
      const middle = timestamps.indexOf(start + 7);
      const without = <T>(list: T[]) => list.filter((_, index) => index !== middle);
      const hole = { ...rest, timestamps: without(timestamps), consumption: without(consumption) };
      append(windows, step.household, JSON.stringify(hole));
    } else if (step.kind === "dataset") {
      append(datasets, step.household, JSON.stringify(datasetOf(step, start, devices)));
    } else if (step.kind === "misplaced") {
      append(windows, MISPLACED, window.replace(names.client_id, MISPLACED));
    } else if (step.kind === "invalid") {
      append(windows, step.household, window.replace('"consumption":[', '"consumption":[1,'));
    } else if (datasets.length > 0) {
      datasets.push({ ...datasets.at(-1)!, offset: datasets.length, appendMs });
    }
  }
  return { datasets, windows };
}

function powerAt(step: Step, index: number, second: number, devices: number): number {
  const vector = step.vectors[index % step.vectors.length]!;
  let power = 60 + step.noise[second % step.noise.length]!;
  for (let device = 0; device < devices; device++) {
    if ((vector >> device) & 1) power += WATTS[device]!;
  }
  return power;
}

function windowOf(step: Step, start: number, devices: number): PredictionWindow {
  const timestamps = Array.from({ length: 15 }, (_, second) => start + second)
    .filter((second) => second % 3 !== 1 || second === start + 7);
  return {
    ...{ client_id: step.household, username: step.username },
    ...{ window_start: start, window_end: start + 15, timestamps },
    consumption: timestamps.map((second) =>
      powerAt(step, Math.floor((second - start) / 10), second, devices)
    ),
  };
}

function datasetOf(step: Step, start: number, devices: number): TrainingDataset {
  const length = 10 * step.vectors.length;
  const timestamps = Array.from({ length }, (_, second) => start + second);
  const vectorAt = (second: number) => step.vectors[Math.floor((second - start) / 10)]!;
  return {
    ...{ client_id: step.household, username: step.username },
    ...{ session_start: start, session_end: start + length - 1, timestamps },
    consumption: timestamps.map((second) =>
      powerAt(step, Math.floor((second - start) / 10), second, devices)
    ),
    state_bitmaps: timestamps.map((second) =>
      Array.from({ length: devices }, (_, device) => ((vectorAt(second) >> device) & 1) === 1)
    ),
  };
}
