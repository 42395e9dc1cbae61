/** What the page of a household draws, as lists over its last minutes. Pure. */
import {
  type HouseholdSecond,
  type HouseholdUpdate,
  KEPT_S,
} from "../household/household_state.ts";

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

/** The labelled stretch that is open: its first and last second that have both power and labels. */
export function openSession(
  { seconds }: HouseholdKnown,
  gapS: number,
): { readonly startS: number; readonly endS: number } | undefined {
  const newestS = seconds.at(-1)?.second;
  let session: { startS: number; endS: number } | undefined;
  for (const { second, consumption, declared } of seconds) {
    if (consumption === undefined || declared === undefined) continue;
    if (session === undefined || second - session.endS > gapS) {
      session = { startS: second, endS: second };
    } else session.endS = second;
  }
  if (session === undefined || newestS! - session.endS > gapS) return undefined;
  return session;
}
