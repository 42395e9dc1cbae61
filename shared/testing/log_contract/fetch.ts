/** The contract of `TaskLog.fetch`. */
import assert from "node:assert/strict";
import { hasCode } from "../../errors.ts";
import type { Fetched, LogRecord } from "../../log/log.ts";
import { append, record } from "./append.ts";
import { type ContractTest, soon, valuesOf } from "./world.ts";

/** Longer than anything here should take: a fetch that waits for so long has missed its wake-up. */
const LONG_MS = 45_000;
/** How far append times may lie behind the moment at which a partition was seen to its end. */
const SKEW_MS = 1000;

export function fetchContract(test: ContractTest): void {
  test("fetch() wakes up when something is appended", async (world) => {
    const input = await world.topic("woken");
    const other = await world.open();
    const group = { group: world.name("group"), inputs: [input] };
    await world.runOnce(world.log, group, async (task, signal) => {
      await task.loadMemory();
      const offsets = await task.committedOffsets();
      const startedMs = performance.now();
      const fetching = task.fetch(offsets, LONG_MS, signal);
      await append(other, [record(input, 0, "news")]);
      const [fetched] = await fetching;
      assert.deepEqual(valuesOf(fetched!.records), ["news"]);
      assert.ok(fetched!.nextOffset > fetched!.records[0]!.offset);
      assert.ok(performance.now() - startedMs < LONG_MS);
    });
  });

  test("fetch() of nothing ends after its wait, at the end", async (world) => {
    const input = await world.topic("empty");
    const group = { group: world.name("group"), inputs: [input] };
    await world.runOnce(world.log, group, async (task, signal) => {
      await task.loadMemory();
      let offsets = await task.committedOffsets();
      const startedMs = Date.now();
      await soon(async () => {
        const [fetched] = await task.fetch(offsets, 50, signal);
        assert.deepEqual(fetched!.records, []);
        assert.ok(fetched!.nextOffset >= offsets[0]!);
        offsets = [fetched!.nextOffset];
        assert.ok(fetched!.atEndMs !== undefined && fetched!.atEndMs >= startedMs - SKEW_MS);
      });
    });
  });

  test("fetch() returns at once when its signal aborts", async (world) => {
    const input = await world.topic("aborted");
    const group = { group: world.name("group"), inputs: [input] };
    await world.runOnce(world.log, group, async (task) => {
      await task.loadMemory();
      const offsets = await task.committedOffsets();
      const abort = new AbortController();
      const startedMs = performance.now();
      const fetching = task.fetch(offsets, LONG_MS, abort.signal);
      abort.abort();
      assert.deepEqual((await fetching)[0]!.records, []);
      await task.fetch(offsets, LONG_MS, abort.signal);
      assert.ok(performance.now() - startedMs < LONG_MS);
    });
  });

  test("fetch() leaves out an input without offset", async (world) => {
    const inputs = [await world.topic("left"), await world.topic("right")];
    const group = { group: world.name("group"), inputs };
    await append(world.log, [record(inputs[0]!, 0, "left"), record(inputs[1]!, 0, "right")]);
    await world.runOnce(world.log, group, async (task, signal) => {
      await task.loadMemory();
      const [left, right] = await task.committedOffsets();
      const [none, some] = await task.fetch([undefined, right], LONG_MS, signal);
      assert.equal(none, undefined);
      assert.deepEqual(valuesOf(some!.records), ["right"]);
      // What the other input holds does not end the wait. (A fetch may end early to move on over
      // records that are not for us; ten do not.)
      const startedMs = performance.now();
      let next = some!.nextOffset;
      for (let round = 0; round < 10; round++) {
        const [nothing, empty] = await task.fetch([undefined, next], 50, signal);
        assert.equal(nothing, undefined);
        assert.deepEqual(empty!.records, []);
        next = empty!.nextOffset;
      }
      assert.ok(performance.now() - startedMs > 250);
      const both = await task.fetch([left, right], LONG_MS, signal);
      const found = both.flatMap((one) => valuesOf(one!.records));
      assert.ok(found.length > 0 && found.every((value) => value === "left" || value === "right"));
    });
  });

  test("fetch() brings all records once, and knows the end", async (world) => {
    const input = await world.topic("many", 1);
    const group = { group: world.name("group"), inputs: [input] };
    const values = Array.from({ length: 6000 }, (_, index) => `${index}`);
    await append(world.log, values.map((value) => record(input, 0, value, 500)));
    const found = await world.runOnce(world.log, group, async (task, signal) => {
      await task.loadMemory();
      let offsets = await task.committedOffsets();
      const records: LogRecord[] = [];
      for (;;) {
        const [fetched] = await task.fetch(offsets, LONG_MS, signal) as [Fetched];
        assert.ok(fetched.records.every((one) => one.offset >= offsets[0]!));
        assert.ok(fetched.records.every((one) => one.offset < fetched.nextOffset));
        records.push(...fetched.records);
        offsets = [fetched.nextOffset];
        if (fetched.atEndMs !== undefined) return records;
      }
    });
    assert.deepEqual(valuesOf(found).map((value) => value!.trim()), values);
  });

  test("fetch() says what is no longer held, and goes on from startOffsets()", async (world) => {
    const inputs = [await world.topic("cut"), await world.topic("whole")];
    const group = { group: world.name("group"), inputs };
    await append(world.log, ["a", "b", "c"].map((value) => record(inputs[0]!, 0, value)));
    await append(world.log, [record(inputs[1]!, 0, "whole")]);
    await world.runOnce(world.log, group, async (task, signal) => {
      await task.loadMemory();
      const offsets = await task.committedOffsets();
      assert.deepEqual(await task.startOffsets(), offsets);
      const [fetched] = await task.fetch([offsets[0], undefined], LONG_MS, signal);
      const third = fetched!.records.at(-1)!.offset;
      await world.removeBefore(inputs[0]!, third);
      // What had been fetched ahead may still come.
      await soon(() =>
        assert.rejects(
          task.fetch(offsets, 20, signal),
          (error) => hasCode(error, "retention") && error.message.includes(inputs[0]!),
        )
      );
      assert.deepEqual(await task.startOffsets(), [third, offsets[1]]);
      const [left] = await task.fetch([third, undefined], LONG_MS, signal);
      assert.deepEqual(valuesOf(left!.records), ["c"]);
      const [, whole] = await task.fetch([undefined, offsets[1]], LONG_MS, signal);
      assert.deepEqual(valuesOf(whole!.records), ["whole"]);
    });
  });

  test("fetch() names a moment that later append times do not precede", async (world) => {
    const input = await world.topic("moment");
    const group = { group: world.name("group"), inputs: [input] };
    await world.runOnce(world.log, group, async (task, signal) => {
      await task.loadMemory();
      let offset = (await task.committedOffsets())[0]!;
      let atEndMs = -Infinity;
      for (let round = 0; round < 20; round++) {
        await append(world.log, [record(input, 0, `${round}`)]);
        const appendedMs = Date.now();
        // Goes on until the end was seen after the append, so that moments keep up with the clock.
        await soon(async () => {
          const [fetched] = await task.fetch([offset], 20, signal) as [Fetched];
          for (const one of fetched.records) assert.ok(one.appendMs >= atEndMs - SKEW_MS);
          offset = fetched.nextOffset;
          atEndMs = Math.max(atEndMs, fetched.atEndMs ?? -Infinity);
          assert.ok(atEndMs >= appendedMs - SKEW_MS);
        });
      }
    });
  });
}
