/** Moves what a compacted topic holds of each household to the partition that it belongs to now. */
import { decodeEvent, modelSchema } from "../../../shared/events.ts";
import type { Log, LogRecord, NewRecord } from "../../../shared/log/log.ts";
import { partitionOf } from "../../../shared/log/partition.ts";

/** Both topics say whose each record is. */
const schema = modelSchema.pick({ client_id: true });

/** Safe to run again: what stands where it belongs stays. @throws what the log does. */
export async function moveNewest(log: Log, topic: string, partitions: number): Promise<void> {
  const newest = new Map<string, LogRecord>();
  for await (const record of log.read({ topic })) {
    newest.set(`${record.partition} ${new TextDecoder().decode(record.key ?? undefined)}`, record);
  }
  const moved: NewRecord[] = [];
  for (const { partition, key, value, headers } of newest.values()) {
    const decoded = decodeEvent(schema, value);
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
