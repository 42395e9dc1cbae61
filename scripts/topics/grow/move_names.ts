/** Moves the newest `household` event of each household to the partition that it belongs to now. */
import { decodeEvent, householdSchema } from "../../../shared/events.ts";
import type { Log, LogRecord, NewRecord } from "../../../shared/log/log.ts";
import { partitionOf } from "../../../shared/log/partition.ts";
import { HOUSEHOLD_TOPIC } from "../../../shared/topics.ts";

/** Safe to run again: what stands where it belongs stays. @throws what the log does. */
export async function moveNames(log: Log, partitions: number): Promise<void> {
  const newest = new Map<string, LogRecord>();
  for await (const record of log.read({ topic: HOUSEHOLD_TOPIC })) {
    newest.set(`${record.partition} ${new TextDecoder().decode(record.key ?? undefined)}`, record);
  }
  const moved: NewRecord[] = [];
  for (const { topic, partition, key, value, headers } of newest.values()) {
    const decoded = decodeEvent(householdSchema, value);
    if (!decoded.ok) continue;
    const home = partitionOf(decoded.event.client_id, partitions);
    if (home === partition) continue;
    const there = newest.get(`${home} ${new TextDecoder().decode(key ?? undefined)}`);
    if (there === undefined || there.value === null) {
      moved.push({ topic, key, value, headers, partition: home });
    }
    moved.push({ topic, key, value: null, partition });
  }
  if (moved.length === 0) return;
  const appender = log.appender();
  try {
    await appender.append(moved);
  } finally {
    await appender.close();
  }
}
