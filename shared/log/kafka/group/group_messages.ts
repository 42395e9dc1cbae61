/**
 * What members of a group tell one another through its coordinator, in the layout of Kafka's own
 * consumers: each what it runs, the leader who is to run what. Standard tools can read it.
 */
import {
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
} from "@platformatic/kafka";
import type { MemberClaim } from "./assigner.ts";

const SUBSCRIPTION_VERSION = 2;
const ASSIGNMENT_VERSION = 0;

type Message = ReturnType<typeof encodeConsumerProtocolAssignment>;

/** What a member says of itself: its inputs, and the tasks that it runs since a generation. */
export function encodeClaim(
  topics: readonly string[],
  { generationId, tasks }: Omit<MemberClaim, "memberId">,
): Message {
  return encodeConsumerProtocolSubscription({
    version: SUBSCRIPTION_VERSION,
    topics: [...topics],
    ownedPartitions: topics.map((topic) => ({ topic, partitions: [...tasks] })),
    generationId,
  });
}

/** What the leader reads of a member. All inputs of a task are of one partition: the first tells. */
export function decodeClaim(
  topics: readonly string[],
  { memberId, metadata }: { readonly memberId: string; readonly metadata: Message },
): MemberClaim {
  const { ownedPartitions, generationId } = decodeConsumerProtocolSubscription(metadata);
  const owned = ownedPartitions.find(({ topic }) => topic === topics[0]);
  return { memberId, generationId, tasks: owned?.partitions ?? [] };
}

/** What the leader gives to a member. */
export function encodeAssignment(topics: readonly string[], tasks: readonly number[]): Message {
  return encodeConsumerProtocolAssignment({
    version: ASSIGNMENT_VERSION,
    assignedPartitions: topics.map((topic) => ({ topic, partitions: [...tasks] })),
  });
}

/** The tasks that a member is given, ascending. */
export function decodeAssignment(topics: readonly string[], message: Message): number[] {
  const { assignedPartitions } = decodeConsumerProtocolAssignment(message);
  const own = assignedPartitions.find(({ topic }) => topic === topics[0]);
  return own?.partitions.toSorted((left, right) => left - right) ?? [];
}
