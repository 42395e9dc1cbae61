/**
 * Faults, one after another, at random moments. In each round every kind comes once, in random order:
 *
 *   pause (exponential) ─▶ fault ─▶ whole again? ─▶ pause ─▶ …     until the time or the rounds are over
 */
import type { Random } from "../../workers/simulator/random.ts";
import { messageOf } from "../../shared/errors.ts";
import { pause } from "../../shared/pause.ts";
import { FAULT_KINDS, type FaultKind, FAULTS } from "./faults.ts";
import { untilWhole } from "./recovery.ts";
import type { SoakSystem } from "./system.ts";

/** One fault that was injected. */
export interface FaultRecord {
  readonly kind: FaultKind;
  /** What it was done to. */
  readonly target: string;
  /** Since the start of the campaign, s. */
  readonly atS: number;
  /** How long it lasted, s. */
  readonly lastedS: number;
  /** From its end until the system was whole again, s; undefined where it was not in time. */
  readonly recoveryS: number | undefined;
  /** What came back last. */
  readonly waitedFor: string | undefined;
}

export interface CampaignOptions {
  readonly random: Random;
  readonly durationMs: number;
  /** All that there is time for where undefined. */
  readonly rounds: number | undefined;
  /** Mean. */
  readonly pauseMs: number;
  readonly households: number;
  readonly partitions: number;
  readonly sessionTimeoutMs: number;
  readonly onFault: (fault: FaultRecord) => void;
}

const RECOVERY_STALL_MS = 90_000;
/** Pauses beyond so many means are cut. */
const PAUSE_FACTOR_MAX = 4;

/** Runs to its end, to `stop`, or to the first fault that is not recovered from; what is wrong then. */
export async function runCampaign(
  system: SoakSystem,
  options: CampaignOptions,
  stop: AbortSignal,
): Promise<string | undefined> {
  const { random, durationMs, rounds, pauseMs, onFault } = options;
  const startMs = performance.now();
  const isOver = () => stop.aborted || performance.now() - startMs >= durationMs;
  for (let round = 0; round < (rounds ?? Infinity); round++) {
    for (const kind of shuffled(FAULT_KINDS, random)) {
      const factor = Math.min(PAUSE_FACTOR_MAX, -Math.log(1 - random.uniform()));
      await pause(factor * pauseMs, stop);
      if (isOver()) return undefined;
      const problem = await injectOne(system, kind, { ...options, startMs, onFault });
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

async function injectOne(
  system: SoakSystem,
  kind: FaultKind,
  options: CampaignOptions & { readonly startMs: number },
): Promise<string | undefined> {
  const beginMs = performance.now();
  let target: string;
  try {
    target = await FAULTS[kind]({ system, ...options });
  } catch (error) {
    return `the fault ${kind} could not be injected: ${messageOf(error)}`;
  }
  const endMs = performance.now();
  const stallMs = RECOVERY_STALL_MS;
  const { wholeAtMs, missing } = await untilWhole(system, { ...options, stallMs });
  options.onFault({
    kind,
    target,
    atS: (beginMs - options.startMs) / 1000,
    lastedS: (endMs - beginMs) / 1000,
    recoveryS: wholeAtMs === undefined ? undefined : (wholeAtMs - endMs) / 1000,
    waitedFor: missing,
  });
  if (wholeAtMs !== undefined) return undefined;
  return `not whole again after ${kind}, ${target}: ${missing}`;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index--) {
    const other = random.integer(0, index);
    [result[index], result[other]] = [result[other]!, result[index]!];
  }
  return result;
}
