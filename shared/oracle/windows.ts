/**
 * The prediction windows of one household, read off everything that ever happened to it.
 *
 * ```
 * event time     86             100 101            114 115   119 120
 * windows        [86,101) …     [100,115)
 * closedEnd                                        ▲ the reading at 119 moves it to 114:
 *                                                    starts up to 99 are closed
 * ```
 *
 * One number says all about what is closed: `closedEnd`. A window `[s, s + window)` is closed once
 * `s + window ≤ closedEnd`.
 */
import type { PredictionWindow, Reading } from "../events.ts";
import { deadLetterOf, type ExpectedDeadLetter } from "./entries.ts";
import { noOutcomes, type Outcomes, type Semantics } from "./semantics.ts";
import type { Moment } from "./timeline.ts";

export interface ExpectedWindow {
  readonly window: PredictionWindow;
  /**
   * Append time (ms) of the household's own reading that closed it; undefined where silence or a
   * tick did.
   */
  readonly closedAtMs: number | undefined;
}

export interface HouseholdWindows {
  /** Ascending by start; made as they are asked for, since a reading is in many of them. */
  readonly windows: Iterable<ExpectedWindow>;
  readonly outcomes: Outcomes;
  readonly deadLetters: ExpectedDeadLetter[];
}

/** An accepted reading, and how far the household was closed when it came. */
interface Accepted {
  readonly reading: Reading;
  readonly closedEndBefore: number;
}

/** From this moment on the household is closed up to `closedEnd`. */
interface Raise {
  readonly closedEnd: number;
  readonly atMs: number | undefined;
}

/** The windows that a household's moments must lead to, and what becomes of its readings. */
export function windowsOf(
  moments: readonly Moment<Reading>[],
  rules: Semantics,
  lostUpToS = -Infinity,
): HouseholdWindows {
  const outcomes = noOutcomes();
  const deadLetters: ExpectedDeadLetter[] = [];
  const accepted = new Map<number, Accepted>();
  const raises: Raise[] = [];
  let closedEnd = lostUpToS + rules.windowS;
  let latestS = -Infinity;

  const raiseTo = (end: number, atMs: number | undefined): void => {
    if (end <= closedEnd) return;
    closedEnd = end;
    raises.push({ closedEnd, atMs });
  };

  for (const moment of moments) {
    if (moment.kind === "closing") {
      raiseTo(lastStartOf(latestS, rules) + rules.windowS, undefined);
      continue;
    }
    const { event: reading, record } = moment;
    const t = reading.timestamp;
    if (lastStartOf(t, rules) + rules.windowS <= closedEnd) {
      outcomes.late++;
      deadLetters.push(deadLetterOf("late", record));
    } else if (accepted.has(t)) {
      outcomes.duplicate++;
    } else {
      if (firstStartOf(t, rules) + rules.windowS <= closedEnd) outcomes.partly_late++;
      accepted.set(t, { reading, closedEndBefore: closedEnd });
      latestS = Math.max(latestS, t);
      raiseTo(t - rules.latenessS, record.appendMs);
    }
  }
  for (const t of accepted.keys()) {
    const closed = lastStartOf(t, rules) + rules.windowS <= closedEnd;
    outcomes[closed ? "used" : "held"]++;
  }
  const seconds = [...accepted.values()].sort((a, b) => a.reading.timestamp - b.reading.timestamp);
  const windows = { [Symbol.iterator]: () => closedWindows(seconds, raises, rules) };
  return { windows, outcomes, deadLetters };
}

/** Start of the first window that second `t` is in. No window starts before 1970. */
function firstStartOf(t: number, { windowS, slideS }: Semantics): number {
  return Math.max(0, Math.ceil((t - windowS + 1) / slideS) * slideS);
}

/** Start of the last window that second `t` is in. */
function lastStartOf(t: number, { slideS }: Semantics): number {
  return Math.floor(t / slideS) * slideS;
}

/** Every window that some raise closes and that holds enough of the accepted readings. */
function* closedWindows(
  ascending: readonly Accepted[],
  raises: readonly Raise[],
  rules: Semantics,
): Generator<ExpectedWindow> {
  let oldest = 0;
  let raise = 0;
  for (const start of startsOver(ascending, rules)) {
    const end = start + rules.windowS;
    while (ascending[oldest]!.reading.timestamp < start) oldest++;
    while (raise < raises.length && raises[raise]!.closedEnd < end) raise++;
    if (raise === raises.length) return;
    const readings: Reading[] = [];
    for (let i = oldest; i < ascending.length && ascending[i]!.reading.timestamp < end; i++) {
      // A reading joins a window only while that is open.
      if (ascending[i]!.closedEndBefore < end) readings.push(ascending[i]!.reading);
    }
    if (readings.length < rules.minReadings) continue;
    yield { window: windowFrom(start, end, readings), closedAtMs: raises[raise]!.atMs };
  }
}

/** The starts of all windows in which one of these readings lies, ascending, each once. */
function* startsOver(ascending: readonly Accepted[], rules: Semantics): Generator<number> {
  let next = 0;
  for (const { reading: { timestamp } } of ascending) {
    next = Math.max(next, firstStartOf(timestamp, rules));
    for (; next <= lastStartOf(timestamp, rules); next += rules.slideS) yield next;
  }
}

function windowFrom(start: number, end: number, readings: readonly Reading[]): PredictionWindow {
  const { client_id, username } = readings[0]!;
  return {
    client_id,
    username,
    window_start: start,
    window_end: end,
    timestamps: readings.map((reading) => reading.timestamp),
    consumption: readings.map((reading) => reading.consumption),
  };
}
