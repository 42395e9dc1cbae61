/** Who reads a topic: the groups that have committed offsets of it. */
import { WattstreamError } from "../../../errors.ts";
import { committedOffsets } from "../cluster/offsets.ts";
import * as protocol from "../cluster/protocol.ts";
import { untilDone } from "../cluster/wait.ts";
import type { ReadParts } from "../records/read_log.ts";

/** States of a group in which it has no members. */
const IDLE = new Set(["Empty", "Dead"]);

/**
 * The committed offsets of each group that reads the topic, by partition.
 * @param writers groups that are to have no members either, since they write it.
 * @throws WattstreamError `unavailable` where one of them has members.
 */
export async function offsetsOfReaders(
  parts: ReadParts,
  topic: string,
  writers: readonly string[],
): Promise<Map<string, readonly (number | undefined)[]>> {
  const { cluster, connections } = parts;
  const states = await groupStates(parts);
  const readers = new Map<string, readonly (number | undefined)[]>();
  for (const group of states.keys()) {
    const offsets = (await committedOffsets(cluster, connections, group)).get(topic);
    if (offsets !== undefined) readers.set(group, offsets);
  }
  const busy = [...states].filter(([group, state]) =>
    !IDLE.has(state) && (readers.has(group) || writers.includes(group))
  ).map(([group]) => group);
  if (busy.length === 0) return readers;
  throw new WattstreamError(
    "unavailable",
    `Stop first what reads or writes ${topic}, the groups ${busy.join(", ")}: whoever was killed ` +
      "is a member until its session has timed out",
  );
}

/** The state of each group, from the brokers that each coordinates some. */
async function groupStates({ cluster }: ReadParts): Promise<Map<string, string>> {
  await cluster.listTopics([]);
  const states = new Map<string, string>();
  await Promise.all([...cluster.brokers().values()].map(async (address) => {
    const { groups } = await untilDone(
      () => cluster.ask(address, protocol.listGroups, [], []),
      { operation: "DESCRIBE", resource: "group *" },
      cluster.patience,
    );
    for (const { groupId, groupState } of groups) states.set(groupId, groupState);
  }));
  return states;
}
