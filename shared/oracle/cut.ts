/**
 * What can be judged of a log whose oldest records have been removed. With A the newest append time
 * at which one of its topics begins now, every event later than A + `max-ahead` is still there, and
 * what closed windows or households before that had no later event either. So:
 *
 *   removed │ A      H = A + max-ahead + 2
 *   ────────┼────────┼──────────────────────▶ event time
 *                    └─ windows that start here or later, and sessions that begin after a gap here
 */
import type { HouseholdIdentity, PredictionWindow, TrainingDataset } from "../events.ts";
import type { ExpectedPredictions, ExpectedTraining } from "./oracle.ts";
import type { Due } from "./owed.ts";
import type { Semantics } from "./semantics.ts";
import type { Tally } from "./tally.ts";
import type { ExpectedWindow } from "./windows.ts";

/** Where a partition of a topic begins now. */
export interface Beginning {
  readonly startOffset: number;
  /** Append time of the oldest record held; undefined where none is. */
  readonly firstAppendMs: number | undefined;
}

/** The event time from which on outputs can be judged, s; -Infinity where nothing was removed. */
export function horizonOf(beginnings: readonly Beginning[], { maxAheadS }: Semantics): number {
  let horizonS = -Infinity;
  for (const { startOffset, firstAppendMs } of beginnings) {
    if (startOffset === 0) continue;
    const beginS = firstAppendMs === undefined ? Infinity : Math.ceil(firstAppendMs / 1000);
    horizonS = Math.max(horizonS, beginS + maxAheadS + 2);
  }
  return horizonS;
}

/** What is compared, and from when on it can be judged. */
export interface Comparing {
  readonly predictions: ExpectedPredictions;
  readonly training: ExpectedTraining;
  readonly horizonS: number;
  readonly gapS: number;
}

/** What can be judged, household by household. */
export interface Judgeable {
  readonly windows: readonly {
    readonly identity: HouseholdIdentity;
    readonly dues: Iterable<Due<PredictionWindow>>;
  }[];
  readonly datasets: readonly JudgeableDatasets[];
  readonly fused: Pick<Tally, "fusedExpected" | "fusedReached">;
}

interface JudgeableDatasets {
  readonly identity: HouseholdIdentity;
  readonly expected: readonly TrainingDataset[];
  /** From which start on what the log has of the household is judged. */
  readonly fromS: number;
}

/** What is due of that which can be judged, and in `fused` what no dataset shows. */
export function judgeable({ predictions, training, horizonS, gapS }: Comparing): Judgeable {
  const windows = predictions.households.map(({ identity, windows }) => ({
    identity,
    dues: { [Symbol.iterator]: () => duesFrom(windows, horizonS) },
  }));
  if (horizonS === -Infinity) {
    return {
      windows,
      datasets: training.households.map(({ identity, datasets }) => ({
        ...{ identity, expected: datasets, fromS: -Infinity },
      })),
      fused: { fusedExpected: training.fusedExpected, fusedReached: training.fusedShort },
    };
  }
  const datasets = training.households.map(({ identity, datasets }): JudgeableDatasets => {
    const fromS = firstBegin(datasets, horizonS, gapS);
    const expected = datasets.filter(({ session_start }) => session_start >= fromS);
    return { identity, expected, fromS };
  });
  const fusedExpected = datasets.flatMap(({ expected }) => expected)
    .reduce((sum, { timestamps }) => sum + timestamps.length, 0);
  return { windows, datasets, fused: { fusedExpected, fusedReached: 0 } };
}

function* duesFrom(
  windows: Iterable<ExpectedWindow>,
  horizonS: number,
): Generator<Due<PredictionWindow>> {
  for (const { window, closedAtMs } of windows) {
    if (window.window_start >= horizonS) yield { output: window, closedAtMs };
  }
}

/**
 * Where a household's first session begins that begins after a gap, and so whatever was before: one
 * that goes on from another may have been cut elsewhere than the oracle, which has not seen its
 * beginning, would cut it. `Infinity` where there is none.
 */
function firstBegin(
  datasets: readonly TrainingDataset[],
  horizonS: number,
  gapS: number,
): number {
  let lastEnd = -Infinity;
  for (const { session_start: start, session_end: end } of datasets) {
    if (start - lastEnd > gapS && start > horizonS + gapS) return start;
    lastEnd = end;
  }
  return Infinity;
}
