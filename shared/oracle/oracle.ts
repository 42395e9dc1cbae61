/**
 * The batch oracle: what the workers must have emitted, derived from all that the log has of a
 * household at once. A plain reading of the design's "Contract: semantics" that shares no code with
 * the workers, so that two independent readings have to agree. Clarity before speed.
 *
 *     records ─▶ entries ─▶ history of each household ─▶ windows / datasets
 *                (each by    (order of the task, with
 *                 itself)     silence and ticks)
 */
import {
  deviceStateSchema,
  type HouseholdIdentity,
  type Reading,
  readingSchema,
  type TrainingDataset,
} from "../events.ts";
import type { LogRecord } from "../log/log.ts";
import { POWER_TOPIC } from "../topics.ts";
import { datasetsOf } from "./datasets.ts";
import type { Entry, EntryRules, ExpectedDeadLetter, InputEvent } from "./entries.ts";
import { readEntry } from "./entries.ts";
import { History, type HouseholdHistory } from "./history.ts";
import { isGrowTick, partitionCountsOf } from "./placement.ts";
import { addCounts, assertSemantics } from "./semantics.ts";
import type { Outcomes, Semantics } from "./semantics.ts";
import { mergeInputs } from "./timeline.ts";
import { type ExpectedWindow, windowsOf } from "./windows.ts";

/** The input records of one partition number, each list ascending by offset. */
export interface PowerPartition {
  readonly power: readonly LogRecord[];
  /** Of the input topics, at the end: decides which keys are misplaced. */
  readonly partitionCount: number;
  /**
   * Records before these were lost, of households that had come up to this second: nothing up to it
   * is taken in any more. Default: nothing was lost.
   */
  readonly lostUpToS?: number;
}

export interface InputPartition extends PowerPartition {
  readonly deviceState: readonly LogRecord[];
}

export interface HouseholdPredictions {
  readonly identity: HouseholdIdentity;
  /** Ascending by start; made as they are asked for. */
  readonly windows: Iterable<ExpectedWindow>;
}

export interface ExpectedPredictions {
  readonly households: readonly HouseholdPredictions[];
  /** All of them, household by household. */
  readonly windows: ExpectedWindow[];
  /** Adds up to the power records. */
  readonly outcomes: Outcomes;
  readonly deadLetters: ExpectedDeadLetter[];
}

export interface HouseholdTraining {
  readonly identity: HouseholdIdentity;
  /** Ascending by start. */
  readonly datasets: readonly TrainingDataset[];
}

export interface ExpectedTraining {
  readonly households: readonly HouseholdTraining[];
  /** All of them, household by household. */
  readonly datasets: TrainingDataset[];
  /** Adds up to the power and device-state records. */
  readonly outcomes: Outcomes;
  readonly deadLetters: ExpectedDeadLetter[];
  /** Seconds of a household for which both a reading and a state are in the log, late ones too. */
  readonly fusedExpected: number;
  /** Seconds of these that must have reached a session, short ones included. */
  readonly fusedReached: number;
  /** Seconds in short sessions, which no dataset shows. */
  readonly fusedShort: number;
}

/**
 * What the predictions worker owes for this partition; or for several whose households go from one to
 * the next (placement.ts).
 */
export function expectPredictions(
  partitions: PowerPartition | readonly PowerPartition[],
  semantics: Semantics,
): ExpectedPredictions {
  const history = new History<Reading>(semantics);
  const parts = [partitions].flat();
  for (const part of parts) {
    takePartition(
      history,
      part.power,
      part,
      (record, rules) => readEntry(record, readingSchema, { ...rules, ...semantics }),
    );
  }
  return predictionsOf(history, semantics, parts[0]?.lostUpToS);
}

/** What the training worker owes for this partition, or several, as {@link expectPredictions}. */
export function expectTraining(
  partitions: InputPartition | readonly InputPartition[],
  semantics: Semantics,
): ExpectedTraining {
  const history = new History<InputEvent>(semantics);
  const parts = [partitions].flat();
  for (const part of parts) {
    const inputs = mergeInputs(part.power, part.deviceState);
    takePartition(
      history,
      inputs,
      part,
      (record, rules) => readInput(record, { ...rules, ...semantics }),
    );
  }
  return trainingOf(history, semantics, parts[0]?.lostUpToS);
}

/** Reads one record of either input. */
export function readInput(record: LogRecord, rules: EntryRules): Entry<InputEvent> {
  return record.topic === POWER_TOPIC
    ? readEntry<InputEvent>(record, readingSchema, rules)
    : readEntry<InputEvent>(record, deviceStateSchema, rules);
}

/** Takes the inputs of a partition, era by era. */
function takePartition<E extends InputEvent>(
  history: History<E>,
  inputs: readonly LogRecord[],
  { power, partitionCount }: PowerPartition,
  read: (record: LogRecord, rules: { readonly partitionCount: number }) => Entry<E>,
): void {
  const counts = partitionCountsOf(power, partitionCount);
  let era = 0;
  history.beginEra(counts[era]!);
  for (const record of inputs) {
    history.take(read(record, { partitionCount: counts[era]! }));
    if (isGrowTick(record)) history.beginEra(counts[++era]!);
  }
}

/** What the predictions worker owes for all that a history holds. */
export function predictionsOf(
  history: History<Reading>,
  semantics: Semantics,
  lostUpToS?: number,
): ExpectedPredictions {
  assertSemantics(semantics);
  const { outcomes, deadLetters } = history;
  const households: HouseholdPredictions[] = [];
  for (const { moments } of history.households()) {
    const own = windowsOf(moments, semantics, lostUpToS);
    addAll(deadLetters, own.deadLetters);
    addCounts(outcomes, own.outcomes);
    const identity = identityOf(moments);
    if (identity !== undefined) households.push({ identity, windows: own.windows });
  }
  return {
    ...{ households, outcomes, deadLetters },
    get windows() {
      return households.flatMap(({ windows }) => [...windows]);
    },
  };
}

/** What the training worker owes for all that a history holds. */
export function trainingOf(
  history: History<InputEvent>,
  semantics: Semantics,
  lostUpToS?: number,
): ExpectedTraining {
  assertSemantics(semantics);
  const { outcomes, deadLetters } = history;
  const households: HouseholdTraining[] = [];
  let [fusedExpected, fusedEmitted, fusedShort] = [0, 0, 0];
  for (const household of history.households()) {
    const { moments } = household;
    const own = datasetsOf(moments, semantics, lostUpToS);
    addAll(deadLetters, own.deadLetters);
    addCounts(outcomes, own.outcomes);
    fusedExpected += countCommonSeconds(household);
    fusedShort += own.shortSeconds;
    fusedEmitted += own.datasets.reduce((sum, { timestamps }) => sum + timestamps.length, 0);
    const identity = identityOf(moments);
    if (identity !== undefined) households.push({ identity, datasets: own.datasets });
  }
  return {
    ...{ households, outcomes, deadLetters, fusedExpected, fusedShort },
    fusedReached: fusedEmitted + fusedShort,
    get datasets() {
      return households.flatMap(({ datasets }) => datasets);
    },
  };
}

/** Whose moments these are; undefined where there are none. */
function identityOf<E extends InputEvent>(
  [first]: HouseholdHistory<E>["moments"],
): HouseholdIdentity | undefined {
  return first?.kind === "event" ? first.event : undefined;
}

/** Seconds that a household has both a reading and a state of, refused as `future` or not. */
function countCommonSeconds({ moments, future }: HouseholdHistory<InputEvent>): number {
  const withReading = new Set<number>();
  const withState = new Set<number>();
  const add = (event: InputEvent) =>
    ("consumption" in event ? withReading : withState).add(event.timestamp);
  for (const moment of moments) if (moment.kind === "event") add(moment.event);
  for (const event of future) add(event);
  return withReading.intersection(withState).size;
}

/** Unlike `push(...more)`, not bounded by the stack. */
function addAll<T>(list: T[], more: readonly T[]): void {
  for (const item of more) list.push(item);
}
