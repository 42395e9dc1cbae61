import assert from "node:assert/strict";
import { seededRandom } from "../../../shared/testing/seeded_random.ts";
import { inverseOf, solveNonNegative } from "./least_squares.ts";

/** Squares of as many rows of twelve devices and a base as it just takes to know them. */
function fewVectors(seed: number): { matrix: Float64Array; right: Float64Array; count: number } {
  const [random, count] = [seededRandom(seed), 13];
  const matrix = new Float64Array(count * count);
  const right = new Float64Array(count);
  for (let place = 0; place < count; place++) matrix[place * count + place] = 2_000 ** -2;
  for (let vector = 0; vector < count; vector++) {
    const on = Array.from({ length: count }, (_, place) => place === count - 1 || random() < 0.5);
    const power = 100 + on.reduce((sum, isOn, place) => sum + (isOn ? 30 * place : 0), 0) -
      40 * random();
    on.forEach((isOn, row) => {
      if (!isOn) return;
      right[row]! += power;
      on.forEach((other, column) => matrix[row * count + column]! += other ? 1 : 0);
    });
  }
  return { matrix, right, count };
}

Deno.test("solveNonNegative() finds the least squares, however little is known", () => {
  let zeros = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const { matrix, right, count } = fewVectors(seed);
    const x = solveNonNegative(matrix, right, new Set([count - 1]));
    x.forEach((value, row) => {
      let pull = right[row]!;
      x.forEach((other, column) => pull -= matrix[row * count + column]! * other);
      // Karush, Kuhn and Tucker: nothing pulls, but down at zero.
      if (value === 0) zeros++;
      else assert.ok(Math.abs(pull) < 1e-6, `seed ${seed}, place ${row}: ${pull}`);
      assert.ok(pull < 1e-6 && (value >= 0 || row === count - 1), `seed ${seed}, ${row}: ${value}`);
    });
  }
  assert.ok(zeros > 50, `${zeros}`);
});

Deno.test("inverseOf() is the inverse", () => {
  const { matrix, count } = fewVectors(1);
  const inverse = inverseOf(matrix, count);
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      let sum = 0;
      for (let index = 0; index < count; index++) {
        sum += matrix[row * count + index]! * inverse[index * count + column]!;
      }
      assert.ok(Math.abs(sum - (row === column ? 1 : 0)) < 1e-5, `${row}, ${column}: ${sum}`);
    }
  }
});
