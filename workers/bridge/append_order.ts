/**
 * Keeps event time and append time together when a backlog comes in. Records of one append get
 * nearly the same append time, and the workers merge `power` and `device-state` by append time: an
 * append that held a minute of a household would put all its states before all its readings, which
 * would then be late. So an append ends before a household in it spans more than a second, and the
 * next one gets a later append time.
 *
 *   backlog     P100 S100 P101 S101 │ P102 S102 P103 S103 │ …        of one household
 *   append time        5 ms         │        8 ms         │
 */
import { setTimeout as delay } from "node:timers/promises";
import type { NewData, NewRecord } from "../../shared/log/log.ts";
import { appendPatiently, type PatientAppendParts } from "./patient_append.ts";

/** A record, and its user and event time where it has them: with its key, that is its household's. */
export interface DatedRecord extends NewRecord {
  readonly username: string | undefined;
  readonly timestampS: number | undefined;
  /** When its message came, ms since 1970. */
  readonly arrivedMs: number;
}

/**
 * What a household may span within one append. Together with the disorder that devices themselves
 * bring it has to stay within the lateness that the workers allow, 5 s by default.
 */
const SPAN_S_MAX = 1;
/** From the answer to one append until the next: append times are in whole milliseconds. */
const APPEND_PAUSE_MS = 2;

/** First and last second of each household, by user and client id. */
type Spans = Map<string | undefined, Map<NewData, { firstS: number; lastS: number }>>;

export class AppendOrder {
  /** Of what was appended since the last pause. */
  readonly #spans: Spans = new Map();
  #answeredMs = -Infinity;

  /** Appends these records, in their order, in as many appends as it takes. See {@link appendPatiently}. */
  async append(records: readonly DatedRecord[], parts: PatientAppendParts): Promise<void> {
    // What comes right behind the batch before can get its append time.
    if (parts.elapsedMs() - this.#answeredMs >= APPEND_PAUSE_MS) this.#spans.clear();
    for (const [index, stretch] of stretchesOf(records, this.#spans).entries()) {
      if (index > 0) await delay(APPEND_PAUSE_MS);
      if (stretch.length > 0) await appendPatiently(stretch, parts);
    }
    this.#answeredMs = parts.elapsedMs();
  }
}

/**
 * Cuts records into stretches in which no household spans more than {@link SPAN_S_MAX}.
 * @param spans of what stands before the first stretch, which is empty where nothing fits to that;
 *   those of the last one afterwards.
 */
export function stretchesOf(
  records: readonly DatedRecord[],
  spans: Spans = new Map(),
): NewRecord[][] {
  const stretches: NewRecord[][] = [];
  let stretch: NewRecord[] = [];
  for (const record of records) {
    const { username, timestampS } = record;
    if (timestampS !== undefined) {
      // Users who all call their home `home` must not cut each other's appends. To join the two names
      // would make a text a message.
      let homes = spans.get(username);
      const span = homes?.get(record.key);
      const firstS = Math.min(span?.firstS ?? timestampS, timestampS);
      const lastS = Math.max(span?.lastS ?? timestampS, timestampS);
      if (span !== undefined && lastS - firstS <= SPAN_S_MAX) {
        span.firstS = firstS;
        span.lastS = lastS;
      } else {
        if (span !== undefined) {
          stretches.push(stretch);
          stretch = [];
          spans.clear();
          homes = undefined;
        }
        if (homes === undefined) spans.set(username, homes = new Map());
        homes.set(record.key, { firstS: timestampS, lastS: timestampS });
      }
    }
    stretch.push(record);
  }
  if (stretch.length > 0) stretches.push(stretch);
  return stretches;
}
