/**
 * Takes a household out of `dataset2train` on Kafka, which is kept for ever: the topic is written anew
 * without it. Whoever learns from datasets remembers up to where: that moves with the records.
 */
import { rewriteKafkaTopic } from "../../shared/log/kafka/rewrite/rewrite_topic.ts";
import { GROUP_INPUTS } from "../../shared/log/lag.ts";
import { COMMAND_PATIENCE_MS } from "../../shared/log/open.ts";
import { decodeCheckpoint, encodeMemory } from "../../shared/stream/task_memory.ts";
import { DATASET_TOPIC, DISAGGREGATION_GROUP, TRAINING_GROUP } from "../../shared/topics.ts";
import type { EraseConfig } from "./config.ts";
import type { Whose } from "./whose.ts";

/** Which of the inputs of its reader it is. */
const INPUT = GROUP_INPUTS[DISAGGREGATION_GROUP]!.indexOf(DATASET_TOPIC);

/**
 * Rewrites it. Killed at any moment, it is run again.
 * @param said is told what has been done, once it has.
 * @throws WattstreamError as {@link rewriteKafkaTopic} does.
 */
export async function rewriteDatasets(
  url: string,
  whose: Whose,
  options: Partial<EraseConfig>,
  said: (line: string) => void,
): Promise<void> {
  await rewriteKafkaTopic(url, {
    topic: DATASET_TOPIC,
    goes: (record) => whose.isRecord(record),
    writers: [TRAINING_GROUP],
    group: DISAGGREGATION_GROUP,
    moved,
    said,
  }, { ...options, patienceMs: COMMAND_PATIENCE_MS, nowMs: Date.now });
}

/** A task's checkpoint, where an offset of the datasets has become `move(offset)`. */
function moved(
  entries: ReadonlyMap<string, string>,
  move: (offset: number) => number,
): ReadonlyMap<string, string> {
  const checkpoint = decodeCheckpoint(entries);
  if (checkpoint === undefined) return new Map();
  const { offsets, rewind } = checkpoint;
  return encodeMemory({
    ...checkpoint,
    offsets: offsets.with(INPUT, move(offsets[INPUT]!)),
    rewind: rewind.with(INPUT, move(rewind[INPUT]!)),
  }, new Map());
}
