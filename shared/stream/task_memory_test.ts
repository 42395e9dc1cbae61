import assert from "node:assert/strict";
import { decodeClosed, encodeClosed, isClosed } from "./closed_memory.ts";
import { HouseholdMemories } from "./household_memories.ts";
import { noOutcomes } from "./outcomes.ts";
import { decodeMemory, encodeMemory } from "./task_memory.ts";

const CHECKPOINT = { offsets: [3, 4], rewind: [1, 2], outcomes: noOutcomes() };

/** The entries of a memory in which these households are closed, each up to another second. */
function entriesOf(households: readonly (readonly [username: string, clientId: string])[]) {
  const memories = new HouseholdMemories();
  const noted = new Map(households.map(([username, client_id], index) => {
    const memory = encodeClosed(100 + index);
    return [memories.set({ username, client_id }, memory), memory];
  }));
  return encodeMemory(CHECKPOINT, noted);
}

/** Names that meet where a pair is joined by a separator, or taken for an entry of another kind. */
const EVIL: readonly (readonly [username: string, clientId: string])[] = [
  ["a", "b/c"],
  ["a/b", "c"],
  ["a", 'b","c'],
  ['a","b', "c"],
  ["closed/a", "b"],
  ["a", "closed/b"],
  ["task", "task"],
  ["a", 'household/["a","b"]'],
  ["a\u0000", "b"],
  ["a", "\u0000b"],
  ["\ud800", "b"],
  ["\ud801", "b"],
];

Deno.test("decodeMemory() reads how far each household is closed, whatever its names", () => {
  const { checkpoint, households } = decodeMemory(entriesOf(EVIL), isClosed);
  assert.deepEqual(checkpoint, CHECKPOINT);
  EVIL.forEach(([username, client_id], index) => {
    assert.equal(
      decodeClosed(households.of({ username, client_id })),
      100 + index,
      `${username} ${client_id}`,
    );
  });
  assert.equal(decodeClosed(households.of({ username: "b", client_id: "a" })), -Infinity);
});

Deno.test("encodeMemory() writes entries that any log keeps as they are", () => {
  for (const key of entriesOf(EVIL).keys()) {
    assert.equal(new TextDecoder().decode(new TextEncoder().encode(key)), key);
    assert.ok(!key.includes("\u0000"), key);
  }
});

Deno.test("decodeMemory() takes an entry without a user for every user of that client id", () => {
  const entries = entriesOf([["alice", "home-1"]]);
  entries.set("closed/home-1", "90");
  entries.set('closed/household/["bob","home-2"]', "70");
  const { households } = decodeMemory(entries, isClosed);
  assert.equal(decodeClosed(households.of({ username: "alice", client_id: "home-1" })), 100);
  assert.equal(decodeClosed(households.of({ username: "mallory", client_id: "home-1" })), 90);
  assert.equal(decodeClosed(households.of({ username: "bob", client_id: "home-2" })), -Infinity);
  assert.equal(
    decodeClosed(households.of({ username: "x", client_id: 'household/["bob","home-2"]' })),
    70,
  );
});

for (
  const [key, value] of [
    ["other", "1"],
    ["household/", "1"],
    ["household/alice/home-1", "1"],
    ['household/["alice"]', "1"],
    ['household/["alice","home-1",1]', "1"],
    ['household/["alice","home-1"]', "soon"],
    ["closed/home-1", "1.5"],
  ] as const
) {
  Deno.test(`decodeMemory() refuses the entry ${key} ${value}`, () => {
    assert.throws(
      () => decodeMemory(new Map([[key, value]]), isClosed),
      /an entry that is not of this program/,
    );
  });
}
