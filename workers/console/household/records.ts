/** The records of a household as the log has them, from a time on. */
import type { HouseholdIdentity } from "../../../shared/events.ts";
import { partitionOf } from "../../../shared/log/partition.ts";
import type { Log } from "../../../shared/log/log.ts";
import { readSince } from "../server/read_since.ts";
import { keysOf, ownEvent } from "./household_records.ts";

const FOUND_MAX = 50;
/** Records of the partition that are looked through. */
const RECORDS_MAX = 200_000;

export interface HouseholdRecord {
  readonly partition: number;
  readonly offset: number;
  /** When the log took it, Unix ms. */
  readonly appendMs: number;
  readonly event: unknown;
}

/** Ascending, at most 50. @throws WattstreamError `unavailable` while the log is away. */
export async function recordsOf(
  log: Log,
  household: HouseholdIdentity,
  { topic, sinceS, signal }: {
    readonly topic: string;
    readonly sinceS: number;
    readonly signal: AbortSignal;
  },
): Promise<HouseholdRecord[]> {
  const [described] = await log.describe([topic]);
  if (described === undefined) return [];
  const partitionCount = described.partitions.length;
  const partition = partitionOf(household.client_id, partitionCount);
  const { startOffset, endOffset } = described.partitions[partition]!;
  const isOwn = keysOf(household);
  const found: HouseholdRecord[] = [];
  let count = 0;
  const place = { log, topic, partition, partitionCount, signal };
  for await (const record of readSince(place, { startOffset, endOffset, ms: sinceS * 1000 })) {
    if (++count > RECORDS_MAX) break;
    const event = isOwn(record) ? ownEvent(household, record) : undefined;
    if (event === undefined) continue;
    found.push({ partition, offset: record.offset, appendMs: record.appendMs, event });
    if (found.length === FOUND_MAX) break;
  }
  return found;
}
