/**
 * e^−x by a table, several times as fast as `Math.exp` in loops that take it by the thousand, and the
 * same to nine digits. Pure: the same bits on any machine.
 */

/** Beyond, it is nothing beside any density that it is added to. */
const EXPONENT_MAX = 64;
/** Steps of the table a unit: what is left of the exponent is at most half of one. */
const STEPS = 16;
const TABLE = Float64Array.from(
  { length: EXPONENT_MAX * STEPS + 1 },
  (_, step) => Math.exp(-step / STEPS),
);

/** e^−x for x from 0 on; nothing from 64 on. */
export function decay(x: number): number {
  if (!(x < EXPONENT_MAX)) return 0;
  const step = (x * STEPS + 0.5) | 0;
  const rest = step / STEPS - x;
  return TABLE[step]! * (1 + rest * (1 + rest * (1 / 2 + rest * (1 / 6 + rest * (1 / 24)))));
}
