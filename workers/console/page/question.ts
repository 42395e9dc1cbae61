/** What to ask a person who labels: where the model is least sure, an answer is worth most. Pure. */
import { STEP_W_MIN, stepsOf } from "../label/moved_flips.ts";
import type { HouseholdKnown } from "./household_view.ts";

/** Nearer to 0 or 1 than this the model is sure enough of a device. */
const UNSURE_MIN = 0.2;
/** A probability that has moved by so much within so many seconds says that something has switched. */
const MOVED_MIN = 0.15;
const MOVED_S = 6;
/** Power that changed within so much has just changed, s. */
const JUST_S = 6;
/** Share of its watts by which a step that may be a device's differs from them. */
const WATTS_TOLERANCE = 0.25;

export interface Question {
  readonly device: number;
  readonly text: string;
  /** What the device is if the answer is yes. */
  readonly isOnIfYes: boolean;
}

/** The question that is worth most now; undefined where the model is sure enough. */
export function questionOf(known: HouseholdKnown, names: readonly string[]): Question | undefined {
  return ofStep(known, names) ?? ofProbability(known, names);
}

/** The power has just changed, as by a device that the model cannot tell yet. */
function ofStep(
  { seconds, model }: HouseholdKnown,
  names: readonly string[],
): Question | undefined {
  const readings = seconds.flatMap(({ second, consumption }) =>
    consumption === undefined ? [] : [[second, consumption] as const]
  );
  const newestS = readings.at(-1)?.[0];
  const step = stepsOf(readings.slice(-20)).findLast(({ watts }) => Math.abs(watts) >= STEP_W_MIN);
  if (step === undefined || newestS! - step.second > JUST_S) return undefined;
  const stepW = Math.abs(step.watts);
  const untold = names.map((_, device) => device).filter((device) => {
    const status = model?.devices[device]?.status ?? "learning";
    return status !== "known" && status !== "below_noise";
  });
  const distanceOf = (device: number) => {
    const watts = model?.devices[device]?.watts ?? 0;
    // Of one that was never seen, nothing is known.
    return watts < STEP_W_MIN ? WATTS_TOLERANCE : Math.abs(stepW - watts) / watts;
  };
  const [device] = untold.filter((device) => distanceOf(device) <= WATTS_TOLERANCE)
    .sort((a, b) => distanceOf(a) - distanceOf(b));
  if (device === undefined) return undefined;
  return justSwitched(device, names, step.watts > 0);
}

/** The device of whose state the model is least sure. */
function ofProbability(
  { seconds }: HouseholdKnown,
  names: readonly string[],
): Question | undefined {
  const found = seconds.filter(({ on }) => on !== undefined);
  const newest = found.at(-1);
  if (newest === undefined) return undefined;
  const unsureOf = (device: number) => {
    const probability = newest.on![device] ?? 0;
    return Math.min(probability, 1 - probability);
  };
  const [device] = names.map((_, index) => index).sort((a, b) => unsureOf(b) - unsureOf(a));
  if (device === undefined || unsureOf(device) < UNSURE_MIN) return undefined;
  const now = newest.on![device]!;
  const before = found.findLast(({ second }) => second <= newest.second - MOVED_S)?.on?.[device];
  const movedBy = now - (before ?? now);
  if (Math.abs(movedBy) >= MOVED_MIN) return justSwitched(device, names, movedBy > 0);
  return { device, text: `Is ${names[device]} on now?`, isOnIfYes: true };
}

function justSwitched(device: number, names: readonly string[], isOn: boolean): Question {
  return { device, text: `Did ${names[device]} just go ${isOn ? "on" : "off"}?`, isOnIfYes: isOn };
}
