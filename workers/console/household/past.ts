/** What the log has of a household's past: its last minutes up to a second, and where it all begins. */
import type { HouseholdIdentity } from "../../../shared/events.ts";
import { partitionOf } from "../../../shared/log/partition.ts";
import type { Log, LogRecord } from "../../../shared/log/log.ts";
import { DEVICE_STATE_TOPIC, DISAGGREGATED_TOPIC, POWER_TOPIC } from "../../../shared/topics.ts";
import { keysOf, takeRecord } from "./household_records.ts";
import { type HouseholdSecond, HouseholdState, KEPT_S } from "./household_state.ts";

const TOPICS = [POWER_TOPIC, DEVICE_STATE_TOPIC, DISAGGREGATED_TOPIC];
/** Records of a partition and topic that are looked through for one answer. */
const RECORDS_MAX = 200_000;
/** What is later in the log than this is not found: labels and answers come some seconds after. */
const AFTER_MS = 15_000;

export interface Past {
  /** When the log took the oldest reading of the household's partition, Unix s. */
  readonly beginS: number;
  /** Ascending. */
  readonly seconds: readonly HouseholdSecond[];
}

/** Undefined where the log has nothing. @throws WattstreamError `unavailable` while it is away. */
export async function pastOf(
  log: Log,
  household: HouseholdIdentity,
  { untilS, signal }: { readonly untilS: number; readonly signal: AbortSignal },
): Promise<Past | undefined> {
  const described = await log.describe(TOPICS);
  const power = described.find(({ name }) => name === POWER_TOPIC);
  if (power === undefined) return undefined;
  const partition = partitionOf(household.client_id, power.partitions.length);
  const state = new HouseholdState();
  const isOwn = keysOf(household);
  let beginS: number | undefined;
  for (const { name: topic, partitions } of described) {
    const { startOffset, endOffset } = partitions[partition]!;
    const at = { log, topic, partition, partitionCount: partitions.length, signal };
    if (topic === POWER_TOPIC) {
      const first = await recordAt(at, startOffset);
      beginS = first && Math.floor(first.appendMs / 1000);
    }
    const from = await offsetOf(at, { startOffset, endOffset, ms: (untilS - KEPT_S) * 1000 });
    let count = 0;
    for await (const record of recordsFrom(at, from)) {
      if (record.appendMs > untilS * 1000 + AFTER_MS || ++count > RECORDS_MAX) break;
      if (isOwn(record)) takeRecord(state, household, record);
    }
  }
  if (beginS === undefined) return undefined;
  const { seconds = [] } = state.all();
  return { beginS, seconds: seconds.filter(({ second }) => second <= untilS) };
}

interface Place {
  readonly log: Log;
  readonly topic: string;
  readonly partition: number;
  readonly partitionCount: number;
  readonly signal: AbortSignal;
}

/** The first offset whose record was taken at `ms` or later: append times ascend. */
async function offsetOf(
  place: Place,
  { startOffset, endOffset, ms }: {
    readonly startOffset: number;
    readonly endOffset: number;
    readonly ms: number;
  },
): Promise<number> {
  let [low, high] = [startOffset, endOffset];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const record = await recordAt(place, middle);
    if (record !== undefined && record.appendMs < ms) low = record.offset + 1;
    else high = middle;
  }
  return low;
}

async function recordAt(place: Place, offset: number): Promise<LogRecord | undefined> {
  for await (const record of recordsFrom(place, offset)) return record;
  return undefined;
}

function recordsFrom(
  { log, topic, partition, partitionCount, signal }: Place,
  offset: number,
): AsyncIterable<LogRecord> {
  const from = Array.from({ length: partitionCount }, () => offset);
  return log.read({ topic, from, partitions: [partition], signal });
}
