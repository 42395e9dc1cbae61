/** Simulated users: they come in steps, each with a connection, and their households run cycles. */
import type { Household } from "./household.ts";
import type { Mishaps, Passed } from "./mishaps.ts";
import type { Outlet } from "./outlet.ts";
import type { Pauses, Sequence } from "./pauses.ts";
import { type Ramp, rampSteps } from "./ramp.ts";

export interface SimulationParts {
  readonly ramp: Ramp;
  readonly pauses: Pauses;
  /** Ends the run: stops the pauses, and whatever else a user may wait for. */
  readonly end: () => void;
  readonly nowMs: () => number;
  /** Connects user number `index` (from 0); its households, or none where the end has come. */
  readonly openUser: (index: number) => Promise<HouseholdAtOutlet[]>;
}

export interface HouseholdAtOutlet {
  readonly household: Household;
  readonly outlet: Outlet;
  readonly mishaps: Mishaps;
  /** Hears of each cycle: the second that the meter's clock has. */
  readonly onCycle: (timestampS: number) => void;
}

/**
 * Runs until the pauses are stopped and every household has published what it held back.
 * @throws what `openUser` throws first, after everything has come to its end.
 */
export async function simulate(parts: SimulationParts): Promise<void> {
  const { pauses } = parts;
  const startMs = parts.nowMs();
  const users: Promise<void>[] = [];
  const failures: unknown[] = [];
  const fail = (error: unknown) => {
    failures.push(error);
    parts.end();
  };
  for (const step of rampSteps(parts.ramp)) {
    await pauses.wait(startMs + step.afterS * 1000 - parts.nowMs());
    if (pauses.isStopped) break;
    while (users.length < step.users) users.push(runUser(users.length, parts).catch(fail));
  }
  await Promise.all(users);
  if (failures.length > 0) throw failures[0];
}

async function runUser(index: number, parts: SimulationParts): Promise<void> {
  const households = await parts.openUser(index);
  await Promise.all(households.map((each) => parts.pauses.run(lifeOf(each, parts))));
}

/** What a household does until the pauses are stopped. */
function* lifeOf(
  { household, outlet, mishaps, onCycle }: HouseholdAtOutlet,
  { pauses, nowMs }: Pick<SimulationParts, "pauses" | "nowMs">,
): Sequence {
  let lastS = -1;
  yield household.startDelayMs();
  while (!pauses.isStopped) {
    yield household.messageDelayMs();
    // Timers may fire early and clocks be set back: a second that had its reading has to pass.
    while (Math.floor(nowMs() / 1000) <= lastS && !pauses.isStopped) yield 1000 - nowMs() % 1000;
    if (pauses.isStopped) break;
    lastS = Math.floor(nowMs() / 1000);
    const timestampS = lastS + mishaps.clockS;
    let passed: Passed | undefined = mishaps.pass(household.cycle(timestampS), lastS);
    onCycle(timestampS);
    for (const publication of passed.backlog) outlet.publish(publication);
    for (let index = 0; index < passed.own.length; index++) {
      // After a stop there is no wait any more, and the cycle is still published whole.
      if (index > 0) yield household.messageDelayMs();
      outlet.publish(passed.own[index]!);
    }
    // A generator keeps alive what its variables hold while it waits, and the collector copies it.
    passed = undefined;
    if (!outlet.hasRoom) yield outlet.room();
    yield household.cycleDelayMs();
  }
  for (const publication of [...mishaps.release(), ...household.release()]) {
    outlet.publish(publication);
  }
}
