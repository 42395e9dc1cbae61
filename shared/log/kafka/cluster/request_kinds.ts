/** The requests to brokers as metrics call them, by the number that the protocol gives them. */

const NAMES: Readonly<Record<number, string>> = {
  0: "produce",
  1: "fetch",
  2: "list_offsets",
  3: "metadata",
  9: "offset_fetch",
  10: "find_coordinator",
  11: "join_group",
  12: "heartbeat",
  14: "sync_group",
  22: "init_producer_id",
  24: "add_partitions_to_txn",
  25: "add_offsets_to_txn",
  26: "end_txn",
  28: "txn_offset_commit",
};
const OTHER = "other";

/** Every name there is. */
export const REQUEST_KINDS: readonly string[] = [...Object.values(NAMES), OTHER];

/** The name of a request. */
export function requestKind(apiKey: number): string {
  return NAMES[apiKey] ?? OTHER;
}
