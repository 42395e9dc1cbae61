/** How far an experiment is: a bar, the time, and what is left of it. */
import { clockText } from "../dev/live_figures.ts";

const BAR_CELLS = 30;

export function progressText(publishedMs: number, durationMs: number): string {
  const share = Math.min(1, publishedMs / durationMs);
  const full = Math.floor(share * BAR_CELLS);
  const bar = "█".repeat(full) + "░".repeat(BAR_CELLS - full);
  const leftMs = Math.max(0, durationMs - publishedMs);
  return `${bar} ${Math.floor(share * 100)} %, ${clockText(publishedMs)} of ${
    clockText(durationMs)
  }, ${clockText(leftMs)} left`;
}
