/** The contract of `TaskLog.write` and `TaskLog.commit`: what transactions leave in the log, and what not. */
import assert from "node:assert/strict";
import { ByteRange } from "../../bytes/byte_range.ts";
import { hasCode, WattstreamError } from "../../errors.ts";
import type { TaskCommit } from "../../log/log.ts";
import { append, record } from "./append.ts";
import {
  aborted,
  type ContractTest,
  NOTHING,
  readAll,
  readCount,
  soon,
  stateOf,
  text,
  valuesOf,
  within,
} from "./world.ts";

/** Bytes of a record that no adapter keeps to itself until the commit. */
const LARGE_BYTES = 200_000;

export function transactionContract(test: ContractTest): void {
  test("commit() writes records, memory and offsets", async (world) => {
    const [input, output] = [await world.topic("in"), await world.topic("out", 3)];
    const group = { group: world.name("group"), inputs: [input] };
    const other = await world.open();
    assert.deepEqual(await other.groupOffsets(group.group), new Map());
    assert.deepEqual(await other.groupMemory(group.group), new Map());
    await append(world.log, ["a", "b"].map((value) => record(input, 0, value)));
    const next = await world.runOnce(world.log, group, async (task, signal) => {
      await task.loadMemory();
      const offsets = await task.committedOffsets();
      const [fetched] = await task.fetch(offsets, 30_000, signal);
      await task.commit({
        records: ["x", "y", "z"].map((value) => ({ topic: output, key: "abc", value })),
        memory: new Map([["house", "15"], ["häuser", '{"a":1}']]),
        offsets: [fetched!.nextOffset],
      });
      return fetched!.nextOffset;
    });
    const written = await readCount(other, output, 3);
    assert.deepEqual(valuesOf(written), ["x", "y", "z"]);
    assert.equal(new Set(written.map((one) => one.partition)).size, 1);
    await soon(async () => {
      assert.deepEqual((await other.groupOffsets(group.group)).get(input), [next]);
      assert.deepEqual(
        await other.groupMemory(group.group),
        new Map([[0, new Map([["house", "15"], ["häuser", '{"a":1}']])]]),
      );
    });
  });

  test("write() and commit() leave the bytes to the caller once they have resolved", async (world) => {
    const [input, output] = [await world.topic("in"), await world.topic("out")];
    const group = { group: world.name("group"), inputs: [input] };
    await world.runOnce(world.log, group, async (task) => {
      await task.loadMemory();
      const offsets = await task.committedOffsets();
      const bytes = new Uint8Array(LARGE_BYTES);
      const [key, value] = [new ByteRange(), new ByteRange()];
      const records = [{ topic: output, key, value }];
      const fill = (number: number, size: number) => {
        bytes.set(new TextEncoder().encode(`key-${number}value-${number}`.padEnd(size)));
        key.set(bytes, 0, 5);
        value.set(bytes, 5, Math.max(12, size));
      };
      fill(1, 0);
      await task.write(records);
      fill(2, LARGE_BYTES);
      await task.write(records);
      fill(3, 0);
      await task.commit({ records, memory: new Map(), offsets });
      bytes.fill(0);
    });
    const written = await readCount(world.log, output, 3);
    assert.deepEqual(written.map(({ key }) => text(key)), ["key-1", "key-2", "key-3"]);
    const values = written.map(({ value }) => text(value)!.trim());
    assert.deepEqual(values, ["value-1", "value-2", "value-3"]);
  });

  test("commit() writes nothing where it fails", async (world) => {
    const [input, output] = [await world.topic("in"), await world.topic("out")];
    const group = { group: world.name("group"), inputs: [input] };
    await world.runOnce(world.log, group, async (task) => {
      await task.loadMemory();
      const [offset] = await task.committedOffsets();
      await task.commit(commitOf({ [output]: "good" }, "good", offset!));
    });
    const failing = world.join(world.log, group, async (task) => {
      await task.loadMemory();
      const topics = { [output]: "bad", [world.name("missing")]: "bad" };
      await task.commit(commitOf(topics, "bad", 7));
    });
    await assert.rejects(
      within(failing.done, "the commit failed"),
      (error) => hasCode(error, "unavailable"),
    );
    const state = await world.runOnce(world.log, group, stateOf);
    assert.equal(state.memory.get("by"), "good");
    assert.notEqual(state.offsets[0], 7);
    assert.deepEqual(valuesOf(await readCount(world.log, output, 1)), ["good"]);
  });

  test("commit() of several megabytes is one commit", async (world) => {
    const [input, output] = [await world.topic("in"), await world.topic("out", 3)];
    const group = { group: world.name("group"), inputs: [input] };
    await world.runOnce(world.log, group, async (task) => {
      await task.loadMemory();
      const offsets = await task.committedOffsets();
      const records = Array.from(
        { length: 4000 },
        (_, index) => record(output, index % 3, `${index}`, index === 0 ? 600_000 : 1000),
      );
      await task.commit({ records, memory: new Map(), offsets });
    });
    const found = await readCount(world.log, output, 4000);
    for (const [partition, records] of Map.groupBy(found, (one) => one.partition)) {
      const numbers = records.map((one) => Number(text(one.value)));
      assert.ok(numbers.every((value, index) => value === 3 * index + partition));
    }
  });

  test("commit() lets timers have their turn", async (world) => {
    const group = { group: world.name("group"), inputs: [await world.topic("in")] };
    await world.runOnce(world.log, group, async (task) => {
      await task.loadMemory();
      const offsets = await task.committedOffsets();
      let hadTurn = false;
      setTimeout(() => hadTurn = true, 0);
      for (let count = 0; !hadTurn; count++) {
        assert.ok(count < 20_000, "commits keep all else from running");
        await task.commit({ ...NOTHING, offsets });
      }
    });
  });

  test("write() shows nothing before its commit, and then all in order", async (world) => {
    const [input, output] = [await world.topic("in"), await world.topic("out", 2)];
    const group = { group: world.name("group"), inputs: [input] };
    const other = await world.open();
    const values = Array.from({ length: 40 }, (_, index) => `${index}`);
    await world.runOnce(world.log, group, async (task) => {
      await task.loadMemory();
      const offsets = await task.committedOffsets();
      for (const turn of [0, 1]) {
        for (const value of values.slice(20 * turn, 20 * turn + 19)) {
          const size = Number(value) % 7 === 0 ? LARGE_BYTES : 0;
          await task.write([record(output, Number(value) % 2, value, size)]);
        }
        await task.write([]);
        assert.equal((await readAll(other, output)).length, 20 * turn);
        const last = [record(output, 1, values[20 * turn + 19]!)];
        await task.commit({ ...NOTHING, records: last, offsets });
        await readCount(other, output, 20 * turn + 20);
      }
    });
    const found = await readCount(other, output, values.length);
    for (const [partition, records] of Map.groupBy(found, (one) => one.partition)) {
      assert.deepEqual(
        valuesOf(records).map(Number),
        values.map(Number).filter((value) => value % 2 === partition),
      );
    }
  });

  test("write() of an owner that does not come to its commit leaves nothing", async (world) => {
    const [input, output] = [await world.topic("in"), await world.topic("out")];
    const group = { group: world.name("group"), inputs: [input] };
    const broken = new WattstreamError("invariant", "broken on purpose");
    const failing = world.join(world.log, group, async (task) => {
      await task.loadMemory();
      await task.write([record(output, 0, "lost", LARGE_BYTES)]);
      await task.write([record(output, 0, "lost too")]);
      throw broken;
    });
    await assert.rejects(within(failing.done, "the task failed"), broken);
    await world.runOnce(world.log, group, async (task) => {
      await task.loadMemory();
      const offsets = await task.committedOffsets();
      await task.commit({ ...NOTHING, records: [record(output, 0, "kept")], offsets });
    });
    assert.deepEqual(valuesOf(await readCount(world.log, output, 1)), ["kept"]);
  });

  // A member that lost a task may not notice, and go on. How long it is waited for must be bounded.
  test("commit() of a former owner is fenced and writes nothing", async (world) => {
    const [input, output] = [await world.topic("in", 2), await world.topic("out")];
    const group = { group: world.name("group"), inputs: [input] };
    const release = Promise.withResolvers<void>();
    const held = new Set<number>();
    const outcomes = new Map<number, unknown>();
    const zombie = world.join(world.log, group, async (task) => {
      await task.loadMemory();
      const [offset] = await task.committedOffsets();
      await task.write([record(output, 0, `zombie ${task.partition}`, LARGE_BYTES)]);
      held.add(task.partition);
      await release.promise;
      const commit = commitOf({ [output]: `zombie ${task.partition}` }, "zombie", offset!);
      const outcome = await task.commit(commit).catch((error: unknown) => error);
      outcomes.set(task.partition, outcome);
      if (outcome !== undefined) throw outcome;
    });
    await soon(() => assert.equal(held.size, 2));
    const taken = new Set<number>();
    const owner = world.join(await world.open(), group, async (task, signal) => {
      await task.loadMemory();
      const [offset] = await task.committedOffsets();
      await task.commit(commitOf({}, "owner", offset!));
      taken.add(task.partition);
      await aborted(signal);
    });
    await soon(() => assert.ok(taken.size > 0));
    const [partition] = taken;
    release.resolve();
    await soon(() => assert.equal(outcomes.size, 2));
    assert.ok(hasCode(outcomes.get(partition!), "fenced"), `it is ${outcomes.get(partition!)}`);
    const memory = (await world.log.groupMemory(group.group)).get(partition!);
    assert.equal(memory!.get("by"), "owner");
    // What a task wrote and committed that was left to it.
    const kept = [...outcomes.keys()].filter((other) => outcomes.get(other) === undefined);
    const expected = kept.flatMap((other) => [`zombie ${other}`, `zombie ${other}`]);
    const found = await readCount(world.log, output, expected.length);
    assert.deepEqual(found.map(({ value }) => text(value)!.trim()), expected);
    await owner.stop();
    // A group of one member has nothing left to do then, and says so.
    await zombie.stop().catch((error: unknown) => assert.ok(hasCode(error, "fenced")));
  });
}

function commitOf(values: Record<string, string>, by: string, offset: number): TaskCommit {
  return {
    records: Object.entries(values).map(([topic, value]) => record(topic, 0, value)),
    memory: new Map([["by", by]]),
    offsets: [offset],
  };
}
