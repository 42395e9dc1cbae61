/** Whether a record stands where its household's records stand: under its key, in its key's partition. */
import type { DeadLetterReason } from "../events.ts";
import { partitionOf } from "../log/partition.ts";
import { nameOf } from "./household_name.ts";
import type { HouseholdEvent } from "./household.ts";

/** Why a record is refused. */
export interface Refusal {
  readonly reason: DeadLetterReason;
  readonly error: string;
}

/** What is wrong with the key of a record that holds `event`; undefined where nothing is. */
export function keyProblem(
  key: Uint8Array | null,
  event: HouseholdEvent,
  { partition, partitionCount }: { readonly partition: number; readonly partitionCount: number },
): Refusal | undefined {
  if (key === null) return { reason: "invalid", error: "key: the record has none" };
  const clientId = nameOf(event.clientId);
  if (!isSame(encoder.encode(clientId), key)) {
    return { reason: "invalid", error: `key: differs from client_id ${clientId}` };
  }
  const home = partitionOf(key, partitionCount);
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
