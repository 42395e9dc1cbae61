/**
 * The batch oracle: what the workers must have emitted, derived from the whole log of a partition at
 * once. A plain reading of the design's "Contract: semantics" that shares no code with the workers,
 * so that two independent readings have to agree. Clarity before speed.
 *
 *     records ─▶ entries ─▶ timeline of each household ─▶ windows / datasets
 *                (each by    (order of the task, with
 *                 itself)     silence and ticks)
 */
import { deviceStateSchema, readingSchema, type TrainingDataset } from "../events.ts";
import type { LogRecord } from "../log/log.ts";
import { datasetsOf } from "./datasets.ts";
import { deadLetterOf, type Entry, type ExpectedDeadLetter, type InputEvent } from "./entries.ts";
import { householdOf, readEntry } from "./entries.ts";
import { addCounts, assertSemantics, noOutcomes } from "./semantics.ts";
import type { Outcomes, Semantics } from "./semantics.ts";
import { mergeInputs, timelineOfAll } from "./timeline.ts";
import { type ExpectedWindow, windowsOf } from "./windows.ts";

/** The input records of one partition number, each list ascending by offset. */
export interface PowerPartition {
  readonly power: readonly LogRecord[];
  /** Of the input topics: decides which keys are misplaced. */
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

export interface ExpectedPredictions {
  /** Household by household, ascending by start within each. */
  readonly windows: ExpectedWindow[];
  /** Adds up to the power records. */
  readonly outcomes: Outcomes;
  readonly deadLetters: ExpectedDeadLetter[];
}

export interface ExpectedTraining {
  /** Household by household, ascending by start within each. */
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
 * What the predictions worker owes for this partition; or for several, or eras of them, whose
 * households go from one to the next (placement.ts), in the order of time.
 */
export function expectPredictions(
  partitions: PowerPartition | readonly PowerPartition[],
  semantics: Semantics,
): ExpectedPredictions {
  assertSemantics(semantics);
  const parts = [partitions].flat();
  const entries = parts.map((part) => {
    const rules = { ...part, ...semantics };
    return part.power.map((record) => readEntry(record, readingSchema, rules));
  });
  const { outcomes, deadLetters } = judgeEntries(entries.flat());
  const windows: ExpectedWindow[] = [];
  for (const moments of timelineOfAll(entries, semantics).values()) {
    const household = windowsOf(moments, semantics, parts[0]?.lostUpToS);
    addAll(windows, household.windows);
    addAll(deadLetters, household.deadLetters);
    addCounts(outcomes, household.outcomes);
  }
  return { windows, outcomes, deadLetters };
}

/** What the training worker owes for this partition, or several, as {@link expectPredictions}. */
export function expectTraining(
  partitions: InputPartition | readonly InputPartition[],
  semantics: Semantics,
): ExpectedTraining {
  assertSemantics(semantics);
  const parts = [partitions].flat();
  const power: Entry<InputEvent>[] = [];
  const states: Entry<InputEvent>[] = [];
  const entries = parts.map((part) => {
    const rules = { ...part, ...semantics };
    const readings = part.power.map((record): Entry<InputEvent> =>
      readEntry(record, readingSchema, rules)
    );
    const ownStates = part.deviceState.map((record): Entry<InputEvent> =>
      readEntry(record, deviceStateSchema, rules)
    );
    addAll(power, readings);
    addAll(states, ownStates);
    return mergeInputs(readings, ownStates);
  });
  const { outcomes, deadLetters } = judgeEntries(entries.flat());
  const datasets: TrainingDataset[] = [];
  let fusedShort = 0;
  for (const moments of timelineOfAll(entries, semantics).values()) {
    const household = datasetsOf(moments, semantics, parts[0]?.lostUpToS);
    addAll(datasets, household.datasets);
    addAll(deadLetters, household.deadLetters);
    addCounts(outcomes, household.outcomes);
    fusedShort += household.shortSeconds;
  }
  const fusedEmitted = datasets.reduce((sum, { timestamps }) => sum + timestamps.length, 0);
  return {
    datasets,
    outcomes,
    deadLetters,
    fusedExpected: countCommonSeconds(power, states),
    fusedReached: fusedEmitted + fusedShort,
    fusedShort,
  };
}

/** Counts what needs no household to be judged. */
function judgeEntries<E extends InputEvent>(
  entries: readonly Entry<E>[],
): { outcomes: Outcomes; deadLetters: ExpectedDeadLetter[] } {
  const outcomes = noOutcomes();
  const deadLetters: ExpectedDeadLetter[] = [];
  for (const { kind, record } of entries) {
    if (kind === "event") continue;
    outcomes[kind === "misplaced" ? "invalid" : kind]++;
    if (kind !== "tick") deadLetters.push(deadLetterOf(kind, record));
  }
  return { outcomes, deadLetters };
}

/** Seconds of a household that both lists have an event for, refused as `future` or not. */
function countCommonSeconds(
  power: readonly Entry<InputEvent>[],
  states: readonly Entry<InputEvent>[],
): number {
  const withReading = secondsByHousehold(power);
  let common = 0;
  for (const [household, seconds] of secondsByHousehold(states)) {
    for (const second of seconds) {
      if (withReading.get(household)?.has(second)) common++;
    }
  }
  return common;
}

function secondsByHousehold(entries: readonly Entry<InputEvent>[]): Map<string, Set<number>> {
  const households = new Map<string, Set<number>>();
  for (const entry of entries) {
    if (entry.kind !== "event" && entry.kind !== "future") continue;
    const household = householdOf(entry.event);
    const { timestamp } = entry.event;
    const seconds = households.get(household);
    if (seconds === undefined) households.set(household, new Set([timestamp]));
    else seconds.add(timestamp);
  }
  return households;
}

/** Unlike `push(...more)`, not bounded by the stack. */
function addAll<T>(list: T[], more: readonly T[]): void {
  for (const item of more) list.push(item);
}
