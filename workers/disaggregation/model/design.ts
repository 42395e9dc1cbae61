/**
 * The rows of a fit as a matrix: what counts in each. A design has `size` values a row, row by row. Pure.
 */
import { squaredKW } from "./sag.ts";

export type Design = Uint8Array | Float64Array;

/** Devices that were always on and off together: the labels cannot tell them apart. */
export type Column = readonly number[];

/** What a row is known by: its vector, and the power in it, W. */
export interface DesignRow {
  readonly bits: string;
  readonly power: number;
}

/** Which columns are on in each row, and that the base always is. */
export function designOf(rows: readonly DesignRow[], columns: readonly Column[]): Uint8Array {
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

/** The same, and behind each row by how much its power sags. */
export function designWithSag(
  rows: readonly DesignRow[],
  columns: readonly Column[],
): Float64Array {
  const plain = designOf(rows, columns);
  const size = columns.length + 1;
  const design = new Float64Array(rows.length * (size + 1));
  rows.forEach(({ power }, row) => {
    const at = row * (size + 1);
    design.set(plain.subarray(row * size, (row + 1) * size), at);
    design[at + size] = -squaredKW(power);
  });
  return design;
}

/** The variance of the power that a fit gives to a row. */
export function quadratic(
  design: Design,
  covariance: Float64Array,
  row: number,
  size: number,
): number {
  let sum = 0;
  const at = row * size;
  for (let column = 0; column < size; column++) {
    const part = design[at + column]!;
    if (part === 0) continue;
    for (let other = 0; other < size; other++) {
      sum += part * design[at + other]! * covariance[column * size + other]!;
    }
  }
  return sum;
}

/** The matrix and the right side of the weighed least squares of the rows' values. */
export function normalEquations(
  design: Design,
  weights: Float64Array,
  values: Float64Array,
  size: number,
): { matrix: Float64Array; right: Float64Array } {
  const matrix = new Float64Array(size * size);
  const right = new Float64Array(size);
  for (let row = 0; row < weights.length; row++) {
    const [at, weight, value] = [row * size, weights[row]!, values[row]!];
    for (let column = 0; column < size; column++) {
      const part = weight * design[at + column]!;
      if (part === 0) continue;
      right[column]! += part * value;
      for (let other = 0; other < size; other++) {
        matrix[column * size + other]! += part * design[at + other]!;
      }
    }
  }
  return { matrix, right };
}

/** What a row takes of these values. */
export function rowSum(
  design: Design,
  values: Float64Array,
  row: number,
  size: number,
): number {
  let sum = 0;
  const at = row * size;
  for (let column = 0; column < size; column++) sum += design[at + column]! * values[column]!;
  return sum;
}
