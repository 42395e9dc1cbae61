/** A log on SQLite with readings, windows and datasets that a test has made. */
import type { HouseholdIdentity } from "../../../shared/events.ts";
import type { Log, NewRecord } from "../../../shared/log/log.ts";
import { openLog } from "../../../shared/log/open.ts";
import { wattstreamTopics } from "../../../shared/topics.ts";

export const PARTITIONS = 4;
/** Event time of the first reading. */
export const START_S = 1_790_000_000;

/** A dataset of `length` seconds from `startS` on, whose values follow from the second. */
export function dataset(
  household: { readonly username: string; readonly client_id: string },
  startS: number,
  length: number,
  devices: number,
) {
  const timestamps = Array.from({ length }, (_, index) => startS + index);
  return {
    ...household,
    session_start: startS,
    session_end: startS + length - 1,
    timestamps,
    consumption: timestamps.map((second) => (second % 1000) + 0.1),
    state_bitmaps: timestamps.map((second) =>
      Array.from({ length: devices }, (_, device) => (second + device) % 3 === 0)
    ),
  };
}

export function recordOf(
  topic: string,
  event: HouseholdIdentity & Record<string, unknown>,
  partition?: number,
): NewRecord {
  const value = JSON.stringify(event);
  return { topic, key: event.client_id, value, ...(partition === undefined ? {} : { partition }) };
}

export function namesOf(username: string, client_id: string, ...names: string[]): NewRecord {
  const devices = names.map((name) => ({ name }));
  return {
    topic: "household",
    key: `${username}/${client_id}`,
    partitionKey: client_id,
    value: JSON.stringify({ username, client_id, devices }),
  };
}

/** Runs `use` on a log with these records, and a folder of its own. */
export async function withDatasets(
  records: readonly NewRecord[],
  use: (log: Log, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const log = await openLog(`sqlite:${folder}/log.db`);
    try {
      await log.createTopics(wattstreamTopics(PARTITIONS));
      const appender = log.appender();
      await appender.append(records);
      await appender.close();
      await use(log, folder);
    } finally {
      await log.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
