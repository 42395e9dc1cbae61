/** Which partition a new record goes to. */
import { WattstreamError } from "../../../errors.ts";
import type { NewRecord } from "../../log.ts";
import { partitionOf } from "../../partition.ts";

/** Keys whose partition is remembered; beyond it all are forgotten. */
const KEYS_MAX = 10_000;
/** Longer keys are not remembered: no household has one, but a dead letter may. */
const KEY_LENGTH_MAX = 256;

/** Knows how many partitions a topic has. */
export type PartitionCounts = (topic: string) => number;

export class Partitioner {
  readonly #counts: PartitionCounts;
  /** Records without key: one partition after the other, or always the same number. */
  readonly #keyless: () => number;
  /** Hashes of text keys: households come again and again. */
  readonly #hashes = new Map<string, number>();

  constructor(counts: PartitionCounts, keyless: () => number) {
    this.#counts = counts;
    this.#keyless = keyless;
  }

  /** @throws WattstreamError `topic` when the record names a partition that the topic does not have. */
  partitionOf({ topic, partition, partitionKey, key: ownKey }: NewRecord): number {
    const key = partitionKey ?? ownKey;
    const count = this.#counts(topic);
    if (partition !== undefined) {
      if (partition >= 0 && partition < count) return partition;
      throw new WattstreamError(
        "topic",
        `Name a partition of ${topic} from 0 to ${count - 1}, not ${partition}`,
      );
    }
    if (key === null) return this.#keyless() % count;
    if (typeof key !== "string") return partitionOf(key, count);
    return this.#hash(key) % count;
  }

  #hash(key: string): number {
    if (key.length > KEY_LENGTH_MAX) return partitionOf(key, HASH_RANGE);
    let hash = this.#hashes.get(key);
    if (hash === undefined) {
      if (this.#hashes.size === KEYS_MAX) this.#hashes.clear();
      hash = partitionOf(key, HASH_RANGE);
      this.#hashes.set(key, hash);
    }
    return hash;
  }
}

/** Above every hash (31 bits), so that {@link partitionOf} gives the hash itself. */
const HASH_RANGE = 2 ** 31;
