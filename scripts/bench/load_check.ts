/**
 * Whether a worker put out what the benchmark's load makes, all of it and each once: the load is a
 * formula, and so are its full windows and its sessions. Holds one number a household, so that a
 * hundred thousand of them can be checked.
 */
import { decodeJson } from "../../shared/events.ts";
import { WattstreamError } from "../../shared/errors.ts";
import type { Log } from "../../shared/log/log.ts";
import { isTextOf } from "../../shared/oracle/text_bytes.ts";
import {
  bitmapAt,
  consumptionAt,
  isLabelledAt,
  type LoadSize,
  readingCountOf,
  START_S,
} from "./household_load.ts";
import { type Job, JOBS } from "./jobs.ts";
import { BENCH_SEMANTICS } from "./semantics.ts";

/** What a household is owed, of the seconds from `firstS` to `lastS`. */
interface Owed {
  readonly firstS: number;
  readonly lastS: number;
}

/** Returns how many outputs there are. @throws WattstreamError `invariant` with the first that is wrong. */
export async function checkOutputs(
  log: Pick<Log, "read">,
  job: Job,
  load: LoadSize,
): Promise<number> {
  const owedOf = job === "windows" ? windowOf : sessionOf;
  const eventOf = job === "windows" ? windowEvent : sessionEvent;
  const seen = new Uint32Array(load.households);
  let count = 0;
  for await (const { key, value, partition, offset } of log.read({ topic: JOBS[job].output })) {
    const household = Number(new TextDecoder().decode(key!).slice("household-".length));
    const owed = owedOf(household, seen[household] ?? 0, load);
    if (owed === undefined || !isSame(value!, eventOf(household, owed, load))) {
      const expected = owed === undefined ? "nothing more" : `what begins at ${owed.firstS}`;
      throw wrong(`${JOBS[job].output} ${partition}/${offset} is not ${expected}`, household);
    }
    seen[household]!++;
    count++;
  }
  for (let household = 0; household < load.households; household++) {
    const missing = owedOf(household, seen[household]!, load);
    if (missing !== undefined) throw wrong(`nothing begins at ${missing.firstS}`, household);
  }
  return count;
}

/** A household's full window of this number, from 0. */
function windowOf(household: number, index: number, load: LoadSize): Owed | undefined {
  const { minReadings } = BENCH_SEMANTICS;
  if (index > readingCountOf(household, load) - minReadings) return undefined;
  return { firstS: START_S + index, lastS: START_S + index + minReadings - 1 };
}

/** A household's session of this number, of those that are long enough. */
function sessionOf(household: number, index: number, load: LoadSize): Owed | undefined {
  const endS = START_S + readingCountOf(household, load);
  let firstS: number | undefined;
  for (let second = START_S; second <= endS; second++) {
    if (second < endS && isLabelledAt(household, second)) firstS ??= second;
    else if (firstS !== undefined) {
      const isLong = second - 1 - firstS > BENCH_SEMANTICS.minDurationS;
      if (isLong && index-- === 0) return { firstS, lastS: second - 1 };
      firstS = undefined;
    }
  }
  return undefined;
}

function windowEvent(household: number, { firstS, lastS }: Owed, load: LoadSize) {
  return {
    ...{ client_id: `household-${household}`, username: `user-${household}` },
    ...{ window_start: firstS, window_end: lastS + 1 },
    ...seriesOf(household, { firstS, lastS }, load),
  };
}

function sessionEvent(household: number, owed: Owed, load: LoadSize) {
  const { timestamps, consumption } = seriesOf(household, owed, load);
  return {
    ...{ client_id: `household-${household}`, username: `user-${household}` },
    ...{ session_start: owed.firstS, session_end: owed.lastS, timestamps, consumption },
    state_bitmaps: timestamps.map((second) => bitmapAt(household, second, load)),
  };
}

function seriesOf(household: number, { firstS, lastS }: Owed, load: LoadSize) {
  const timestamps = Array.from({ length: lastS - firstS + 1 }, (_, index) => firstS + index);
  return {
    timestamps,
    consumption: timestamps.map((second) => consumptionAt(household, second, load)),
  };
}

/** The same fields in the same order, as we write them. */
function isSame(value: Uint8Array, expected: object): boolean {
  const text = JSON.stringify(expected);
  if (isTextOf(value, text)) return true;
  const decoded = decodeJson(value);
  return decoded.ok && JSON.stringify(decoded.event) === text;
}

function wrong(what: string, household: number): WattstreamError {
  return new WattstreamError("invariant", `Of household-${household}, ${what}: not what was due`);
}
