/**
 * Holds the outputs that the log has against those that the oracle expects, and derives the
 * `correctness` of the closing report. An output's identity is its household and its start; what is
 * there of one identity beyond the first record is duplicated.
 */
import type { z } from "zod";
import { decodeEvent, predictionWindowSchema, textOf, trainingDatasetSchema } from "../events.ts";
import type { HouseholdIdentity, PredictionWindow, TrainingDataset } from "../events.ts";
import type { LogRecord } from "../log/log.ts";
import { householdOf } from "./entries.ts";
import type { ExpectedPredictions, ExpectedTraining } from "./oracle.ts";

/** What a comparison counted; the counts of several partitions add up. */
export interface Tally {
  windows_expected: number;
  windows_matching: number;
  datasets_expected: number;
  datasets_matching: number;
  /** Expected, but no record of that identity. */
  lost: number;
  /** Records beyond the first of their identity. */
  duplicated: number;
  /** Records of an identity that is not expected, or that are no output at all. */
  unexpected: number;
  /** Output records. */
  outputs: number;
  /** Output records whose timestamps are strictly ascending. */
  ascending: number;
  /** Seconds of a household with both a reading and a state. */
  fusedExpected: number;
  /** Seconds of these that a session holds with the right values. */
  fusedReached: number;
}

/** The `correctness` of the closing report. */
export interface Correctness {
  readonly windows_expected: number;
  readonly windows_matching: number;
  readonly datasets_expected: number;
  readonly datasets_matching: number;
  /** Percent of outputs; 100 where there are none. */
  readonly ascending_pct: number;
  /** Percent of seconds; 100 where there are none. */
  readonly fused_pct: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly unexpected: number;
}

/** Outputs as the log has them, in its order. */
export interface ActualOutputs {
  readonly predictions: readonly LogRecord[];
  readonly datasets: readonly LogRecord[];
}

export interface Comparison {
  readonly tally: Tally;
  /** From the append time of a closing reading to that of the window it closed. */
  readonly readingToWindowMs: number[];
}

/** Compares the outputs of a partition with what both workers owe for it. */
export function compareOutputs(
  expected: { readonly predictions: ExpectedPredictions; readonly training: ExpectedTraining },
  actual: ActualOutputs,
): Comparison {
  const tally = noTally();
  const readingToWindowMs: number[] = [];
  const windows = expected.predictions.windows;
  tally.windows_expected = windows.length;
  tally.windows_matching = matchOutputs({
    schema: predictionWindowSchema,
    expected: windows.map(({ window }) => window),
    records: actual.predictions,
    startOf: (window) => window.window_start,
    isEqual: equalWindows,
    onFirst: (index, record) => {
      const { closedAtMs } = windows[index]!;
      if (closedAtMs !== undefined) readingToWindowMs.push(record.appendMs - closedAtMs);
    },
  }, tally);

  const { datasets, fusedExpected, fusedShort } = expected.training;
  const values = valuesBySecond(datasets);
  tally.datasets_expected = datasets.length;
  tally.datasets_matching = matchOutputs({
    schema: trainingDatasetSchema,
    expected: datasets,
    records: actual.datasets,
    startOf: (dataset) => dataset.session_start,
    isEqual: equalDatasets,
    onOutput: (dataset) => takeRightValues(dataset, values),
  }, tally);
  const emitted = datasets.reduce((sum, { timestamps }) => sum + timestamps.length, 0);
  const missing = [...values.values()].reduce((sum, seconds) => sum + seconds.size, 0);
  tally.fusedExpected = fusedExpected;
  tally.fusedReached = emitted - missing + fusedShort;
  return { tally, readingToWindowMs };
}

export function noTally(): Tally {
  return {
    windows_expected: 0,
    windows_matching: 0,
    datasets_expected: 0,
    datasets_matching: 0,
    lost: 0,
    duplicated: 0,
    unexpected: 0,
    outputs: 0,
    ascending: 0,
    fusedExpected: 0,
    fusedReached: 0,
  };
}

export function correctnessOf(tally: Tally): Correctness {
  const { outputs, ascending, fusedExpected, fusedReached, ...counts } = tally;
  return {
    ...counts,
    ascending_pct: percent(ascending, outputs),
    fused_pct: percent(fusedReached, fusedExpected),
  };
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : 100 * part / whole;
}

/** Percentiles in ms by nearest rank; null where there is no sample. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export function percentilesOf(samplesMs: readonly number[]): Percentiles {
  const ascending = Float64Array.from(samplesMs).sort();
  const at = (percentile: number) =>
    ascending[Math.ceil(percentile * ascending.length / 100) - 1] ?? null;
  return { p50: at(50), p95: at(95), p99: at(99) };
}

interface Output extends HouseholdIdentity {
  readonly timestamps: number[];
}

interface Matching<O extends Output> {
  readonly schema: z.ZodType<O>;
  readonly expected: readonly O[];
  readonly records: readonly LogRecord[];
  startOf(output: O): number;
  isEqual(a: O, b: O): boolean;
  /** Called with each output that decodes. */
  onOutput?(output: O): void;
  /** Called with the first record of the expected output at `index`. */
  onFirst?(index: number, record: LogRecord): void;
}

/** Finds each expected output among the records, and returns how many are there and equal. */
function matchOutputs<O extends Output>(matching: Matching<O>, tally: Tally): number {
  const { schema, expected, records } = matching;
  const identities = new Identities();
  expected.forEach((output, index) => {
    identities.add(output, matching.startOf(output), index);
  });
  const seen = new Identities();
  let found = 0;
  let matched = 0;
  tally.outputs += records.length;
  for (const record of records) {
    const decoded = decodeEvent(schema, record.value);
    if (!decoded.ok) {
      tally.unexpected++;
      continue;
    }
    const output = decoded.event;
    const start = matching.startOf(output);
    if (isAscending(output.timestamps)) tally.ascending++;
    matching.onOutput?.(output);
    if (!seen.add(output, start, record.offset)) {
      tally.duplicated++;
      continue;
    }
    const index = identities.find(output, start);
    if (index === undefined) {
      tally.unexpected++;
      continue;
    }
    found++;
    matching.onFirst?.(index, record);
    if (hasKey(record, output.client_id) && matching.isEqual(output, expected[index]!)) matched++;
  }
  tally.lost += expected.length - found;
  return matched;
}

/** A number for each (household, start). */
class Identities {
  readonly #households = new Map<string, Map<number, number>>();

  /** False where the identity is known already; it then keeps its number. */
  add(output: Output, start: number, value: number): boolean {
    const household = householdOf(output);
    let starts = this.#households.get(household);
    if (starts === undefined) {
      starts = new Map();
      this.#households.set(household, starts);
    }
    if (starts.has(start)) return false;
    starts.set(start, value);
    return true;
  }

  find(output: Output, start: number): number | undefined {
    return this.#households.get(householdOf(output))?.get(start);
  }
}

function hasKey(record: LogRecord, clientId: string): boolean {
  return record.key !== null && textOf(record.key) === clientId;
}

function isAscending(timestamps: readonly number[]): boolean {
  return timestamps.every((second, i) => i === 0 || timestamps[i - 1]! < second);
}

function equalWindows(a: PredictionWindow, b: PredictionWindow): boolean {
  return a.window_end === b.window_end &&
    equalLists(a.timestamps, b.timestamps) && equalLists(a.consumption, b.consumption);
}

function equalDatasets(a: TrainingDataset, b: TrainingDataset): boolean {
  return a.session_end === b.session_end &&
    equalLists(a.timestamps, b.timestamps) && equalLists(a.consumption, b.consumption) &&
    a.state_bitmaps.length === b.state_bitmaps.length &&
    a.state_bitmaps.every((bitmap, i) => equalLists(bitmap, b.state_bitmaps[i]!));
}

/** By `===`: JSON turns −0 into 0, which is no difference. */
function equalLists<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** What the expected datasets of a household say for each second. */
type Values = Map<string, Map<number, { consumption: number; bitmap: readonly boolean[] }>>;

function valuesBySecond(datasets: readonly TrainingDataset[]): Values {
  const values: Values = new Map();
  for (const dataset of datasets) {
    const household = householdOf(dataset);
    const seconds = values.get(household) ?? new Map();
    values.set(household, seconds);
    dataset.timestamps.forEach((second, i) => {
      seconds.set(second, {
        consumption: dataset.consumption[i]!,
        bitmap: dataset.state_bitmaps[i]!,
      });
    });
  }
  return values;
}

/** Takes the seconds out of `values` for which this dataset says the same. */
function takeRightValues(dataset: TrainingDataset, values: Values): void {
  const seconds = values.get(householdOf(dataset));
  dataset.timestamps.forEach((second, i) => {
    const right = seconds?.get(second);
    if (right === undefined || right.consumption !== dataset.consumption[i]) return;
    if (equalLists(right.bitmap, dataset.state_bitmaps[i] ?? [])) seconds!.delete(second);
  });
}
