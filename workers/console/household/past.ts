/** What the log has of a household's past: its last minutes up to a second, and where it all begins. */
import type { HouseholdIdentity } from "../../../shared/events.ts";
import { partitionOf } from "../../../shared/log/partition.ts";
import type { Log } from "../../../shared/log/log.ts";
import { DEVICE_STATE_TOPIC, DISAGGREGATED_TOPIC, POWER_TOPIC } from "../../../shared/topics.ts";
import { readSince, recordAt } from "../server/read_since.ts";
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
    const since = { startOffset, endOffset, ms: (untilS - KEPT_S) * 1000 };
    let count = 0;
    for await (const record of readSince(at, since)) {
      if (record.appendMs > untilS * 1000 + AFTER_MS || ++count > RECORDS_MAX) break;
      if (isOwn(record)) takeRecord(state, household, record);
    }
  }
  if (beginS === undefined) return undefined;
  const { seconds = [] } = state.all();
  return { beginS, seconds: seconds.filter(({ second }) => second <= untilS) };
}
