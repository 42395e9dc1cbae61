/**
 * What one process takes at a rate, and with so many households, between what was measured.
 *
 *   cores                      ╭──── full load: what it does at most
 *     │      ╭────────────────╯
 *     │   ╭──╯  waiting, polling and a transaction for a few inputs cost most of it
 *     └───┴──┴──────────────────▶ work a second
 */
import type { ProcessFigures } from "./bench_figures.ts";

/** CPU-seconds a second, for so much work a second. Without a full load as it grew in the end. */
export function coresAt(perS: number, { cpu, full }: ProcessFigures): number {
  const last = cpu.at(-1)!;
  if (full === undefined || perS <= last.perS || full.perS <= last.perS) {
    return valueAt(perS, cpu.map((point) => [point.perS, point.cores]));
  }
  // From there to full load are two decades: as a power, since a straight line would have it that the
  // cost of an input is there from the beginning what it is in the end.
  const power = Math.log(full.perS / full.perCpuS / last.cores) / Math.log(full.perS / last.perS);
  return last.cores * (perS / last.perS) ** power;
}

/** MB at most, while it is not behind. */
export function memoryAt(households: number, { memory }: ProcessFigures): number {
  return valueAt(households, memory.map((point) => [point.households, point.memoryMB]));
}

/** Of points whose values no longer rise behind the last of them; 0 without any. */
export function levelAt(x: number, points: readonly (readonly [number, number])[]): number {
  const last = points.at(-1);
  return last === undefined ? 0 : valueAt(Math.min(x, last[0]), points);
}

/** On the line through the points beside it: before the first its value, behind the last no less than it. */
function valueAt(x: number, points: readonly (readonly [number, number])[]): number {
  const [firstX, firstY] = points[0]!;
  if (x <= firstX || points.length === 1) return firstY;
  const above = points.findIndex(([each]) => each >= x);
  const index = above === -1 ? points.length - 1 : above;
  const [[x0, y0], [x1, y1]] = [points[index - 1]!, points[index]!];
  const slope = (y1 - y0) / (x1 - x0);
  return above === -1 ? y1 + Math.max(0, slope) * (x - x1) : y0 + slope * (x - x0);
}
