/** Linear algebra of the fit, on matrices that are rows one behind the other. Pure. */

/** Sets of places that are tried, at most; a few are enough. */
const ROUNDS_MAX = 60;
/** A place that would grow by no more than this is left at zero. */
const PRECISION = 1e-9;

/**
 * Solves `matrix · x = right` for x ≥ 0 (Lawson and Hanson's active sets); `matrix` is symmetric and
 * positive definite, of `right.length` rows. The places in `free` may be negative.
 */
export function solveNonNegative(
  matrix: Float64Array,
  right: Float64Array,
  free: ReadonlySet<number>,
): Float64Array<ArrayBuffer> {
  const count = right.length;
  const x = new Float64Array(count);
  const places = new Set(right.keys());
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const order = [...places];
    const solved = solveOn(matrix, right, order);
    const negative = order.filter((place, index) => solved[index]! < 0 && !free.has(place));
    // As far as all stay what they may be.
    let share = 1;
    order.forEach((place, index) => {
      if (!negative.includes(place)) return;
      share = Math.min(share, x[place]! / (x[place]! - solved[index]!));
    });
    order.forEach((place, index) => x[place]! += share * (solved[index]! - x[place]!));
    for (const place of negative) {
      if (x[place]! > PRECISION) continue;
      x[place] = 0;
      places.delete(place);
    }
    if (negative.length > 0) continue;
    const missing = mostMissing(matrix, right, x, places);
    if (missing === undefined) break;
    places.add(missing);
  }
  return x;
}

/** The place at zero that pulls up most; undefined where none does. */
function mostMissing(
  matrix: Float64Array,
  right: Float64Array,
  x: Float64Array,
  places: ReadonlySet<number>,
): number | undefined {
  const count = right.length;
  let [best, most]: [number | undefined, number] = [undefined, PRECISION];
  for (let row = 0; row < count; row++) {
    if (places.has(row)) continue;
    let pull = right[row]!;
    for (let column = 0; column < count; column++) {
      pull -= matrix[row * count + column]! * x[column]!;
    }
    pull /= matrix[row * count + row]!;
    if (pull > most) [best, most] = [row, pull];
  }
  return best;
}

/** The solution where all but these places are zero. */
function solveOn(
  matrix: Float64Array,
  right: Float64Array,
  places: readonly number[],
): Float64Array {
  const [count, all] = [places.length, right.length];
  const part = new Float64Array(count * count);
  places.forEach((row, index) => {
    places.forEach((column, other) => part[index * count + other] = matrix[row * all + column]!);
  });
  const factor = factorOf(part, count);
  const solved = Float64Array.from(places, (place) => right[place]!);
  solveFactored(factor, solved);
  return solved;
}

/** The inverse of a symmetric positive definite matrix of `count` rows, by its Cholesky factor. */
export function inverseOf(matrix: Float64Array, count: number): Float64Array<ArrayBuffer> {
  const factor = factorOf(matrix, count);
  const inverse = new Float64Array(count * count);
  const solved = new Float64Array(count);
  for (let unit = 0; unit < count; unit++) {
    solved.fill(0);
    solved[unit] = 1;
    solveFactored(factor, solved);
    for (let row = 0; row < count; row++) inverse[row * count + unit] = solved[row]!;
  }
  return inverse;
}

/** The Cholesky factor. */
function factorOf(matrix: Float64Array, count: number): Float64Array {
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
  return factor;
}

/** Solves in place, by a Cholesky factor. */
function solveFactored(factor: Float64Array, values: Float64Array): void {
  const count = values.length;
  for (let row = 0; row < count; row++) {
    let sum = values[row]!;
    for (let index = 0; index < row; index++) sum -= factor[row * count + index]! * values[index]!;
    values[row] = sum / factor[row * count + row]!;
  }
  for (let row = count - 1; row >= 0; row--) {
    let sum = values[row]!;
    for (let index = row + 1; index < count; index++) {
      sum -= factor[index * count + row]! * values[index]!;
    }
    values[row] = sum / factor[row * count + row]!;
  }
}
