import assert from "node:assert/strict";
import fc from "fast-check";
import { assignTasks, type MemberClaim } from "./assigner.ts";

const claim = (memberId: string, tasks: number[], generationId = 1): MemberClaim => ({
  memberId,
  generationId,
  tasks,
});

Deno.test("assignTasks() gives everything to a single member", () => {
  assert.deepEqual(assignTasks([claim("a", [])], 3), new Map([["a", [0, 1, 2]]]));
});

Deno.test("assignTasks() leaves everything where it is when nobody came or went", () => {
  const claims = [claim("a", [1, 3]), claim("b", [0, 2])];
  assert.deepEqual(assignTasks(claims, 4), new Map([["a", [1, 3]], ["b", [0, 2]]]));
});

Deno.test("assignTasks() gives the odd task to who runs it already", () => {
  const claims = [claim("a", [0, 1]), claim("b", [2, 3, 4])];
  assert.deepEqual(assignTasks(claims, 5), new Map([["a", [0, 1]], ["b", [2, 3, 4]]]));
});

Deno.test("assignTasks() moves only what a new member has to get", () => {
  const claims = [claim("a", [0, 1, 2, 3, 4]), claim("b", [5, 6, 7, 8, 9]), claim("c", [], -1)];
  const assigned = assignTasks(claims, 10);
  assert.deepEqual(assigned.get("a"), [0, 1, 2, 3]);
  assert.deepEqual(assigned.get("b"), [5, 6, 7]);
  assert.deepEqual(assigned.get("c"), [4, 8, 9]);
});

Deno.test("assignTasks() believes the claim of the latest generation", () => {
  const claims = [claim("zombie", [0, 1], 4), claim("owner", [0, 1, 2, 3], 5)];
  assert.deepEqual(assignTasks(claims, 4), new Map([["owner", [0, 1]], ["zombie", [2, 3]]]));
});

Deno.test("assignTasks() leaves members without tasks where there are too many", () => {
  const assigned = assignTasks([claim("a", []), claim("b", [0]), claim("c", [])], 1);
  assert.deepEqual(assigned, new Map([["b", [0]], ["a", []], ["c", []]]));
});

Deno.test("assignTasks() gives each task to one member, evenly, moving as few as it can", () => {
  const members = fc.uniqueArray(
    fc.record({
      memberId: fc.string({ minLength: 1 }),
      generationId: fc.integer({ min: -1, max: 3 }),
      tasks: fc.uniqueArray(fc.integer({ min: 0, max: 25 })),
    }),
    { selector: ({ memberId }) => memberId, minLength: 1, maxLength: 8 },
  );
  fc.assert(fc.property(members, fc.integer({ min: 1, max: 20 }), (claims, taskCount) => {
    const assigned = assignTasks(claims, taskCount);
    const tasks = [...assigned.values()].flat().sort((a, b) => a - b);
    assert.deepEqual(tasks, Array.from({ length: taskCount }, (_, task) => task));
    const sizes = [...assigned.values()].map((own) => own.length);
    assert.equal(sizes.length, claims.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
    // A second round, with what came out as the claims, moves nothing.
    const settled = claims.map(({ memberId }) => claim(memberId, assigned.get(memberId)!, 9));
    assert.deepEqual(
      new Map([...assignTasks(settled, taskCount)].sort()),
      new Map([...assigned].sort()),
    );
  }));
});
