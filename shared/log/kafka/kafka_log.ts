/** The log on Apache Kafka: many machines, exactly once by its transactions. */
import { invariant } from "../../errors.ts";
import {
  type Appender,
  type Log,
  type LogRecord,
  memoryTopic,
  type ReadOptions,
  type RunTask,
  type TaskGroup,
  type TaskOwner,
  type TopicDescription,
  type TopicSpec,
} from "../log.ts";
import { KafkaAppender } from "./records/appender.ts";
import { Cluster } from "./cluster/cluster.ts";
import { Connections } from "./cluster/connections.ts";
import { groupOwners } from "./group/owners.ts";
import { committedOffsets } from "./cluster/offsets.ts";
import { type KafkaOptions, kafkaSettings } from "./cluster/options.ts";
import { readTopic } from "./records/read_log.ts";
import { raiseKafkaPartitions } from "./cluster/raise_partitions.ts";
import { setKafkaMemory } from "./transaction/set_memory.ts";
import { readMemory } from "./transaction/task_memory.ts";
import { runKafkaTasks } from "./run_tasks.ts";
import { createKafkaTopics, describeKafkaTopics } from "./cluster/topics.ts";

/** What a program may set beside the flags. */
export interface KafkaLogOptions extends KafkaOptions {
  /** Clock of this machine, ms since 1970. */
  readonly nowMs: () => number;
  /** How long to try again what may pass, ms. */
  readonly patienceMs?: number;
}

/**
 * Opens the log on a cluster: `kafka://HOST:PORT[,HOST:PORT…]`, or `kafkas://…` for TLS.
 * Brokers need not be up: they are asked when something is asked of the log, and then each method
 * throws `unavailable` where none answers and `auth` where they refuse us.
 * @throws WattstreamError `config` where URL or flags are wrong.
 */
export async function openKafkaLog(url: string, options: KafkaLogOptions): Promise<Log> {
  const cluster = new Cluster(await kafkaSettings(url, options), options.patienceMs);
  return new KafkaLog(cluster, options.nowMs);
}

class KafkaLog implements Log {
  readonly #cluster: Cluster;
  readonly #connections: Connections;
  readonly #nowMs: () => number;
  readonly #appenders = new Set<KafkaAppender>();

  constructor(cluster: Cluster, nowMs: () => number) {
    this.#cluster = cluster;
    this.#connections = new Connections(cluster.settings);
    this.#nowMs = nowMs;
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    await createKafkaTopics(this.#cluster, this.#connections, topics);
  }

  async raisePartitions(
    topics: readonly Pick<TopicSpec, "name" | "partitions">[],
  ): Promise<void> {
    await raiseKafkaPartitions(this.#cluster, topics);
  }

  async describe(topics?: readonly string[]): Promise<TopicDescription[]> {
    return await describeKafkaTopics(this.#cluster, this.#connections, topics);
  }

  appender(): Appender {
    const appender = new KafkaAppender(this.#cluster, this.#nowMs);
    this.#appenders.add(appender);
    return appender;
  }

  read(options: ReadOptions): AsyncIterable<LogRecord> {
    return readTopic(this.#parts, options);
  }

  async groupOffsets(group: string): Promise<Map<string, (number | undefined)[]>> {
    const committed = await committedOffsets(this.#cluster, this.#connections, group);
    const padded = new Map<string, (number | undefined)[]>();
    for (const [topic, offsets] of committed) {
      const count = await this.#cluster.partitionCount(topic);
      padded.set(topic, Array.from({ length: count }, (_, partition) => offsets[partition]));
    }
    return padded;
  }

  async groupMemory(group: string): Promise<Map<number, Map<string, string>>> {
    const topic = memoryTopic(group);
    const [listed] = await this.#cluster.listTopics([topic]);
    const memories = new Map<number, Map<string, string>>();
    for (const partition of listed?.leaders.keys() ?? []) {
      const memory = await readMemory(this.#parts, { topic, partition });
      if (memory.size > 0) memories.set(partition, memory);
    }
    return memories;
  }

  async groupOwners(group: string): Promise<Map<number, TaskOwner>> {
    return await groupOwners(this.#cluster, this.#connections, group);
  }

  async setMemory(
    group: string,
    partition: number,
    entries: ReadonlyMap<string, string>,
  ): Promise<void> {
    await setKafkaMemory(this.#parts, { group, partition }, entries);
  }

  async runTasks(group: TaskGroup, run: RunTask, signal: AbortSignal): Promise<void> {
    invariant(group.inputs.length > 0, "a group of tasks has inputs");
    await runKafkaTasks(this.#parts, group, run, signal);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#appenders].map((appender) => appender.close()));
    await this.#connections.close();
    await this.#cluster.close();
  }

  get #parts() {
    return { cluster: this.#cluster, connections: this.#connections, nowMs: this.#nowMs };
  }
}
