/**
 * What is kept of all labels of a household: a row for each declared vector, with the power that was
 * measured in it, and a few counts. What a model needs is computed from these; the labels themselves
 * are not kept. Bounded: the rows of least weight go, and old ones fade. Pure.
 */
import type { TrainingDataset } from "../../../shared/events.ts";
import { bitsOf, type SteadyStretch, steadyStretches } from "./steady_stretches.ts";

/** Rows kept at most. */
export const ROWS_MAX = 160;
/** After so many labelled seconds what is old counts half. */
const HALF_LIFE_S = 5 * 24 * 3600;
/** Readings of one visit that count: they all share its drift. */
const VISIT_READINGS_MAX = 60;

/** What is known of one declared vector. Weights fade, and need not be whole. */
export interface VectorRow {
  readonly bits: string;
  /** Mean power over its visits, W. */
  power: number;
  /** Visits of which readings were kept, that stand behind `power`. */
  visits: number;
  /** Readings behind `power`. */
  readings: number;
  /** Sum over visits of the squared distance from the mean, W². */
  between: number;
  /** Sum over readings of the squared distance from their visit's mean, W². */
  within: number;
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
    onEntries: new Array<number>(deviceCount).fill(0),
  };
}

/** Takes in one dataset, of as many devices. Returns its stretches. */
export function learn(learner: Learner, dataset: TrainingDataset): SteadyStretch[] {
  const stretches = steadyStretches(dataset);
  const seconds = dataset.timestamps.length;
  fade(learner, 0.5 ** (seconds / HALF_LIFE_S));
  const rows = new Map(learner.rows.map((row) => [row.bits, row]));
  for (const stretch of stretches) {
    let row = rows.get(stretch.bits);
    if (row === undefined) {
      row = newRow(stretch.bits);
      rows.set(stretch.bits, row);
    }
    addTo(row, stretch);
    learner.seconds += stretch.seconds;
    learner.stretches++;
    if (stretch.isChange) learner.changes++;
    for (let device = 0; device < learner.deviceCount; device++) {
      if (stretch.bits[device] === "1") learner.onEntries[device]!++;
    }
    if (stretch.readings > 1) {
      learner.newSquares += stretch.newVariance * (stretch.readings - 1);
      learner.newCount += stretch.readings - 1;
    }
  }
  learner.rows = boundedRows([...rows.values()]);
  learner.version++;
  learner.trainedUntil = Math.max(learner.trainedUntil, dataset.session_end);
  learner.labelledSeconds += seconds;
  return stretches;
}

/** Makes all that is known count `factor` of what it did. */
export function fade(learner: Learner, factor: number): void {
  for (const row of learner.rows) {
    row.visits *= factor;
    row.readings *= factor;
    row.between *= factor;
    row.within *= factor;
    row.entries *= factor;
    row.seconds *= factor;
  }
  learner.stretches *= factor;
  learner.changes *= factor;
  learner.seconds *= factor;
  learner.newSquares *= factor;
  learner.newCount *= factor;
  learner.onEntries = learner.onEntries.map((count) => count * factor);
}

/** How many devices a dataset declares. */
export function deviceCountOf({ state_bitmaps }: TrainingDataset): number {
  return bitsOf(state_bitmaps[0] ?? []).length;
}

function newRow(bits: string): VectorRow {
  return {
    ...{ bits, power: 0, visits: 0, readings: 0, between: 0, within: 0 },
    ...{ entries: 0, seconds: 0 },
  };
}

function addTo(row: VectorRow, stretch: SteadyStretch): void {
  row.seconds += stretch.seconds;
  row.entries++;
  if (stretch.readings === 0) return;
  const readings = Math.min(stretch.readings, VISIT_READINGS_MAX);
  // Each visit counts by its readings, up to a bound: a short one says little.
  const share = readings / (row.readings + readings);
  const off = stretch.power - row.power;
  row.power += share * off;
  row.between += off * (stretch.power - row.power);
  row.within += stretch.variance * (readings - 1);
  row.visits++;
  row.readings += readings;
}

function boundedRows(rows: VectorRow[]): VectorRow[] {
  if (rows.length <= ROWS_MAX) return rows;
  // Stable, so that of equal ones those that came last go.
  return rows.sort((a, b) => b.entries - a.entries).slice(0, ROWS_MAX);
}
