/**
 * The power of each device, from the rows of the learner: power = base + Σ watts of what is on. Robust
 * (Huber's weights, iteratively), non-negative, each row weighed by how well it is known. Pure.
 */
import { inverseOf, solveNonNegative } from "./least_squares.ts";
import type { Learner } from "./learner.ts";
import type { Level } from "./levels.ts";
import { medianOf } from "./steady_stretches.ts";

/** Before any label: a device takes up to some thousand watts. */
const PRIOR_DEVIATION_W = 2_000;
/** Beyond this many deviations a row counts by its distance only (Huber). */
const HUBER = 1.5;
const ROUNDS = 8;
/** As many visits as it takes to believe in a spread. */
const SPREAD_VISITS = 3;
/** A row counts as no further off than so many times what is typical. */
const OUTLIER = 4;
/** A row's power is at best known to this, W. */
const ROW_DEVIATION_W_MIN = 0.3;

/** Devices that were always on and off together: the labels cannot tell them apart. */
export type Column = readonly number[];

/** A level of a vector. */
type FitRow = Level & { readonly bits: string };

export interface WattsFit {
  /** Devices that changed, those that always changed together in one column. */
  readonly columns: readonly Column[];
  /** Watts of each column, and behind them the base load. */
  readonly watts: Float64Array;
  /** Variance of power about its mean that each column adds, and behind them that of the base, W². */
  readonly variances: Float64Array;
  /** Covariance of `watts`, row by row. */
  readonly covariance: Float64Array;
  /** Variance of what is new in each reading, W². */
  readonly newVariance: number;
}

/** The columns of a learner's rows, in the order of their first device. */
export function columnsOf({ rows, deviceCount }: Learner): Column[] {
  const byPattern = new Map<string, number[]>();
  for (let device = 0; device < deviceCount; device++) {
    let pattern = "";
    for (const { bits } of rows) pattern += bits[device];
    if (!pattern.includes("1") || !pattern.includes("0")) continue;
    const column = byPattern.get(pattern);
    if (column === undefined) byPattern.set(pattern, [device]);
    else column.push(device);
  }
  return [...byPattern.values()];
}

/** Fits what is known. */
export function fitWatts(learner: Learner): WattsFit {
  const columns = columnsOf(learner);
  const rows = learner.rows.flatMap(({ bits, levels }) =>
    levels.map((level): FitRow => ({ bits, ...level }))
  );
  const newVariance = Math.max(
    ROW_DEVIATION_W_MIN ** 2,
    learner.newCount > 0 ? learner.newSquares / learner.newCount : 0,
  );
  const size = columns.length + 1;
  const design = designOf(rows, columns);
  let spread = { variances: new Float64Array(size), drifts: new Float64Array(size) };
  spread.variances[size - 1] = newVariance;
  let fit = { watts: new Float64Array(size), covariance: new Float64Array(size * size) };
  for (let round = 0; round < ROUNDS; round++) {
    const precisions = precisionsOf(rows, design, { drifts: spread.drifts, newVariance, size });
    const weights = robust(rows, design, precisions, fit.watts, round);
    fit = solve(rows, design, weights, size);
    if (round % 2 === 1) {
      spread = spreadsOf(rows, design, { ...fit, precisions: weights, newVariance });
    }
  }
  return { columns, ...fit, variances: spread.variances, newVariance };
}

/** Which columns are on in each row, and that the base always is. */
function designOf(rows: readonly FitRow[], columns: readonly Column[]): Uint8Array {
  const size = columns.length + 1;
  const design = new Uint8Array(rows.length * size);
  rows.forEach(({ bits }, row) => {
    columns.forEach(([device], column) => {
      if (bits[device!] === "1") design[row * size + column] = 1;
    });
    design[row * size + size - 1] = 1;
  });
  return design;
}

/** How precisely the mean of each row is known: its drift by its visits, its noise by its readings. */
function precisionsOf(
  rows: readonly FitRow[],
  design: Uint8Array,
  { drifts, newVariance, size }: {
    readonly drifts: Float64Array;
    readonly newVariance: number;
    readonly size: number;
  },
): Float64Array {
  const precisions = new Float64Array(rows.length);
  rows.forEach(({ visits, readings }, row) => {
    const drift = rowSum(design, drifts, row, size);
    precisions[row] = 1 /
      (drift / Math.max(visits, 1e-3) + newVariance / Math.max(readings, 1e-3) +
        ROW_DEVIATION_W_MIN ** 2);
  });
  return precisions;
}

/** Huber's weights on top, for the residuals of the fit before. */
function robust(
  rows: readonly FitRow[],
  design: Uint8Array,
  precisions: Float64Array,
  watts: Float64Array,
  round: number,
): Float64Array {
  if (round === 0) return precisions;
  const residuals = rows.map(({ power }, row) =>
    Math.abs(power - rowSum(design, watts, row, watts.length)) * Math.sqrt(precisions[row]!)
  );
  const scale = residuals.length === 0 ? 1 : Math.max(1, 1.4826 * medianOf(residuals));
  return precisions.map((precision, row) =>
    precision * Math.min(1, HUBER * scale / Math.max(residuals[row]!, 1e-9))
  );
}

function solve(
  rows: readonly FitRow[],
  design: Uint8Array,
  precisions: Float64Array,
  size: number,
): { watts: Float64Array<ArrayBuffer>; covariance: Float64Array<ArrayBuffer> } {
  const { matrix, right } = normalEquations(
    design,
    precisions,
    Float64Array.from(rows, ({ power }) => power),
    size,
  );
  for (let column = 0; column < size; column++) {
    matrix[column * size + column]! += PRIOR_DEVIATION_W ** -2;
  }
  return {
    watts: solveNonNegative(matrix, right, new Set([size - 1])),
    covariance: inverseOf(matrix, size),
  };
}

/**
 * How far power is from its mean, beyond what is new in each reading: within a visit, and from visit
 * to visit, which is its drift; and which columns that goes with: variances add up as the watts do.
 */
function spreadsOf(
  rows: readonly FitRow[],
  design: Uint8Array,
  { watts, covariance, precisions, newVariance }: {
    readonly watts: Float64Array;
    readonly covariance: Float64Array;
    readonly precisions: Float64Array;
    readonly newVariance: number;
  },
): { variances: Float64Array<ArrayBuffer>; drifts: Float64Array<ArrayBuffer> } {
  const size = watts.length;
  const within = rows.map(({ within, visits, readings }) => {
    const freedom = Math.max(0, readings - visits);
    return { excess: within / Math.max(freedom, 1) - newVariance, freedom, own: newVariance };
  });
  const between = rows.map(({ power, visits, readings, between }, row) => {
    // What the fit has not taken from the row itself.
    const free = 1 - precisions[row]! * quadratic(design, covariance, row, size);
    const own = newVariance / Math.max(readings, 1e-3);
    const squares = visits * (power - rowSum(design, watts, row, size)) ** 2 + between;
    const freedom = Math.max(0, visits - 1 + free);
    return { excess: squares / Math.max(freedom, 0.1) - visits * own, freedom, own: visits * own };
  });
  const drifts = sharedOut(between, design, size);
  const variances = sharedOut(within, design, size).map((each, column) => each + drifts[column]!);
  variances[size - 1]! += newVariance;
  return { variances, drifts };
}

/** What is found in a row beyond its own noise, of so many degrees of freedom, W². */
interface Excess {
  readonly excess: number;
  readonly freedom: number;
  readonly own: number;
}

/**
 * Shares excesses out among columns: not negative, and no more than there is in all rows together beyond
 * a standard deviation of what noise alone makes there.
 */
function sharedOut(
  rows: readonly Excess[],
  design: Uint8Array,
  size: number,
): Float64Array<ArrayBuffer> {
  // A few rows far off are outliers, not spread.
  const typical = rows.length === 0 ? 1 : medianOf(rows.map(({ excess, own }) => excess + own));
  const scales = rows.map(({ own }) => Math.max(typical, own));
  const weights = Float64Array.from(rows, ({ freedom }, row) => freedom / scales[row]! ** 2);
  const squares = Float64Array.from(
    rows,
    ({ excess }, row) => Math.min(excess, OUTLIER * scales[row]!),
  );
  const { matrix, right } = normalEquations(design, weights, squares, size);
  const prior = SPREAD_VISITS / (scales.length === 0 ? 1 : medianOf(scales)) ** 2;
  for (let column = 0; column < size; column++) matrix[column * size + column]! += prior;
  const shares = solveNonNegative(matrix, right, new Set());
  // Of noise about nothing what is above it is no spread either, nor what chance alone makes of it.
  let [found, given, chance] = [0, 0, 0];
  for (let row = 0; row < rows.length; row++) {
    const { own, freedom } = rows[row]!;
    if (freedom > 0) chance += 2 * (weights[row]! * own) ** 2 / freedom;
    found += weights[row]! * squares[row]!;
    given += weights[row]! * rowSum(design, shares, row, size);
  }
  const share = given > 0 ? Math.min(1, Math.max(0, (found - Math.sqrt(chance)) / given)) : 0;
  return shares.map((each) => share * each);
}

/** The variance of the power that the fit gives to a row. */
function quadratic(
  design: Uint8Array,
  covariance: Float64Array,
  row: number,
  size: number,
): number {
  let sum = 0;
  const at = row * size;
  for (let column = 0; column < size; column++) {
    if (design[at + column] === 0) continue;
    for (let other = 0; other < size; other++) {
      sum += design[at + other]! * covariance[column * size + other]!;
    }
  }
  return sum;
}

function normalEquations(
  design: Uint8Array,
  weights: Float64Array,
  values: Float64Array,
  size: number,
): { matrix: Float64Array; right: Float64Array } {
  const matrix = new Float64Array(size * size);
  const right = new Float64Array(size);
  for (let row = 0; row < weights.length; row++) {
    const [at, weight, value] = [row * size, weights[row]!, values[row]!];
    for (let column = 0; column < size; column++) {
      if (design[at + column] === 0) continue;
      right[column]! += weight * value;
      for (let other = 0; other < size; other++) {
        matrix[column * size + other]! += weight * design[at + other]!;
      }
    }
  }
  return { matrix, right };
}

function rowSum(design: Uint8Array, values: Float64Array, row: number, size: number): number {
  let sum = 0;
  const at = row * size;
  for (let column = 0; column < size; column++) sum += design[at + column]! * values[column]!;
  return sum;
}
