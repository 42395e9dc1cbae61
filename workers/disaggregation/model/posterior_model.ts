/** What a posterior follows from: the readings of a window, and a model ready for use. */
import type { JointStates } from "./joint_states.ts";

export interface Readings {
  /** Ascending, s. */
  readonly timestamps: ArrayLike<number>;
  /** W. */
  readonly consumption: ArrayLike<number>;
}

/** Density of a reading that is not of this home: W⁻¹. No state is ever impossible. */
export const STRAY_DENSITY = 1e-8;

export interface PosteriorModel {
  readonly states: JointStates;
  readonly newVariance: number;
  /** Changes a second. */
  readonly changeRate: number;
  /** Probability that something undeclared is on, and its mean, W. */
  readonly undeclaredRate: number;
  readonly undeclaredW: number;
}

/** What can have happened between a reading and the one before it. */
export function movesBefore(
  { changeRate, undeclaredRate }: PosteriorModel,
  { timestamps }: Readings,
  reading: number,
): { readonly change: number; readonly renewal: number; readonly rest: number } {
  const change = 1 - Math.exp(-changeRate * (timestamps[reading]! - timestamps[reading - 1]!));
  const renewal = (1 - change) * undeclaredRate * change;
  return { change, renewal, rest: 1 - change - renewal };
}
