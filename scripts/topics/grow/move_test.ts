import assert from "node:assert/strict";
import { partitionOf } from "../../../shared/log/partition.ts";
import { noOutcomes } from "../../../shared/stream/outcomes.ts";
import { decodeCheckpoint, encodeMemory } from "../../../shared/stream/task_memory.ts";
import { movedEntries } from "./move.ts";

const COUNTS = { former: 2, partitions: 5, inputCount: 2 };
const names = Array.from({ length: 40 }, (_, index) => `home-${index}`);
/** Of the households of the first task: one that stays, and one that goes. */
const STAYS = names.find((name) => partitionOf(name, 2) === 0 && partitionOf(name, 5) === 0)!;
const GOES = names.find((name) => partitionOf(name, 2) === 0 && partitionOf(name, 5) === 3)!;

const entryOf = (username: string, clientId: string) =>
  `household/${JSON.stringify([username, clientId])}`;

Deno.test("movedEntries() moves every household of a client id, and entries of older versions", () => {
  const entries = new Map([
    [entryOf("anna", STAYS), "1"],
    [entryOf("anna", GOES), "2"],
    [entryOf("bert", GOES), "3"],
    [`closed/${GOES}`, "4"],
  ]);
  const moved = movedEntries(new Map([[0, entries]]), COUNTS);
  assert.deepEqual([...moved.keys()], [0, 1, 2, 3, 4]);
  for (const [partition, own] of moved) {
    assert.equal(own.get("partitions"), "5");
    const count = partition === 3 ? 4 : 1;
    assert.equal(own.size, count, `entries of ${partition}`);
  }
  assert.deepEqual([...moved.get(3)!], [
    ["partitions", "5"],
    [entryOf("anna", GOES), "2"],
    [entryOf("bert", GOES), "3"],
    [`closed/${GOES}`, "4"],
  ]);
});

Deno.test("movedEntries() goes by the former task, not by copies that are out of date", () => {
  const memory = new Map([
    [0, new Map([[entryOf("anna", GOES), "9"]])],
    [1, new Map([[entryOf("anna", GOES), "1"]])],
    [3, new Map([[entryOf("anna", GOES), "8"]])],
  ]);
  assert.equal(movedEntries(memory, COUNTS).get(3)!.get(entryOf("anna", GOES)), "9");
  const done = new Map([...memory, [3, new Map([[entryOf("anna", GOES), "9"]])]]);
  assert.equal(movedEntries(done, COUNTS).get(3)!.size, 1, "it is there already");
});

Deno.test("movedEntries() has every task remember what one of them has lost", () => {
  const checkpoint = {
    offsets: [7, 8],
    rewind: [7, 8],
    outcomes: { ...noOutcomes(), used: 15 },
    held: 0,
  };
  const memory = new Map([
    [0, encodeMemory({ ...checkpoint, lostUpToS: 100 }, new Map())],
    [1, encodeMemory({ ...checkpoint, lostUpToS: 200 }, new Map())],
  ]);
  for (const [partition, entries] of movedEntries(memory, COUNTS)) {
    const moved = decodeCheckpoint(entries)!;
    assert.equal(moved.lostUpToS, 200);
    assert.deepEqual(moved.offsets, partition < 2 ? [7, 8] : [0, 0]);
    assert.equal(moved.outcomes.used, partition < 2 ? 15 : 0);
  }
});
