/** The contract of `Log.read`. */
import assert from "node:assert/strict";
import { hasCode } from "../../errors.ts";
import type { Log, LogRecord, ReadOptions } from "../../log/log.ts";
import { append, record } from "./append.ts";
import { type ContractTest, readAll, readCount, soon, text, valuesOf, within } from "./world.ts";

export function readContract(test: ContractTest): void {
  test("read() ends by itself, with all that was there", async ({ log, topic }) => {
    const from = await topic("read", 3);
    assert.deepEqual(await readAll(log, from), []);
    const values = Array.from({ length: 1000 }, (_, index) => `${index}`);
    await append(log, values.map((value, index) => record(from, index % 3, value)));
    const found = await readCount(log, from, values.length);
    assert.deepEqual(
      found.map((one) => Number(text(one.value))).sort((a, b) => a - b).map(String),
      values,
    );
    for (const records of Map.groupBy(found, (one) => one.partition).values()) {
      assertAscending(records);
    }
    assert.deepEqual(await readAll(log, from, "end"), []);
  });

  test("read() starts at the offsets asked for", async ({ log, topic }) => {
    const from = await topic("offsets", 2);
    await append(
      log,
      ["a", "b", "c"].flatMap((value) => [0, 1].map((n) => record(from, n, value))),
    );
    const all = await readCount(log, from, 6);
    const [first, second] = [0, 1].map((n) => all.filter((one) => one.partition === n));
    const found = await readAll(log, from, [first![1]!.offset, second![2]!.offset + 1]);
    assert.deepEqual(found.map((one) => [one.partition, text(one.value)]), [[0, "b"], [0, "c"]]);
  });

  test("read() leaves out the partitions that were not asked for", async ({ log, topic }) => {
    const from = await topic("some", 3);
    await append(log, [0, 1, 2].map((n) => record(from, n, `old ${n}`)));
    await readCount(log, from, 3);
    const partitions = [2];
    const found: string[] = [];
    for await (const one of log.read({ topic: from, partitions })) found.push(text(one.value)!);
    assert.deepEqual(found, ["old 2"]);
    const reading = follow(log, { topic: from, partitions });
    await append(log, [0, 1, 2].map((n) => record(from, n, `new ${n}`)));
    await soon(() => assert.deepEqual(valuesOf(reading.records), ["old 2", "new 2"]));
    await reading.stop();
  });

  test("read() follows until its signal aborts", async ({ log, open, topic }) => {
    const from = await topic("followed", 2);
    await append(log, [record(from, 0, "before")]);
    const reading = follow(log, { topic: from });
    await soon(() => assert.deepEqual(valuesOf(reading.records), ["before"]));
    const other = await open();
    await append(other, [record(from, 1, "after")]);
    await soon(() => assert.deepEqual(valuesOf(reading.records), ["before", "after"]));
    await reading.stop();
  });

  test("read() from the end sees only what is new", async ({ log, topic }) => {
    const from = await topic("tail");
    await append(log, [record(from, 0, "old")]);
    await readCount(log, from, 1);
    const reading = follow(log, { topic: from, from: "end" });
    // When exactly the read has found the end cannot be seen from here: new ones until one comes.
    await soon(async () => {
      await append(log, [record(from, 0, "new")]);
      assert.ok(reading.records.length > 0);
    });
    await reading.stop();
    assert.ok(valuesOf(reading.records).every((value) => value === "new"));
  });

  test("read() refuses a topic that does not exist", async ({ log, name }) => {
    await assert.rejects(readAll(log, name("missing")), (error) => hasCode(error, "unavailable"));
  });
}

function assertAscending(records: readonly LogRecord[]): void {
  const offsets = records.map((one) => one.offset);
  assert.deepEqual(offsets, [...new Set(offsets)].sort((left, right) => left - right));
}

/** A read in the background: what it has yielded so far, and how to end it. */
function follow(log: Log, options: ReadOptions) {
  const abort = new AbortController();
  const records: LogRecord[] = [];
  const done = (async () => {
    for await (const one of log.read({ ...options, follow: true, signal: abort.signal })) {
      records.push(one);
    }
  })();
  return {
    records,
    stop: () => {
      abort.abort();
      return within(done, "the read has ended");
    },
  };
}
