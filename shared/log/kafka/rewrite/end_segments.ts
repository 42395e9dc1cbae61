/**
 * Ends the segment that each of some partitions is writing, so that what comes next stands in a file
 * of its own. A broker begins a new segment where `segment.ms` has passed since the first record of the
 * one before; so the topic has a `segment.ms` of next to nothing, for as long as it takes to append a
 * mark to each partition: that of a transaction without records, which no reader sees.
 *
 * What `segment.ms` was stands meanwhile in `delete.retention.ms`, which means nothing to a topic that
 * is not compacted: set in one request with it, it is found by whoever comes after a kill.
 */
import { untilNone } from "../../../service/until_none.ts";
import { WattstreamError } from "../../../errors.ts";
import { nameOf, partitionOffsets, type TopicPartition } from "../cluster/offsets.ts";
import * as protocol from "../cluster/protocol.ts";
import { untilDone } from "../cluster/wait.ts";
import type { ReadParts } from "../records/read_log.ts";
import { Producer } from "../records/outgoing.ts";
import {
  TransactionRequests,
  type TransactionTarget,
} from "../transaction/transaction_requests.ts";

const TOPIC_RESOURCE = 2;
const [SET, DELETE] = [0, 1] as const;
/** `configSource` of a setting that is the topic's own. */
const OWN = 1;
/** Longest time in which nothing moves. */
const STALL_MS = 60_000;
/** `segment.ms` while segments end. Two, since a broker that says the second has taken up the first. */
const SHORT_MS = ["1", "2"] as const;
/** In place of the former `segment.ms` of a topic that had none of its own. */
const NONE = "0";

/** Is told what has been done, once it has; what is next waits for it. */
export type Said = (line: string) => void | Promise<void>;

type Settings = ReadonlyMap<string, string>;

/**
 * Ends the segments of partitions that nobody else writes to.
 * @param group whose tasks' transactions are used.
 * @param partitions of one topic.
 * @throws WattstreamError `unavailable`, `auth`; `topic` where somebody changes the settings meanwhile.
 */
export async function endSegments(
  parts: ReadParts,
  group: string,
  partitions: readonly TopicPartition[],
  said: Said,
): Promise<void> {
  const [first] = partitions;
  if (first === undefined) return;
  const { topic } = first;
  const former = (await ownSettings(parts, topic)).get("segment.ms") ?? NONE;
  const note = { "delete.retention.ms": former };
  for (const short of SHORT_MS) {
    await alter(parts, topic, { "segment.ms": short, ...note });
    await untilEveryBrokerHas(parts, topic, short);
    await said(`${topic}: segment.ms is ${short} for a moment`);
  }
  for (const each of partitions) {
    await appendMark(parts, each, { group, partition: each.partition });
  }
  if ((await ownSettings(parts, topic)).get("segment.ms") !== SHORT_MS.at(-1)) {
    const advice = `Run it again: somebody has changed segment.ms of ${topic} meanwhile`;
    throw new WattstreamError("topic", advice);
  }
  await said(`${topic}: what comes next stands in files of its own`);
  await restoreSegments(parts, topic);
  await said(`${topic}: segment.ms is as it was`);
}

/** Sets `segment.ms` as it was, where {@link endSegments} was killed before it had. */
export async function restoreSegments(parts: ReadParts, topic: string): Promise<void> {
  const own = await ownSettings(parts, topic);
  if (!(SHORT_MS as readonly string[]).includes(own.get("segment.ms") ?? "")) return;
  const former = own.get("delete.retention.ms") ?? NONE;
  await alter(parts, topic, {
    "segment.ms": former === NONE ? undefined : former,
    "delete.retention.ms": undefined,
  });
}

async function appendMark(
  parts: ReadParts,
  partition: TopicPartition,
  target: TransactionTarget,
): Promise<void> {
  const { cluster, connections } = parts;
  const end = async () =>
    (await partitionOffsets(cluster, connections, [partition], "end")).get(nameOf(partition))!;
  const before = await end();
  const requests = new TransactionRequests(cluster, connections, target);
  const producer = new Producer(await requests.init());
  await requests.addPartitions(producer, [partition]);
  await requests.commit(producer);
  await untilNone(async () => await end() > before ? 0 : 1, {
    stallMs: STALL_MS,
    explain: () => `The end of a transaction does not come to ${nameOf(partition)}`,
  });
}

async function alter(
  { cluster }: ReadParts,
  topic: string,
  settings: Record<string, string | undefined>,
): Promise<void> {
  const configs = Object.entries(settings).map(([name, value]) =>
    value === undefined ? { name, configOperation: DELETE } : { name, configOperation: SET, value }
  );
  const resource = { resourceType: TOPIC_RESOURCE, resourceName: topic, configs } as const;
  const action = { operation: "ALTER_CONFIGS", resource: `topic ${topic}` };
  await cluster.askAny(action, protocol.incrementalAlterConfigs, [resource], false);
}

const describing = (topic: string) =>
  [{
    resourceType: TOPIC_RESOURCE,
    resourceName: topic,
    configurationKeys: ["segment.ms", "delete.retention.ms"],
  }] as Parameters<typeof protocol.describeConfigs.async>[1];

type Described = Awaited<ReturnType<typeof protocol.describeConfigs.async>>;

/** The settings that are the topic's own. */
function ownIn({ results }: Described): Settings {
  const own = results.flatMap(({ configs }) => configs)
    .filter(({ configSource }) => configSource === OWN);
  return new Map(own.map(({ name, value }) => [name, value ?? ""]));
}

async function ownSettings({ cluster }: ReadParts, topic: string): Promise<Settings> {
  const action = { operation: "DESCRIBE_CONFIGS", resource: `topic ${topic}` };
  return ownIn(
    await cluster.askAny(action, protocol.describeConfigs, describing(topic), false, false),
  );
}

/** A broker takes up one change after the other, and says what it is about to take up. */
async function untilEveryBrokerHas(
  { cluster }: ReadParts,
  topic: string,
  segmentMs: string,
): Promise<void> {
  const action = { operation: "DESCRIBE_CONFIGS", resource: `topic ${topic}` };
  await cluster.listTopics([topic]);
  await untilNone(async () => {
    const brokers = [...cluster.brokers().values()];
    const answers = await Promise.all(brokers.map((address) =>
      untilDone(
        () => cluster.ask(address, protocol.describeConfigs, describing(topic), false, false),
        action,
        cluster.patience,
      )
    ));
    return answers.filter((each) => ownIn(each).get("segment.ms") !== segmentMs).length;
  }, {
    stallMs: STALL_MS,
    explain: (count) => `${count} brokers do not take up segment.ms of ${topic}`,
  });
}
