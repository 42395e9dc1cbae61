/** The names that households have given to their devices: `household` events, the newest of each. */
import { decodeEvent, type Household, householdSchema } from "../../shared/events.ts";
import type { Log } from "../../shared/log/log.ts";
import { HOUSEHOLD_TOPIC } from "../../shared/topics.ts";
import { householdKey } from "./survey.ts";

interface Newest {
  readonly appendMs: number;
  readonly value: Uint8Array | null;
}

/** By {@link householdKey}; empty for a log that has no such topic. */
export async function readDeviceNames(
  log: Pick<Log, "describe" | "read">,
): Promise<Map<string, readonly string[]>> {
  const names = new Map<string, readonly string[]>();
  if ((await log.describe([HOUSEHOLD_TOPIC])).length === 0) return names;
  // By partition too: where partitions were added, the old place holds a record without a value.
  const newest = new Map<string, Newest>();
  for await (const { partition, key, value, appendMs } of log.read({ topic: HOUSEHOLD_TOPIC })) {
    newest.set(`${partition} ${new TextDecoder().decode(key ?? undefined)}`, { appendMs, value });
  }
  const inOrder = [...newest.values()].sort((a, b) => a.appendMs - b.appendMs);
  for (const { value } of inOrder) {
    const decoded = decodeEvent<Household>(householdSchema, value);
    if (!decoded.ok) continue;
    names.set(householdKey(decoded.event), decoded.event.devices.map(({ name }) => name));
  }
  return names;
}
