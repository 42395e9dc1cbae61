/** Whether a record stands where its household's records stand: under its key, in its key's partition. */
import type { DeadLetterReason } from "../events.ts";
import { partitionOf } from "../log/partition.ts";
import { householdKey } from "../topics.ts";
import { nameOf } from "./household_name.ts";
import type { HouseholdEvent } from "./household.ts";

/** Why a record is refused. */
export interface Refusal {
  readonly reason: DeadLetterReason;
  readonly error: string;
}

/** Where a record stands, and whether it is one of a compacted topic. */
export interface RecordHome {
  readonly partition: number;
  readonly partitionCount: number;
  readonly isCompacted: boolean;
}

/**
 * What is wrong with the key of a record that holds `event`; undefined where nothing is. It is the
 * client id, in a compacted topic user and client id; the partition is that of the client id.
 */
export function keyProblem(
  key: Uint8Array | null,
  event: HouseholdEvent,
  { partition, partitionCount, isCompacted }: RecordHome,
): Refusal | undefined {
  if (key === null) return { reason: "invalid", error: "key: the record has none" };
  const clientId = nameOf(event.clientId);
  if (isCompacted) {
    const expected = householdKey({ username: nameOf(event.username), client_id: clientId });
    if (!isSame(encoder.encode(expected), key)) {
      return { reason: "invalid", error: `key: differs from username/client_id ${expected}` };
    }
  } else if (!isSame(encoder.encode(clientId), key)) {
    return { reason: "invalid", error: `key: differs from client_id ${clientId}` };
  }
  const home = partitionOf(encoder.encode(clientId), partitionCount);
  if (home === partition) return undefined;
  return {
    reason: "misplaced",
    error: `key: belongs to partition ${home} by murmur2, not to ${partition}; ` +
      "its producer uses another partitioner",
  };
}

const encoder = new TextEncoder();

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
