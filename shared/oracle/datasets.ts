/**
 * The training datasets of one household, read off everything that ever happened to it.
 *
 * ```
 * event time    10 … 45      51 …                 115        120
 * power         ━━━━━━━      ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
 * state         ━━━━━━━      ━━━━━━━━━━━━━━━━━━━━━━━━
 * sessions      [──1──] 6>5  [──2──────────────…  ▲ first open second: 120 − 5
 * ```
 *
 * One number says all about what is final: `firstOpenS`. Every second before it is. Session 2 would
 * end as well where the bitmaps become longer or shorter: those of a dataset all have one length.
 */
import type { DeviceState, Reading, TrainingDataset } from "../events.ts";
import { deadLetterOf, type ExpectedDeadLetter, type InputEvent } from "./entries.ts";
import { noOutcomes, type Outcomes, type Semantics } from "./semantics.ts";
import type { Moment } from "./timeline.ts";

export interface HouseholdDatasets {
  /** Ascending by start. */
  readonly datasets: TrainingDataset[];
  /** Fused seconds in sessions too short to be emitted. */
  readonly shortSeconds: number;
  readonly outcomes: Outcomes;
  readonly deadLetters: ExpectedDeadLetter[];
}

/** What was accepted for one second, and how many closings the household had seen by then. */
interface Second {
  readonly second: number;
  readonly closingsBefore: number;
  reading?: Reading;
  state?: DeviceState;
}

interface FusedSecond extends Second {
  readonly reading: Reading;
  readonly state: DeviceState;
}

/** How far a household has come at the end of the log. */
interface Progress {
  readonly firstOpenS: number;
  readonly closings: number;
}

/** The datasets that a household's moments must lead to, and what becomes of its records. */
export function datasetsOf(
  moments: readonly Moment<InputEvent>[],
  rules: Semantics,
  lostUpToS = -Infinity,
): HouseholdDatasets {
  const outcomes = noOutcomes();
  const { seconds, progress, deadLetters } = judge(
    moments,
    { ...rules, firstOpenS: lostUpToS + 1 },
    outcomes,
  );
  const fused: FusedSecond[] = [];
  for (const second of seconds) {
    if (second.second >= progress.firstOpenS) {
      outcomes.held += isFused(second) ? 2 : 1;
    } else if (isFused(second)) {
      fused.push(second);
    } else {
      outcomes.unfused++;
    }
  }
  const datasets: TrainingDataset[] = [];
  let shortSeconds = 0;
  const sessions = sessionsOf(fused, rules);
  for (const session of sessions) {
    const records = 2 * session.length;
    if (session === sessions.at(-1) && isOpen(session, progress, rules)) {
      outcomes.held += records;
    } else if (durationOf(session) > rules.minDurationS) {
      outcomes.used += records;
      datasets.push(datasetFrom(session));
    } else {
      outcomes.short += records;
      shortSeconds += session.length;
    }
  }
  return { datasets, shortSeconds, outcomes, deadLetters };
}

/** Goes through the moments and keeps, ascending, the seconds for which something was accepted. */
function judge(
  moments: readonly Moment<InputEvent>[],
  rules: Semantics & { readonly firstOpenS: number },
  outcomes: Outcomes,
): { seconds: Second[]; progress: Progress; deadLetters: ExpectedDeadLetter[] } {
  const seconds = new Map<number, Second>();
  const deadLetters: ExpectedDeadLetter[] = [];
  let { firstOpenS } = rules;
  let latestS = -Infinity;
  let closings = 0;
  for (const moment of moments) {
    if (moment.kind === "closing") {
      firstOpenS = Math.max(firstOpenS, latestS + 1);
      closings++;
      continue;
    }
    const { event, record } = moment;
    const t = event.timestamp;
    const second = seconds.get(t) ?? { second: t, closingsBefore: closings };
    if (t < firstOpenS) {
      outcomes.late++;
      deadLetters.push(deadLetterOf("late", record));
    } else if (!accept(second, event)) {
      outcomes.duplicate++;
    } else {
      seconds.set(t, second);
      latestS = Math.max(latestS, t);
      firstOpenS = Math.max(firstOpenS, t - rules.latenessS);
    }
  }
  const ascending = [...seconds.values()].sort((a, b) => a.second - b.second);
  return { seconds: ascending, progress: { firstOpenS, closings }, deadLetters };
}

/** Takes an event into its second; false where that second already has one of its input. */
function accept(second: Second, event: InputEvent): boolean {
  if ("consumption" in event) {
    if (second.reading !== undefined) return false;
    second.reading = event;
  } else {
    if (second.state !== undefined) return false;
    second.state = event;
  }
  return true;
}

function isFused(second: Second): second is FusedSecond {
  return second.reading !== undefined && second.state !== undefined;
}

/** Cuts ascending final fused seconds into sessions, none of them empty. */
function sessionsOf(fused: readonly FusedSecond[], rules: Semantics): FusedSecond[][] {
  const sessions: FusedSecond[][] = [];
  for (const second of fused) {
    const session = sessions.at(-1);
    if (session !== undefined && continues(session, second, rules)) session.push(second);
    else sessions.push([second]);
  }
  return sessions;
}

function continues(session: readonly FusedSecond[], next: FusedSecond, rules: Semantics): boolean {
  const first = session[0]!;
  const last = session.at(-1)!;
  return next.second - last.second <= rules.gapS &&
    next.second - first.second < rules.maxSessionS &&
    next.state.state_bitmap.length === last.state.state_bitmap.length &&
    next.closingsBefore === last.closingsBefore;
}

/** True where a second that may still come, from the first open one on, could join the last session. */
function isOpen(session: readonly FusedSecond[], progress: Progress, rules: Semantics): boolean {
  const first = session[0]!;
  const last = session.at(-1)!;
  return progress.firstOpenS - last.second <= rules.gapS &&
    progress.firstOpenS - first.second < rules.maxSessionS &&
    progress.closings === last.closingsBefore;
}

function durationOf(session: readonly FusedSecond[]): number {
  return session.at(-1)!.second - session[0]!.second;
}

function datasetFrom(session: readonly FusedSecond[]): TrainingDataset {
  const first = session[0]!;
  return {
    client_id: first.reading.client_id,
    username: first.reading.username,
    session_start: first.second,
    session_end: session.at(-1)!.second,
    timestamps: session.map(({ second }) => second),
    consumption: session.map(({ reading }) => reading.consumption),
    state_bitmaps: session.map(({ state }) => state.state_bitmap),
  };
}
