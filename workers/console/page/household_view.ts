/** What the page of a household draws, as lists over its last minutes. Pure. */
import {
  type HouseholdSecond,
  type HouseholdUpdate,
  KEPT_S,
} from "../household/household_state.ts";

/** Seconds that charts show. */
export const SHOWN_S = 300;
/** As the training worker has them where nothing is set. */
export const GAP_S = 5;
export const MIN_DURATION_S = 30;

/** A labelled stretch: its first and last second that have both power and labels. */
export interface SessionSpan {
  readonly startS: number;
  readonly endS: number;
}

/** What is known of a household: parts that have not come are left out. */
export type HouseholdKnown = Omit<HouseholdUpdate, "seconds"> & {
  readonly seconds: readonly HouseholdSecond[];
};

/** Takes in what has changed. */
export function withUpdate(known: HouseholdKnown, update: HouseholdUpdate): HouseholdKnown {
  const bySecond = new Map(known.seconds.map((each) => [each.second, each]));
  for (const each of update.seconds ?? []) bySecond.set(each.second, each);
  const newestS = Math.max(...bySecond.keys());
  const seconds = [...bySecond.values()].filter(({ second }) => second > newestS - KEPT_S)
    .sort((a, b) => a.second - b.second);
  return { ...known, ...update, seconds };
}

/** How many devices the household has, as far as anything says. */
export function deviceCountOf({ seconds, model, devices }: HouseholdKnown): number {
  return Math.max(
    model?.devices.length ?? 0,
    devices?.length ?? 0,
    ...seconds.map(({ declared, on }) => Math.max(declared?.length ?? 0, on?.length ?? 0)),
  );
}

/** The seconds that charts show, up to the newest. */
export function shownSeconds({ seconds }: HouseholdKnown): readonly HouseholdSecond[] {
  const newestS = seconds.at(-1)?.second ?? 0;
  return seconds.filter(({ second }) => second > newestS - SHOWN_S);
}

/** The labelled stretches of the last minutes that are no datasets (yet), ascending. */
function sessionsOf({ seconds, datasets }: HouseholdKnown): SessionSpan[] {
  const sessions: { startS: number; endS: number }[] = [];
  for (const { second, consumption, declared } of seconds) {
    if (consumption === undefined || declared === undefined) continue;
    // Where a stretch has become too long, the next one goes on at once.
    if (datasets?.some(({ startS, endS }) => startS <= second && second <= endS)) continue;
    const last = sessions.at(-1);
    if (last === undefined || second - last.endS > GAP_S) {
      sessions.push({ startS: second, endS: second });
    } else last.endS = second;
  }
  return sessions;
}

/** The labelled stretch that is open. */
export function openSession(known: HouseholdKnown): SessionSpan | undefined {
  const last = sessionsOf(known).at(-1);
  return last && known.seconds.at(-1)!.second - last.endS <= GAP_S ? last : undefined;
}

/** Stretches of the last minutes that have ended too soon to become datasets, the newest first. */
export function shortSessions(known: HouseholdKnown): SessionSpan[] {
  const newestS = known.seconds.at(-1)?.second ?? 0;
  return sessionsOf(known).filter(({ startS, endS }) =>
    newestS - endS > GAP_S && endS - startS <= MIN_DURATION_S
  ).reverse();
}
