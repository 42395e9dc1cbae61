/**
 * The power of each device, from the rows of the learner: power = base + Σ watts of what is on, less what
 * the voltage sags by that. Robust (Huber's weights, iteratively), non-negative, each row weighed by how
 * well it is known. Pure.
 */
import {
  type Column,
  type Design,
  designOf,
  designWithSag,
  normalEquations,
  quadratic,
  rowSum,
} from "./design.ts";
import { COLUMNS_ALL_MAX } from "./joint_states.ts";
import { inverseOf, solveNonNegative } from "./least_squares.ts";
import type { Learner } from "./learner.ts";
import type { Level } from "./levels.ts";
import { likelihoodOfSag, SAG_DEVIATION, SAG_MEAN } from "./sag.ts";
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

/** A level of a vector. */
type FitRow = Level & { readonly bits: string };

export interface WattsFit {
  /** Devices that changed, those that always changed together in one column. */
  readonly columns: readonly Column[];
  /** Watts of each column, and behind them the base load. */
  readonly watts: Float64Array;
  /** Variance of power about its mean that each column adds, and behind them that of the base, W². */
  readonly variances: Float64Array;
  /** See sag.ts; undefined of more columns than have their sets looked at. */
  readonly sag: number | undefined;
  /** Covariance of `watts`, and behind them of the sag where there is one, row by row. */
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

/** Fits what is known: as of a home whose power sags, and as of another, by how likely it is either. */
export function fitWatts(learner: Learner): WattsFit {
  const columns = columnsOf(learner);
  const rows = learner.rows.flatMap(({ bits, levels }) =>
    levels.map((level): FitRow => ({ bits, ...level }))
  );
  const newVariance = Math.max(
    ROW_DEVIATION_W_MIN ** 2,
    learner.newCount > 0 ? learner.newSquares / learner.newCount : 0,
  );
  const plainDesign = designOf(rows, columns);
  const size = columns.length + 1;
  const plain = fitRows(rows, { size, plainDesign, design: plainDesign, newVariance });
  if (columns.length > COLUMNS_ALL_MAX) return { columns, newVariance, sag: undefined, ...plain };
  const design = designWithSag(rows, columns);
  const sagging = fitRows(rows, { size, plainDesign, design, newVariance });
  const likely = likelihoodOfSag(sagging.watts[size]!, sagging.covariance.at(-1)!);
  const { watts, variances, covariance } = mixed(withoutSag(plain), sagging, likely);
  return {
    ...{ columns, newVariance, variances, covariance },
    ...{ watts: watts.subarray(0, size), sag: watts[size]! },
  };
}

/** Of a fit the watts and their covariance, with those of the sag where it has one, and the spreads. */
interface RowsFit {
  readonly watts: Float64Array;
  readonly covariance: Float64Array;
  readonly variances: Float64Array;
}

/** What is known of all rows. */
interface FitParts {
  /** Columns, and the base. */
  readonly size: number;
  readonly plainDesign: Uint8Array;
  /** The same, or that with the sag. */
  readonly design: Design;
  readonly newVariance: number;
}

function fitRows(rows: readonly FitRow[], parts: FitParts): RowsFit {
  const { size, plainDesign, newVariance } = parts;
  let spread = { variances: new Float64Array(size), drifts: new Float64Array(size) };
  spread.variances[size - 1] = newVariance;
  let fit = noFit(parts.design === plainDesign ? size : size + 1);
  for (let round = 0; round < ROUNDS; round++) {
    const precisions = precisionsOf(rows, plainDesign, {
      ...{ drifts: spread.drifts, newVariance, size },
    });
    const weights = robust(rows, parts.design, precisions, fit.watts, round);
    fit = solve(rows, parts, weights);
    if (round % 2 === 1) spread = spreadsOf(rows, parts, { ...fit, precisions: weights });
  }
  return { ...fit, variances: spread.variances };
}

function noFit(size: number): Pick<RowsFit, "watts" | "covariance"> {
  return { watts: new Float64Array(size), covariance: new Float64Array(size * size) };
}

/** A fit without sag as one of which it is known that there is none. */
function withoutSag({ watts, covariance, variances }: RowsFit): RowsFit {
  const size = watts.length;
  const wider = noFit(size + 1);
  wider.watts.set(watts);
  for (let row = 0; row < size; row++) {
    wider.covariance.set(covariance.subarray(row * size, (row + 1) * size), row * (size + 1));
  }
  return { ...wider, variances };
}

/** The mean and the covariance of what is the other with this probability, else the one. */
function mixed(one: RowsFit, other: RowsFit, probability: number): RowsFit {
  const mix = (a: Float64Array, b: Float64Array) =>
    a.map((each, at) => each + probability * (b[at]! - each));
  const size = one.watts.length;
  const apart = one.watts.map((each, at) => other.watts[at]! - each);
  const covariance = mix(one.covariance, other.covariance);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      covariance[row * size + column]! += probability * (1 - probability) *
        apart[row]! * apart[column]!;
    }
  }
  return {
    watts: mix(one.watts, other.watts),
    ...{ covariance, variances: mix(one.variances, other.variances) },
  };
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
  design: Design,
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
  { design, plainDesign, size: plainSize }: FitParts,
  precisions: Float64Array,
): Pick<RowsFit, "watts" | "covariance"> {
  const hasSag = design !== plainDesign;
  const size = hasSag ? plainSize + 1 : plainSize;
  const { matrix, right } = normalEquations(
    design,
    precisions,
    Float64Array.from(rows, ({ power }) => power),
    size,
  );
  for (let column = 0; column < plainSize; column++) {
    matrix[column * size + column]! += PRIOR_DEVIATION_W ** -2;
  }
  if (hasSag) {
    matrix[size * size - 1]! += SAG_DEVIATION ** -2;
    right[size - 1]! += SAG_MEAN * SAG_DEVIATION ** -2;
  }
  return {
    watts: solveNonNegative(matrix, right, new Set([plainSize - 1])),
    covariance: inverseOf(matrix, size),
  };
}

/**
 * How far power is from its mean, beyond what is new in each reading: within a visit, and from visit
 * to visit, which is its drift; and which columns that goes with: variances add up as the watts do.
 */
function spreadsOf(
  rows: readonly FitRow[],
  { design, plainDesign, size, newVariance }: FitParts,
  { watts, covariance, precisions }: {
    readonly watts: Float64Array;
    readonly covariance: Float64Array;
    readonly precisions: Float64Array;
  },
): { variances: Float64Array<ArrayBuffer>; drifts: Float64Array<ArrayBuffer> } {
  const within = rows.map(({ within, visits, readings }) => {
    const freedom = Math.max(0, readings - visits);
    return { excess: within / Math.max(freedom, 1) - newVariance, freedom, own: newVariance };
  });
  const between = rows.map(({ power, visits, readings, between }, row) => {
    // What the fit has not taken from the row itself.
    const free = 1 - precisions[row]! * quadratic(design, covariance, row, watts.length);
    const own = newVariance / Math.max(readings, 1e-3);
    const squares = visits * (power - rowSum(design, watts, row, watts.length)) ** 2 + between;
    const freedom = Math.max(0, visits - 1 + free);
    return { excess: squares / Math.max(freedom, 0.1) - visits * own, freedom, own: visits * own };
  });
  const drifts = sharedOut(between, plainDesign, size);
  const variances = sharedOut(within, plainDesign, size).map((each, column) =>
    each + drifts[column]!
  );
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
