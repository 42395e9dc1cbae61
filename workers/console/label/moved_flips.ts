/**
 * Hands are late: a person flips a switch some seconds after the device. A flip is moved back to the
 * step in power that fits it, if there is exactly one; else it stays where the hand was. What that is
 * worth: decision 0022. Pure.
 *
 *   power   ____┌────────    second 12: 2,000 W more
 *   hand    _______┌─────    second 15: the kettle is on
 *   said    ____┌────────    second 12
 */

/** A hand is so late at most, s. */
const HAND_S_MAX = 4;
/** Readings farther apart than this do not say when the power changed, s. */
const READING_GAP_S_MAX = 3;
/** Smaller changes are noise, W. */
export const STEP_W_MIN = 25;

/** Power by second, ascending, W. */
export type Readings = readonly (readonly [second: number, watts: number])[];

/** A change of power. */
export interface Step {
  /** The first second after it. */
  readonly second: number;
  /** Positive where it rose. */
  readonly watts: number;
}

/**
 * The second from which on a flip holds that was made in `second`; undefined where it stays there.
 * @param isOn what the device is since.
 */
export function movedTo(second: number, isOn: boolean, readings: Readings): number | undefined {
  const fitting = stepsOf(readings).filter((step) =>
    step.second <= second && step.second >= second - HAND_S_MAX &&
    (isOn ? step.watts : -step.watts) >= STEP_W_MIN
  );
  return fitting.length === 1 ? fitting[0]!.second : undefined;
}

/** Changes one behind the other in the same direction are one step, at the largest of them. */
export function stepsOf(readings: Readings): Step[] {
  const steps: Step[] = [];
  let open: { second: number; watts: number; largestW: number } | undefined;
  for (let index = 1; index < readings.length; index++) {
    const [[before, beforeW], [second, afterW]] = [readings[index - 1]!, readings[index]!];
    const watts = second - before > READING_GAP_S_MAX ? 0 : afterW - beforeW;
    const largestW = Math.abs(watts);
    if (largestW < STEP_W_MIN / 2) open = undefined;
    else if (open === undefined || open.watts * watts < 0) {
      open = { second, watts, largestW };
      steps.push(open);
    } else {
      open.watts += watts;
      if (largestW > open.largestW) Object.assign(open, { second, largestW });
    }
  }
  return steps;
}
