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
  let variances = new Float64Array(size);
  variances[size - 1] = newVariance;
  let fit = { watts: new Float64Array(size), covariance: new Float64Array(size * size) };
  for (let round = 0; round < ROUNDS; round++) {
    const precisions = precisionsOf(rows, design, { variances, newVariance, size });
    fit = solve(rows, design, robust(rows, design, precisions, fit.watts, round), fit.watts);
    if (round % 2 === 1) variances = spreadsOf(rows, design, fit.watts, newVariance);
  }
  return { columns, ...fit, variances, newVariance };
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
  { variances, newVariance, size }: {
    readonly variances: Float64Array;
    readonly newVariance: number;
    readonly size: number;
  },
): Float64Array {
  const precisions = new Float64Array(rows.length);
  rows.forEach(({ visits, readings }, row) => {
    const total = rowSum(design, variances, row, size);
    const drift = Math.max(0, total - newVariance);
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
  start: Float64Array,
): { watts: Float64Array<ArrayBuffer>; covariance: Float64Array<ArrayBuffer> } {
  const size = start.length;
  const { matrix, right } = normalEquations(
    design,
    precisions,
    Float64Array.from(rows, ({ power }) => power),
    size,
  );
  for (let column = 0; column < size; column++) {
    matrix[column * size + column]! += PRIOR_DEVIATION_W ** -2;
  }
  const watts = solveNonNegative(matrix, right, new Set([size - 1]), start);
  return {
    watts: Float64Array.from(watts),
    covariance: Float64Array.from(inverseOf(matrix, size)),
  };
}

/**
 * How far power is from its mean in each row, within a visit, between visits and from the fit, and
 * which columns that goes with: variances add up as the watts do.
 */
function spreadsOf(
  rows: readonly FitRow[],
  design: Uint8Array,
  watts: Float64Array,
  newVariance: number,
): Float64Array<ArrayBuffer> {
  const size = watts.length;
  const weights = new Float64Array(rows.length);
  const squares = new Float64Array(rows.length);
  rows.forEach(({ power, visits, readings, between, within }, row) => {
    const residual = power - rowSum(design, watts, row, size);
    const own = newVariance / Math.max(readings, 1);
    squares[row] = within / Math.max(readings - visits, 1) + between / Math.max(visits, 1) +
      Math.max(0, residual ** 2 - own);
    weights[row] = visits;
  });
  // A few rows far off are outliers, not spread.
  const typical = squares.length === 0 ? 0 : medianOf([...squares]);
  const bound = 4 * Math.max(typical, newVariance);
  for (let row = 0; row < squares.length; row++) {
    squares[row] = Math.min(squares[row]!, bound);
    weights[row]! /= (typical + newVariance) ** 2;
  }
  const { matrix, right } = normalEquations(design, weights, squares, size);
  for (let column = 0; column < size; column++) {
    matrix[column * size + column]! += SPREAD_VISITS * (typical + newVariance) ** -2;
  }
  const variances = Float64Array.from(solveNonNegative(matrix, right, new Set()));
  variances[size - 1] = Math.max(variances[size - 1]!, newVariance);
  return variances;
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
