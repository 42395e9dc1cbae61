/**
 * Who of a group runs which task. Pure: the group's leader decides for all, from what each member
 * says that it runs. Shares differ by one at most, and no more tasks move than that takes.
 */

/** What a member runs. */
export interface MemberClaim {
  readonly memberId: string;
  /** The generation in which it was given these tasks; -1 where there is none. */
  readonly generationId: number;
  readonly tasks: readonly number[];
}

/** Tasks 0 to `taskCount` - 1 by member; none for some where there are more members than tasks. */
export function assignTasks(
  members: readonly MemberClaim[],
  taskCount: number,
): Map<string, number[]> {
  const owned = ownedTasks(members, taskCount);
  // Who runs most keeps most: so the larger shares go where they cause no move.
  const ordered = members.map(({ memberId }) => memberId).sort((left, right) =>
    owned.get(right)!.length - owned.get(left)!.length || (left < right ? -1 : 1)
  );
  const share = Math.floor(taskCount / ordered.length);
  const larger = taskCount % ordered.length;
  const assigned = new Map<string, number[]>();
  const free = new Set(Array.from({ length: taskCount }, (_, task) => task));
  ordered.forEach((memberId, index) => {
    const kept = owned.get(memberId)!.slice(0, share + (index < larger ? 1 : 0));
    for (const task of kept) free.delete(task);
    assigned.set(memberId, kept);
  });
  const rest = [...free];
  ordered.forEach((memberId, index) => {
    const tasks = assigned.get(memberId)!;
    while (tasks.length < share + (index < larger ? 1 : 0)) tasks.push(rest.shift()!);
    tasks.sort((left, right) => left - right);
  });
  return assigned;
}

/** Each task with the member of the latest generation that claims it. */
function ownedTasks(
  members: readonly MemberClaim[],
  taskCount: number,
): Map<string, number[]> {
  const owners = new Map<number, MemberClaim>();
  for (const claim of members) {
    for (const task of claim.tasks) {
      if (task >= taskCount) continue;
      const other = owners.get(task);
      if (other === undefined || isBefore(other, claim)) owners.set(task, claim);
    }
  }
  const owned = new Map<string, number[]>(members.map(({ memberId }) => [memberId, []]));
  for (const [task, { memberId }] of [...owners].sort(([left], [right]) => left - right)) {
    owned.get(memberId)!.push(task);
  }
  return owned;
}

function isBefore(left: MemberClaim, right: MemberClaim): boolean {
  if (left.generationId !== right.generationId) return left.generationId < right.generationId;
  return left.memberId > right.memberId;
}
