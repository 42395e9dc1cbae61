/** How far the workers lag behind the ends of their inputs. */
import {
  DATASET_TOPIC,
  DEVICE_STATE_TOPIC,
  DISAGGREGATED_TOPIC,
  DISAGGREGATION_GROUP,
  HOUSEHOLD_TOPIC,
  MODELS_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_GROUP,
  PREDICTIONS_TOPIC,
  PUBLISHER_GROUP,
  TRAINING_GROUP,
} from "../topics.ts";
import type { Log } from "./log.ts";

/** The input topics of each worker, sorted by name. */
export const GROUP_INPUTS: Readonly<Record<string, readonly string[]>> = {
  [PREDICTIONS_GROUP]: [POWER_TOPIC],
  [TRAINING_GROUP]: [DEVICE_STATE_TOPIC, POWER_TOPIC],
  [DISAGGREGATION_GROUP]: [DATASET_TOPIC, PREDICTIONS_TOPIC],
  [PUBLISHER_GROUP]: [DISAGGREGATED_TOPIC, HOUSEHOLD_TOPIC, MODELS_TOPIC],
};

/** What a group has not processed yet of one of its input topics. */
export interface GroupLag {
  readonly group: string;
  readonly topic: string;
  /** Offsets from the committed ones to the ends; all where nothing was committed. */
  readonly records: number;
}

/** Left out unless it is asked for, or has ever run: not everyone wants models. */
const OPTIONAL_GROUPS: readonly string[] = [DISAGGREGATION_GROUP, PUBLISHER_GROUP];

/** The lag of these workers on each of their inputs that exists; of all that run without `groups`. */
export async function groupLags(
  log: Pick<Log, "describe" | "groupOffsets">,
  groups?: readonly string[],
): Promise<GroupLag[]> {
  const lags: GroupLag[] = [];
  for (const [group, inputs] of Object.entries(GROUP_INPUTS)) {
    if (groups?.includes(group) === false) continue;
    // The ends first: a lag of 0 then says that everything up to them was processed. And group after
    // group: what one has written by then is among the inputs of the next.
    const topics = await log.describe(inputs);
    const committed = await log.groupOffsets(group);
    if (groups === undefined && OPTIONAL_GROUPS.includes(group) && committed.size === 0) continue;
    for (const { name, partitions } of topics) {
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
