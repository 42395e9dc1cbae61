/** The topics of Wattstream: their names, how they are created, and the check that they are right. */
import { WattstreamError } from "./errors.ts";
import type { HouseholdIdentity } from "./events.ts";
import { type Log, memoryTopic, type TopicSpec } from "./log/log.ts";
import { growAdvice, unequalCounts } from "./log/partition_counts.ts";

export const POWER_TOPIC = "power";
export const DEVICE_STATE_TOPIC = "device-state";
export const PREDICTIONS_TOPIC = "predictions";
export const DATASET_TOPIC = "dataset2train";
/** The names of each household's devices: compacted, by user and household. */
export const HOUSEHOLD_TOPIC = "household";
/** Which devices of each household are on, second by second. */
export const DISAGGREGATED_TOPIC = "disaggregated";
/** What has been learned of each household's devices: compacted, by user and household. */
export const MODELS_TOPIC = "models";
export const DEAD_LETTER_TOPIC = "dead-letter";

/** Consumer groups, named as their workers. */
export const PREDICTIONS_GROUP = "predictions";
export const TRAINING_GROUP = "training";
export const DISAGGREGATION_GROUP = "disaggregation";
export const PUBLISHER_GROUP = "publisher";

/** Header that makes a record without key and value a tick. */
export const TICK_HEADER = "wattstream-tick";

/**
 * Header of a tick after which there are more partitions: by how many the records stand that come
 * before it, in its partition of `power` and, by append time, of `device-state`.
 */
export const PARTITIONS_HEADER = "wattstream-partitions";

export const DEFAULT_PARTITION_COUNT = 10;

/** The key of what a compacted topic keeps of a household. */
export function householdKey({ username, client_id }: HouseholdIdentity): string {
  return `${username}/${client_id}`;
}

/** How long topics keep their records; without it for ever. */
export interface TopicRetention {
  /** Of readings, device states, windows, disaggregated seconds and dead letters, ms. */
  readonly retentionMs?: number | undefined;
  /** Of the same, bytes of each topic. */
  readonly retentionBytes?: number | undefined;
  /** Of datasets, ms. */
  readonly retentionDatasetsMs?: number | undefined;
}

/** Every topic of the system, with the same number of partitions each. */
export function wattstreamTopics(
  partitions: number = DEFAULT_PARTITION_COUNT,
  { retentionMs, retentionBytes, retentionDatasetsMs }: TopicRetention = {},
): TopicSpec[] {
  const passing = {
    partitions,
    ...(retentionMs !== undefined && { retentionMs }),
    ...(retentionBytes !== undefined && {
      retentionBytes: Math.ceil(retentionBytes / partitions),
    }),
  };
  const kept = {
    partitions,
    ...(retentionDatasetsMs !== undefined && { retentionMs: retentionDatasetsMs }),
  };
  return [
    { name: POWER_TOPIC, ...passing, logAppendTime: true },
    { name: DEVICE_STATE_TOPIC, ...passing, logAppendTime: true },
    { name: PREDICTIONS_TOPIC, ...passing, logAppendTime: true },
    { name: DATASET_TOPIC, ...kept, logAppendTime: true },
    { name: DISAGGREGATED_TOPIC, ...passing, logAppendTime: true },
    { name: MODELS_TOPIC, partitions, compacted: true, logAppendTime: true },
    { name: HOUSEHOLD_TOPIC, partitions, compacted: true, logAppendTime: true },
    { name: DEAD_LETTER_TOPIC, ...passing },
    { name: memoryTopic(PREDICTIONS_GROUP), partitions, compacted: true },
    { name: memoryTopic(TRAINING_GROUP), partitions, compacted: true },
    { name: memoryTopic(DISAGGREGATION_GROUP), partitions, compacted: true },
    { name: memoryTopic(PUBLISHER_GROUP), partitions, compacted: true },
  ];
}

/** The topics that a worker reads and writes; all have the same number of partitions. */
export interface TopicsOfWorker {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * Checks the input and output topics of a worker, and returns the partition count of its inputs.
 * @throws WattstreamError `unavailable` when one is missing, `topic` when one is set up wrongly.
 */
export async function checkTopics(
  log: Pick<Log, "describe">,
  topics: TopicsOfWorker,
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
  const count = inputs[0]!.partitions.length;
  const all = wanted.map((name) => ({ name, count: found.get(name)!.partitions.length }));
  if (all.some((topic) => topic.count !== count)) throw unequalCounts(all);
  return count;
}

/** Checks topics again and again: while a process runs, their partitions must not become more. */
export class TopicCheck {
  readonly #log: Pick<Log, "describe">;
  readonly #topics: TopicsOfWorker;
  #count: number | undefined;

  constructor(log: Pick<Log, "describe">, topics: TopicsOfWorker) {
    this.#log = log;
    this.#topics = topics;
  }

  /**
   * The partition count of the inputs.
   * @throws as {@link checkTopics}, and `topic` when it is another than at the first time.
   */
  async count(): Promise<number> {
    const count = await checkTopics(this.#log, this.#topics);
    this.#count ??= count;
    if (count === this.#count) return count;
    throw new WattstreamError(
      "topic",
      `The partitions of ${this.#topics.inputs.join(", ")} were ${this.#count} and are ${count} ` +
        `now, of which nobody reads the new ones: ${growAdvice(count)}`,
    );
  }
}
