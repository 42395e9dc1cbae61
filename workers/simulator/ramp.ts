/** How the number of users grows, as in the thesis: some at the start, some more every few seconds. */

export interface Ramp {
  /** Users at the start. */
  readonly users: number;
  /** Users that come with each step. */
  readonly increaseUsers: number;
  readonly increaseInSeconds: number;
  /** Users at the end. */
  readonly totalUsers: number;
}

/** One step of a ramp: from this many seconds after the start there are `users`. */
export interface RampStep {
  readonly afterS: number;
  readonly users: number;
}

/** The steps of a ramp, the start included. */
export function* rampSteps(ramp: Ramp): Generator<RampStep> {
  let users = ramp.users;
  yield { afterS: 0, users };
  for (let afterS = ramp.increaseInSeconds; users < ramp.totalUsers;) {
    users = Math.min(ramp.totalUsers, users + ramp.increaseUsers);
    yield { afterS, users };
    afterS += ramp.increaseInSeconds;
  }
}
