/**
 * How a task goes on where the log no longer holds what it needs: records it has not read yet, or
 * records that a recovery must read again.
 *
 *             rewind      start of the log      committed
 *   ─ removed ──┼───────────────┼───────────────────┼──────▶   what is held is not whole any more
 *
 *               rewind      committed      start of the log
 *   ─ removed ──┼───────────────┼───────────────────┼──────▶   and there are records never read
 *
 * Nothing may come twice, and nothing that cannot be right. What was open can be neither rebuilt nor
 * told from what has come out already, so it is not rebuilt: every household is closed past the
 * newest second that the task has taken in, without output, and the task goes on from `committed`, or
 * from the start of the log where that is later. (Those that a tick or silence has closed may be past
 * it already: the memory says so.) From there its outputs are those of the records that
 * are left and dated after that second; what is dated before is late.
 */
import { WattstreamError } from "../errors.ts";
import type { HouseholdEvent, WorkerCore } from "./household.ts";
import { noOutcomes } from "./outcomes.ts";
import type { Checkpoint } from "./task_memory.ts";

/** Records of one input that were needed and are gone: offsets `[from, to)`. */
export interface LostRange {
  readonly topic: string;
  readonly from: number;
  readonly to: number;
  /** How many of them were never processed. */
  readonly unread: number;
}

/** Where a task stands, an offset of each input. */
export interface TaskPlace<E extends HouseholdEvent> {
  readonly core: WorkerCore<E>;
  readonly committed: readonly number[];
  /** Of the oldest records that the log still holds. */
  readonly starts: readonly number[];
}

export interface Skipped {
  readonly ranges: LostRange[];
  /** Records that were held, or never read: their outcome is `lost`. */
  readonly lostCount: number;
  /** What the task goes on from. */
  readonly checkpoint: Checkpoint;
}

/**
 * What is lost, and what to go on from.
 * @throws WattstreamError `retention` where the memory does not say enough.
 */
export function skipLost<E extends HouseholdEvent>(
  checkpoint: Checkpoint | undefined,
  { core, committed, starts }: TaskPlace<E>,
): Skipped {
  const needed = checkpoint?.rewind ?? committed;
  const ranges: LostRange[] = [];
  let unread = 0;
  core.inputs.forEach((topic, index) => {
    const to = starts[index]!;
    const own = Math.max(0, to - committed[index]!);
    if (to > needed[index]!) ranges.push({ topic, from: needed[index]!, to, unread: own });
    unread += own;
  });
  const held = checkpoint === undefined ? 0 : checkpoint.held;
  if (held === undefined) {
    throw new WattstreamError(
      "retention",
      `Start ${core.name} on a new log: records that it needs are lost, and its memory, of an older ` +
        "version, does not say how far its households had come",
    );
  }
  const outcomes = checkpoint?.outcomes ?? noOutcomes();
  const offsets = committed.map((offset, index) => Math.max(offset, starts[index]!));
  const seconds = [checkpoint?.newestS, checkpoint?.lostUpToS].filter((each) => each !== undefined);
  const lostUpToS = seconds.length === 0 ? undefined : Math.max(...seconds);
  return {
    ranges,
    lostCount: held + unread,
    checkpoint: { ...checkpoint, offsets, rewind: offsets, outcomes, held: 0, lostUpToS },
  };
}

/** The same error, with what the operator can do about it. */
export function adviceOn(error: WattstreamError): WattstreamError {
  return new WattstreamError(
    "retention",
    `${error.message}. To go on without what is lost, start with --lost-records skip`,
    { cause: error },
  );
}
