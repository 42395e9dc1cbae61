/**
 * What is kept of all labels of a household: a row for each declared vector, with the power that was
 * measured in it, and a few counts. What a model needs is computed from these; the labels themselves
 * are not kept. Bounded: the rows of least weight go, and old ones fade. Pure.
 */
import type { TrainingDataset } from "../../../shared/events.ts";
import { addVisit, fadeLevel, type Level } from "./levels.ts";
import { DELAYS } from "./declared_delay.ts";
import { bitsOf } from "./stays.ts";
import { type SteadyStretch, stretchesByDelay } from "./steady_stretches.ts";

/** Rows kept at most. */
export const ROWS_MAX = 100;
/** Digits that are kept of what is known of a row: a household has a few kilobytes. */
const DIGITS = 7;
/** After so many labelled seconds what is old counts half. */
const HALF_LIFE_S = 5 * 24 * 3600;
/** Noise that is taken for usual before any is known, W. */
const NOISE_W = 5;
/** What a visit counts that was all edge. */
const SHORT_VISIT = 0.3;
/** Readings of one visit that count: they all share its drift. */
const VISIT_READINGS_MAX = 60;

/** What is known of one declared vector. Weights fade, and need not be whole. */
export interface VectorRow {
  readonly bits: string;
  /** The power that was measured in it. */
  levels: Level[];
  /** Stretches of it. */
  entries: number;
  /** How long it was declared, s. */
  seconds: number;
}

/** The sufficient data of a household. */
export interface Learner {
  readonly deviceCount: number;
  /** Datasets learned. */
  version: number;
  /** Last second of the newest dataset. */
  trainedUntil: number;
  /** Labelled seconds, all of them. */
  labelledSeconds: number;
  rows: VectorRow[];
  /** Stretches, changes of vector among them, and their length, s; of rows that are gone too. */
  stretches: number;
  changes: number;
  seconds: number;
  /** Sum over readings of what is new in each, W², and how many they were. */
  newSquares: number;
  newCount: number;
  /** Stretches judged by a model before they were learned; those it had no explanation for, and their W. */
  judged: number;
  unexplained: number;
  unexplainedW: number;
  /** How often each delay of a declaration was seen, from the earliest to the latest. */
  delays: number[];
  /** Per device: stretches in which it was on. */
  onEntries: number[];
}

/** What is known before the first dataset. */
export function newLearner(deviceCount: number, version = 0): Learner {
  return {
    deviceCount,
    version,
    trainedUntil: 0,
    labelledSeconds: 0,
    rows: [],
    stretches: 0,
    changes: 0,
    seconds: 0,
    newSquares: 0,
    newCount: 0,
    ...{ judged: 0, unexplained: 0, unexplainedW: 0 },
    delays: new Array<number>(DELAYS).fill(0),
    onEntries: new Array<number>(deviceCount).fill(0),
  };
}

/** Takes in one dataset, of as many devices. Returns its stretches. */
export function learn(learner: Learner, dataset: TrainingDataset): SteadyStretch[] {
  const seconds = dataset.timestamps.length;
  fade(learner, 0.5 ** (seconds / HALF_LIFE_S));
  const { stretches, counts } = stretchesByDelay(dataset, learner.delays, noiseOf(learner));
  learner.delays = counts.map(rounded);
  const rows = new Map(learner.rows.map((row) => [row.bits, row]));
  for (const stretch of stretches) {
    let row = rows.get(stretch.bits);
    if (row === undefined) {
      row = newRow(stretch.bits);
      rows.set(stretch.bits, row);
    }
    addTo(row, stretch, noiseOf(learner));
    learner.seconds += stretch.seconds;
    learner.stretches++;
    if (stretch.isChange) learner.changes++;
    for (let device = 0; device < learner.deviceCount; device++) {
      if (stretch.bits[device] === "1") learner.onEntries[device]!++;
    }
    const steps = Math.max(0, stretch.powers.length - 1);
    learner.newSquares += stretch.newVariance * steps;
    learner.newCount += steps;
  }
  learner.rows = boundedRows([...rows.values()]).map(roundedRow);
  learner.version++;
  learner.trainedUntil = Math.max(learner.trainedUntil, dataset.session_end);
  learner.labelledSeconds += seconds;
  return stretches;
}

/** Makes all that is known count `factor` of what it did. */
export function fade(learner: Learner, factor: number): void {
  for (const row of learner.rows) {
    for (const level of row.levels) fadeLevel(level, factor);
    row.entries *= factor;
    row.seconds *= factor;
  }
  learner.stretches *= factor;
  learner.changes *= factor;
  learner.seconds *= factor;
  learner.newSquares *= factor;
  learner.newCount *= factor;
  learner.judged *= factor;
  learner.unexplained *= factor;
  learner.unexplainedW *= factor;
  learner.delays = learner.delays.map((count) => count * factor);
  learner.onEntries = learner.onEntries.map((count) => count * factor);
}

/** How many devices a dataset declares. */
export function deviceCountOf({ state_bitmaps }: TrainingDataset): number {
  return bitsOf(state_bitmaps[0] ?? []).length;
}

function newRow(bits: string): VectorRow {
  return { bits, levels: [], entries: 0, seconds: 0 };
}

/** What is new in a reading, W; enough until something is known of it. */
function noiseOf({ newSquares, newCount }: Learner): number {
  return newCount === 0 ? NOISE_W : Math.sqrt(newSquares / newCount);
}

function addTo(row: VectorRow, stretch: SteadyStretch, noiseW: number): void {
  row.seconds += stretch.seconds;
  row.entries++;
  if (stretch.powers.length === 0) return;
  const visit = stretch.isShort ? SHORT_VISIT : 1;
  addVisit(row.levels, stretch.powers, { visit, noiseW, readingsMax: VISIT_READINGS_MAX });
}

function roundedRow({ bits, entries, seconds, levels }: VectorRow): VectorRow {
  return {
    ...{ bits, entries: rounded(entries), seconds: rounded(seconds) },
    levels: levels.map(({ power, visits, readings, between, within }) => ({
      ...{ power: rounded(power), visits: rounded(visits), readings: rounded(readings) },
      ...{ between: rounded(between), within: rounded(within) },
    })),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

function boundedRows(rows: VectorRow[]): VectorRow[] {
  if (rows.length <= ROWS_MAX) return rows;
  // Stable, so that of equal ones those that came last go.
  return rows.sort((a, b) => b.entries - a.entries).slice(0, ROWS_MAX);
}
