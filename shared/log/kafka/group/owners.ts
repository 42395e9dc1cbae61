/** Who runs which task of a group, by what its coordinator has been told. */
import { decodeConsumerProtocolAssignment } from "@platformatic/kafka";
import type { TaskOwner } from "../../log.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Connections } from "../cluster/connections.ts";
import * as protocol from "../cluster/protocol.ts";

/** `Log.groupOwners`. @throws WattstreamError `unavailable`, `auth`. */
export async function groupOwners(
  cluster: Cluster,
  connections: Connections,
  group: string,
): Promise<Map<number, TaskOwner>> {
  const answer = await cluster.askCoordinator(
    connections,
    {
      kind: "group",
      key: group,
      action: { operation: "DESCRIBE", resource: `group ${group}` },
    },
    protocol.describeGroups,
    [group],
    false,
  );
  const owners = new Map<number, TaskOwner>();
  for (const { memberId, groupInstanceId, clientHost, memberAssignment } of membersIn(answer)) {
    // While the tasks are dealt out, nobody has any.
    if (memberAssignment.length === 0) continue;
    // Brokers write an address as Java does: /10.1.2.3.
    const owner = { member: groupInstanceId ?? memberId, host: clientHost.replace(/^\//, "") };
    // All inputs of a task are of one partition.
    const { assignedPartitions } = decodeConsumerProtocolAssignment(memberAssignment);
    for (const partition of assignedPartitions[0]?.partitions ?? []) owners.set(partition, owner);
  }
  return owners;
}

function membersIn({ groups }: Awaited<ReturnType<typeof protocol.describeGroups.async>>) {
  return groups[0]?.members ?? [];
}
