/** How far the workers lag behind the ends of their inputs. */
import { DEVICE_STATE_TOPIC, POWER_TOPIC, PREDICTIONS_GROUP, TRAINING_GROUP } from "../topics.ts";
import type { Log } from "./log.ts";

/** The input topics of each worker, sorted by name. */
export const GROUP_INPUTS: Readonly<Record<string, readonly string[]>> = {
  [PREDICTIONS_GROUP]: [POWER_TOPIC],
  [TRAINING_GROUP]: [DEVICE_STATE_TOPIC, POWER_TOPIC],
};

/** What a group has not processed yet of one of its input topics. */
export interface GroupLag {
  readonly group: string;
  readonly topic: string;
  /** Offsets from the committed ones to the ends; all where nothing was committed. */
  readonly records: number;
}

/** The lag of each worker on each of its inputs that exists. */
export async function groupLags(
  log: Pick<Log, "describe" | "groupOffsets">,
): Promise<GroupLag[]> {
  // The ends first: a lag of 0 then says that everything up to them was processed.
  const topics = await log.describe([POWER_TOPIC, DEVICE_STATE_TOPIC]);
  const lags: GroupLag[] = [];
  for (const [group, inputs] of Object.entries(GROUP_INPUTS)) {
    const committed = await log.groupOffsets(group);
    for (const { name, partitions } of topics) {
      if (!inputs.includes(name)) continue;
      let records = 0;
      for (const { partition, startOffset, endOffset } of partitions) {
        const next = committed.get(name)?.[partition] ?? startOffset;
        records += Math.max(0, endOffset - next);
      }
      lags.push({ group, topic: name, records });
    }
  }
  return lags;
}
