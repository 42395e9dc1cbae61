/** Linear algebra of the fit, on matrices that are rows one behind the other. Pure. */

const ROUNDS_MAX = 400;
/** A round that moves no value by more than this much of it is the last. */
const PRECISION = 1e-7;

/**
 * Solves `matrix · x = right` for x ≥ 0 by coordinate descent; `matrix` is symmetric and positive
 * definite, of `right.length` rows. The places in `free` may be negative.
 */
export function solveNonNegative(
  matrix: Float64Array,
  right: Float64Array,
  free: ReadonlySet<number>,
  start?: Float64Array,
): Float64Array {
  const count = right.length;
  const x = start === undefined ? new Float64Array(count) : start.slice();
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let moved = 0;
    for (let row = 0; row < count; row++) {
      let rest = right[row]!;
      const at = row * count;
      for (let column = 0; column < count; column++) rest -= matrix[at + column]! * x[column]!;
      let value = x[row]! + rest / matrix[at + row]!;
      if (value < 0 && !free.has(row)) value = 0;
      const change = Math.abs(value - x[row]!) / (1 + Math.abs(value));
      if (change > moved) moved = change;
      x[row] = value;
    }
    if (moved < PRECISION) break;
  }
  return x;
}

/** The inverse of a symmetric positive definite matrix of `count` rows, by its Cholesky factor. */
export function inverseOf(matrix: Float64Array, count: number): Float64Array {
  const factor = new Float64Array(count * count);
  for (let row = 0; row < count; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * count + column]!;
      for (let index = 0; index < column; index++) {
        sum -= factor[row * count + index]! * factor[column * count + index]!;
      }
      factor[row * count + column] = row === column
        ? Math.sqrt(Math.max(sum, Number.MIN_VALUE))
        : sum / factor[column * count + column]!;
    }
  }
  const inverse = new Float64Array(count * count);
  const solved = new Float64Array(count);
  for (let unit = 0; unit < count; unit++) {
    for (let row = 0; row < count; row++) {
      let sum = row === unit ? 1 : 0;
      for (let index = 0; index < row; index++) {
        sum -= factor[row * count + index]! * solved[index]!;
      }
      solved[row] = sum / factor[row * count + row]!;
    }
    for (let row = count - 1; row >= 0; row--) {
      let sum = solved[row]!;
      for (let index = row + 1; index < count; index++) {
        sum -= factor[index * count + row]! * inverse[index * count + unit]!;
      }
      inverse[row * count + unit] = sum / factor[row * count + row]!;
    }
  }
  return inverse;
}
