/**
 * Holds the outputs that the log has against those that the oracle expects, record by record. An
 * output's identity is its household and its start; what is there of one identity beyond the first
 * record is duplicated.
 */
import type { z } from "zod";
import { decodeEvent, predictionWindowSchema, trainingDatasetSchema } from "../events.ts";
import type { HouseholdIdentity, PredictionWindow, TrainingDataset } from "../events.ts";
import type { LogRecord } from "../log/log.ts";
import { type Comparing, judgeable } from "./cut.ts";
import { equalLists, FusedSeconds } from "./fused_seconds.ts";
import { ByHousehold } from "./households.ts";
import { Latencies } from "./latencies.ts";
import { type Due, Owed } from "./owed.ts";
import { noTally, type Tally } from "./tally.ts";
import { isTextOf } from "./text_bytes.ts";

const decoder = new TextDecoder();

/** Compares the outputs of some partitions with what both workers owe for them. */
export class Comparison {
  readonly #tally = noTally();
  readonly #latencies: Latencies;
  readonly #windows: OutputMatcher<PredictionWindow>;
  readonly #datasets: OutputMatcher<TrainingDataset>;
  readonly #fused = new ByHousehold<FusedSeconds>();

  /** @param latencies from the append time of a closing reading to that of the window it closed */
  constructor(comparing: Comparing, latencies: Latencies) {
    this.#latencies = latencies;
    const { windows, datasets, fused } = judgeable(comparing);
    Object.assign(this.#tally, fused);
    this.#windows = new OutputMatcher({
      schema: predictionWindowSchema,
      startOf: (window) => window.window_start,
      isEqual: equalWindows,
      fromS: comparing.horizonS,
    }, this.#tally);
    for (const { identity, dues } of windows) this.#windows.owe(identity, dues);
    this.#datasets = new OutputMatcher({
      schema: trainingDatasetSchema,
      startOf: (dataset) => dataset.session_start,
      isEqual: equalDatasets,
      // A household without an expected session has nothing that could be judged.
      fromS: comparing.horizonS === -Infinity ? -Infinity : Infinity,
      onOutput: (dataset) => this.#fused.get(dataset)?.take(dataset),
    }, this.#tally);
    for (const { identity, expected, fromS } of datasets) {
      this.#fused.getOrMake(identity, () => new FusedSeconds(expected));
      const dues = expected.map((output) => ({ output, closedAtMs: undefined }));
      this.#datasets.owe(identity, dues, fromS);
    }
  }

  /** Takes the next record of `predictions`. */
  takeWindow(record: LogRecord): void {
    const found = this.#windows.take(record);
    if (found?.isRight) this.#tally.windows_matching++;
    const closedAtMs = found?.due.closedAtMs;
    if (closedAtMs !== undefined) this.#latencies.add(record.appendMs - closedAtMs);
  }

  /** Takes the next record of `dataset2train`. */
  takeDataset(record: LogRecord): void {
    const found = this.#datasets.take(record);
    if (!found?.isRight) return;
    this.#tally.datasets_matching++;
    this.#fused.get(found.due.output)!.takeWhole(found.due.output);
  }

  /** What was counted, once all records have been taken. */
  end(): Tally {
    this.#tally.windows_expected = this.#windows.end();
    this.#tally.datasets_expected = this.#datasets.end();
    for (const seconds of this.#fused.values()) this.#tally.fusedReached += seconds.count();
    return this.#tally;
  }
}

interface Output extends HouseholdIdentity {
  readonly timestamps: number[];
}

interface Matching<O extends Output> {
  readonly schema: z.ZodType<O>;
  /** From which start on outputs of households that are owed nothing are judged. */
  readonly fromS: number;
  startOf(output: O): number;
  isEqual(a: O, b: O): boolean;
  /** Called with each output that is judged and is not just what is due next. */
  onOutput?(output: O): void;
}

/** The first record of an output that is due. */
interface Found<O> {
  readonly due: Due<O>;
  readonly isRight: boolean;
}

interface Creditor<O> {
  readonly owed: Owed<O>;
  readonly fromS: number;
}

class OutputMatcher<O extends Output> {
  readonly #matching: Matching<O>;
  readonly #tally: Tally;
  readonly #households = new ByHousehold<Creditor<O>>();
  /** Of each client id, the households: one, but where two users share it. */
  readonly #byClientId = new Map<string, Creditor<O>[]>();

  constructor(matching: Matching<O>, tally: Tally) {
    this.#matching = matching;
    this.#tally = tally;
  }

  /** @param fromS from which start on what the log has of this household is judged */
  owe(identity: HouseholdIdentity, dues: Iterable<Due<O>>, fromS = this.#matching.fromS): void {
    const creditor = this.#creditorOf(identity, dues, fromS);
    const { client_id } = identity;
    const sharing = this.#byClientId.get(client_id);
    if (sharing === undefined) this.#byClientId.set(client_id, [creditor]);
    else sharing.push(creditor);
  }

  /** Counts a record, and says what was due and found in it. */
  take(record: LogRecord): Found<O> | undefined {
    return this.#takeNext(record) ?? this.#takeAny(record);
  }

  /** How many outputs were due; those that were not found are counted. */
  end(): number {
    let all = 0;
    for (const { owed } of this.#households.values()) {
      const { expected, lost } = owed.end();
      all += expected;
      this.#tally.lost += lost;
    }
    return all;
  }

  /** Most records are, byte by byte, what their household is due next: these need not be decoded. */
  #takeNext({ key, value }: LogRecord): Found<O> | undefined {
    if (key === null || value === null) return undefined;
    const clientId = decoder.decode(key);
    if (!isTextOf(key, clientId)) return undefined;
    for (const { owed } of this.#byClientId.get(clientId) ?? []) {
      const due = owed.takeNext(value);
      if (due === undefined) continue;
      this.#tally.outputs++;
      if (isAscending(due.output.timestamps)) this.#tally.ascending++;
      return { due, isRight: true };
    }
    return undefined;
  }

  #takeAny(record: LogRecord): Found<O> | undefined {
    const { schema, startOf, isEqual, onOutput, fromS } = this.#matching;
    const decoded = decodeEvent(schema, record.value);
    if (!decoded.ok) {
      this.#tally.outputs++;
      this.#tally.unexpected++;
      return undefined;
    }
    const output = decoded.event;
    const start = startOf(output);
    const { owed, fromS: judgedFromS } = this.#creditorOf(output, [], fromS);
    if (start < judgedFromS) return undefined;
    this.#tally.outputs++;
    if (isAscending(output.timestamps)) this.#tally.ascending++;
    onOutput?.(output);
    const taken = owed.take(start);
    if (taken.kind !== "due") {
      this.#tally[taken.kind]++;
      return undefined;
    }
    const isRight = hasKey(record, output.client_id) && isEqual(output, taken.due.output);
    return { due: taken.due, isRight };
  }

  #creditorOf(identity: HouseholdIdentity, dues: Iterable<Due<O>>, fromS: number): Creditor<O> {
    const { startOf } = this.#matching;
    return this.#households.getOrMake(identity, () => ({ owed: new Owed(dues, startOf), fromS }));
  }
}

function hasKey(record: LogRecord, clientId: string): boolean {
  return record.key !== null && isTextOf(record.key, clientId);
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
