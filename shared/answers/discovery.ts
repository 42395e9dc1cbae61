/** Where Home Assistant finds what there is of a household. */
import { createHash } from "node:crypto";
import type { HouseholdIdentity } from "../events.ts";
import { DISCOVERY_PREFIX } from "../mqtt/topics.ts";

/**
 * The id of a household among the devices of Home Assistant, and a level of the topics of its entities.
 * Names may have any characters, ids not.
 */
export function discoveryNode({ username, client_id }: HouseholdIdentity): string {
  const hash = createHash("sha256").update(JSON.stringify([username, client_id])).digest("hex");
  return `wattstream_${hash.slice(0, 16)}`;
}

/** A subscription to all that is announced of a household. */
export function discoveryFilter(household: HouseholdIdentity): string {
  return `${DISCOVERY_PREFIX}/+/${discoveryNode(household)}/+/config`;
}
