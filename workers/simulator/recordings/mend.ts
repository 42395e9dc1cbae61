/**
 * Mends a recording's rows as they come, and counts what it mends. Pure, in constant memory:
 *
 * - a row without a value of power is left out;
 * - rows that are out of order by up to 1,000 rows are put in order, those further back are left out;
 * - of several rows of a second the first one counts;
 * - a local clock that goes back by up to an hour, as at the end of summer time, is taken to have been
 *   set back: what follows is moved on by an hour, so that no time comes twice.
 *
 * Strictly, each of these is an error.
 */
import { WattstreamError } from "../../../shared/errors.ts";
import type { Row, Sample } from "./recording.ts";

/** Rows among which those that come too late are put in order. */
const HELD_ROWS_MAX = 1000;
const HOUR_S = 3600;
/** A clock that is set back goes back by an hour less the step to the next row. */
const SET_BACK_S_MIN = HOUR_S / 2;

export interface Mended {
  missing: number;
  duplicate: number;
  /** Put in order. */
  unsorted: number;
  /** Too far back to be put in order, and left out. */
  stray: number;
  /** How often the clock was set back. */
  set_back: number;
}

export function nothingMended(): Mended {
  return { missing: 0, duplicate: 0, unsorted: 0, stray: 0, set_back: 0 };
}

/** @throws WattstreamError `config` strictly, with the line of what is wrong. */
export async function* mend(
  rows: AsyncIterable<Row>,
  mended: Mended,
  { path, strict }: { readonly path: string; readonly strict: boolean },
): AsyncGenerator<Sample> {
  const count = (what: keyof Mended, line: number, problem: string) => {
    if (strict) throw new WattstreamError("config", `${path}, line ${line}: ${problem} (--strict)`);
    mended[what]++;
  };
  const held: Sample[] = [];
  let [shiftS, lastS, emittedS] = [0, -Infinity, -Infinity];
  for await (const { fileS: ownS, powerW, stateBitmap = [], devicesW, isLocal, line } of rows) {
    if (powerW === undefined) {
      count("missing", line, "there is no value of power");
      continue;
    }
    let fileS = ownS + shiftS;
    const backS = lastS - fileS;
    if (isLocal && backS >= SET_BACK_S_MIN && backS <= HOUR_S) {
      count("set_back", line, "the clock goes back");
      shiftS += HOUR_S;
      fileS += HOUR_S;
    }
    lastS = Math.max(lastS, fileS);
    if (fileS < emittedS) {
      count("stray", line, "its time is before that of rows long ago");
      continue;
    }
    const at = placeFor(held, fileS);
    if (fileS === emittedS || held[at - 1]?.fileS === fileS) {
      count("duplicate", line, "its second was there already");
      continue;
    }
    if (at < held.length) count("unsorted", line, "its time is before that of the row before");
    const watts = devicesW === undefined ? {} : { devicesW };
    held.splice(at, 0, { fileS, powerW, stateBitmap, ...watts });
    if (held.length <= HELD_ROWS_MAX) continue;
    const next = held.shift()!;
    emittedS = next.fileS;
    yield next;
  }
  yield* held;
}

/** Behind all that are not later: nearly always at the end. */
function placeFor(held: readonly Sample[], fileS: number): number {
  let at = held.length;
  while (at > 0 && held[at - 1]!.fileS > fileS) at--;
  return at;
}
