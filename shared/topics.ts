/** The topics of Wattstream: their names, how they are created, and the check that they are right. */
import { WattstreamError } from "./errors.ts";
import { type Log, memoryTopic, type TopicSpec } from "./log/log.ts";

export const POWER_TOPIC = "power";
export const DEVICE_STATE_TOPIC = "device-state";
export const PREDICTIONS_TOPIC = "predictions";
export const DATASET_TOPIC = "dataset2train";
export const DEAD_LETTER_TOPIC = "dead-letter";

/** Consumer groups, named as their workers. */
export const PREDICTIONS_GROUP = "predictions";
export const TRAINING_GROUP = "training";

/** Header that makes a record without key and value a tick. */
export const TICK_HEADER = "wattstream-tick";

export const DEFAULT_PARTITION_COUNT = 10;

/** Every topic of the system, with the same number of partitions each. */
export function wattstreamTopics(partitions: number = DEFAULT_PARTITION_COUNT): TopicSpec[] {
  return [
    { name: POWER_TOPIC, partitions, logAppendTime: true },
    { name: DEVICE_STATE_TOPIC, partitions, logAppendTime: true },
    { name: PREDICTIONS_TOPIC, partitions },
    { name: DATASET_TOPIC, partitions },
    { name: DEAD_LETTER_TOPIC, partitions },
    { name: memoryTopic(PREDICTIONS_GROUP), partitions, compacted: true },
    { name: memoryTopic(TRAINING_GROUP), partitions, compacted: true },
  ];
}

/**
 * Checks the input and output topics of a worker, and returns the partition count of its inputs.
 * @throws WattstreamError `unavailable` when one is missing, `topic` when one is set up wrongly.
 */
export async function checkTopics(
  log: Log,
  topics: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
): Promise<number> {
  const wanted = [...topics.inputs, ...topics.outputs];
  const found = new Map((await log.describe(wanted)).map((topic) => [topic.name, topic]));
  const missing = wanted.filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw new WattstreamError(
      "unavailable",
      `Create the topics first, missing: ${missing.join(", ")} (deno task topics create)`,
    );
  }
  const inputs = topics.inputs.map((name) => found.get(name)!);
  for (const input of inputs) {
    if (!input.logAppendTime) {
      throw new WattstreamError(
        "topic",
        `Set message.timestamp.type=LogAppendTime on topic ${input.name}: it is CreateTime`,
      );
    }
  }
  const counts = new Set(inputs.map((input) => input.partitions.length));
  if (counts.size > 1) {
    const each = inputs.map((input) => `${input.name} has ${input.partitions.length}`);
    throw new WattstreamError(
      "topic",
      `Give the input topics the same number of partitions: ${each.join(", ")}`,
    );
  }
  return inputs[0]!.partitions.length;
}
