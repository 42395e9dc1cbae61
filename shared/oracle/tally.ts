/** What a comparison of outputs counts, and the `correctness` of the closing report from it. */

/** What a comparison counted; the counts of several partitions add up. */
export interface Tally {
  windows_expected: number;
  windows_matching: number;
  datasets_expected: number;
  datasets_matching: number;
  /** Expected, but no record of that identity. */
  lost: number;
  /** Records beyond the first of their identity. */
  duplicated: number;
  /** Records of an identity that is not expected, or that are no output at all. */
  unexpected: number;
  /** Output records. */
  outputs: number;
  /** Output records whose timestamps are strictly ascending. */
  ascending: number;
  /** Seconds of a household with both a reading and a state. */
  fusedExpected: number;
  /** Seconds of these that a session holds with the right values. */
  fusedReached: number;
}

/** The `correctness` of the closing report. */
export interface Correctness {
  readonly windows_expected: number;
  readonly windows_matching: number;
  readonly datasets_expected: number;
  readonly datasets_matching: number;
  /** Percent of outputs; 100 where there are none. */
  readonly ascending_pct: number;
  /** Percent of seconds; 100 where there are none. */
  readonly fused_pct: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly unexpected: number;
}

export function noTally(): Tally {
  return {
    windows_expected: 0,
    windows_matching: 0,
    datasets_expected: 0,
    datasets_matching: 0,
    lost: 0,
    duplicated: 0,
    unexpected: 0,
    outputs: 0,
    ascending: 0,
    fusedExpected: 0,
    fusedReached: 0,
  };
}

export function correctnessOf(tally: Tally): Correctness {
  const { outputs, ascending, fusedExpected, fusedReached, ...counts } = tally;
  return {
    ...counts,
    ascending_pct: percent(ascending, outputs),
    fused_pct: percent(fusedReached, fusedExpected),
  };
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : 100 * part / whole;
}
