/** The contract of `Log.runTasks`: who runs which task, and what the next owner finds. */
import assert from "node:assert/strict";
import { hasCode, WattstreamError } from "../../errors.ts";
import type { Log, TaskGroup, TaskLog } from "../../log/log.ts";
import { append, record } from "./append.ts";
import {
  aborted,
  type ContractTest,
  NOTHING,
  readCount,
  soon,
  stateOf,
  valuesOf,
  within,
} from "./world.ts";

export function taskContract(test: ContractTest): void {
  test("runTasks() runs every partition as a task", async (world) => {
    const inputs = [await world.topic("in-a", 3), await world.topic("in-b", 3)];
    const running = new Set<number>();
    const member = world.join(
      world.log,
      { group: world.name("group"), inputs },
      async (task, signal) => {
        running.add(task.partition);
        assert.deepEqual(await task.loadMemory(), new Map());
        assert.equal((await task.committedOffsets()).length, 2);
        await aborted(signal);
      },
    );
    await soon(() => assert.deepEqual([...running].sort(), [0, 1, 2]));
    await member.stop();
  });

  test("groupOwners() names the member that runs each task, where the log knows", async (world) => {
    const inputs = [await world.topic("in-a", 3), await world.topic("in-b", 3)];
    const group = world.name("group");
    const owners = () => world.log.groupOwners(group);
    const member = world.join(
      await world.open(),
      { group, inputs },
      (_, signal) => aborted(signal),
    );
    await soon(async () => {
      const all = await owners();
      if (all === undefined) return;
      assert.deepEqual([...all.keys()].sort(), [0, 1, 2]);
      assert.equal(new Set([...all.values()].map((owner) => owner.member)).size, 1);
      assert.match(all.get(0)!.host, /127\.0\.0\.1/);
    });
    await member.stop();
    await soon(async () => assert.equal((await owners())?.size ?? 0, 0));
  });

  test("runTasks() refuses inputs that are missing or differ in partitions", async (world) => {
    const inputs = [await world.topic("in-a", 2), await world.topic("in-b", 3)];
    const group = world.name("group");
    const run = () => Promise.reject(new Error("must not run"));
    await assert.rejects(
      world.join(world.log, { group, inputs }, run).done,
      (error) => hasCode(error, "topic") && error.message.includes(inputs[1]!),
    );
    await assert.rejects(
      world.join(world.log, { group, inputs: [world.name("missing")] }, run).done,
      (error) => hasCode(error, "unavailable") && error.message.includes(world.name("missing")),
    );
  });

  test("a new owner finds what the last one committed", async (world) => {
    const input = await world.topic("in");
    const group = { group: world.name("group"), inputs: [input] };
    await append(world.log, ["a", "b", "c"].map((value) => record(input, 0, value)));
    await world.runOnce(world.log, group, async (task, signal) => {
      await task.loadMemory();
      const [fetched] = await task.fetch(await task.committedOffsets(), 30_000, signal);
      const offsets = [fetched!.records[0]!.offset + 1];
      await task.commit({ ...NOTHING, memory: new Map([["a", "1"], ["b", "1"]]), offsets });
      await task.commit({ ...NOTHING, memory: new Map([["b", "2"]]), offsets });
    });
    const other = await world.open();
    await world.runOnce(other, group, async (task, signal) => {
      assert.deepEqual(await task.loadMemory(), new Map([["a", "1"], ["b", "2"]]));
      const [fetched] = await task.fetch(await task.committedOffsets(), 30_000, signal);
      assert.equal(valuesOf(fetched!.records)[0], "b");
    });
    const another = { group: world.name("another"), inputs: [input] };
    const state = await world.runOnce(other, another, stateOf);
    assert.equal(state.memory.size, 0, "groups share nothing");
    assert.deepEqual((await other.groupOffsets(another.group)).get(input), undefined);
  });

  test("runTasks() lets its tasks finish when its signal aborts", async (world) => {
    const [input, output] = [await world.topic("in", 2), await world.topic("out")];
    const group = { group: world.name("group"), inputs: [input] };
    const started = new Set<number>();
    const drained = new Set<number>();
    const member = world.join(world.log, group, async (task, signal) => {
      await task.loadMemory();
      const offsets = await task.committedOffsets();
      started.add(task.partition);
      await aborted(signal);
      await task.commit({ ...NOTHING, records: [record(output, 0, "last words")], offsets });
      drained.add(task.partition);
    });
    await soon(() => assert.equal(started.size, 2));
    await member.stop();
    assert.equal(drained.size, 2);
    await readCount(world.log, output, 2);
  });

  test("runTasks() ends with the error of a task", async (world) => {
    const input = await world.topic("in", 2);
    const group = { group: world.name("group"), inputs: [input] };
    const broken = new WattstreamError("invariant", "broken on purpose");
    const othersRunning = Promise.withResolvers<void>();
    let isOtherDrained = false;
    const member = world.join(world.log, group, async (task, signal) => {
      await task.loadMemory();
      if (task.partition === 0) {
        await othersRunning.promise;
        throw broken;
      }
      othersRunning.resolve();
      await aborted(signal);
      isOtherDrained = true;
    });
    await assert.rejects(within(member.done, "the member failed"), broken);
    assert.ok(isOtherDrained);
  });

  test("a copying task that crashes again and again copies each record once", async (world) => {
    const [input, output] = [await world.topic("in", 2), await world.topic("out", 2)];
    const group = { group: world.name("group"), inputs: [input] };
    const values = Array.from({ length: 60 }, (_, index) => `${index}`);
    await append(world.log, values.map((value, index) => record(input, index % 2, value)));
    let isCopied = false;
    for (let life = 0; !isCopied; life++) {
      assert.ok(life < 30, "it gets nowhere");
      isCopied = await copyUntilCrash(world.log, group, output, values.length / 2);
    }
    const found = valuesOf(await readCount(world.log, output, values.length));
    assert.deepEqual(found.sort(), values.toSorted());
  });
}

class Crash extends Error {}

/** Copies a few records a commit; every fifth step, write or commit, is the last of a life. */
async function copyUntilCrash(
  log: Log,
  group: TaskGroup,
  output: string,
  countPerTask: number,
): Promise<boolean> {
  const stop = new AbortController();
  let steps = 0;
  let copiedTasks = 0;
  const copy = async (task: TaskLog, signal: AbortSignal) => {
    let copied = Number((await task.loadMemory()).get("copied") ?? 0);
    let offsets = await task.committedOffsets();
    while (!signal.aborted && copied < countPerTask) {
      const [fetched] = await task.fetch(offsets, 100, signal);
      const records = fetched!.records.slice(0, 4);
      if (records.length === 0) continue;
      const copies = records.map((one) => ({ ...one, topic: output }));
      await task.write(copies.splice(0, 2));
      if (++steps % 5 === 0) throw new Crash();
      copied += records.length;
      offsets = [records.at(-1)!.offset + 1];
      await task.commit({
        records: copies,
        memory: new Map([["copied", `${copied}`]]),
        offsets,
      });
      if (++steps % 5 === 0) throw new Crash();
    }
    if (copied === countPerTask && ++copiedTasks === 2) stop.abort();
    await aborted(signal);
  };
  try {
    await within(log.runTasks(group, copy, stop.signal), "a life of the copier");
    return true;
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    return false;
  }
}
