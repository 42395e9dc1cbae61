/** Growing a log on SQLite: killed at every call that changes something, and what it refuses. */
import assert from "node:assert/strict";
import type { Log, NewRecord } from "../../../shared/log/log.ts";
import { openLog } from "../../../shared/log/open.ts";
import { partitionOf } from "../../../shared/log/partition.ts";
import { DEFAULT_SEMANTICS } from "../../../shared/oracle/semantics.ts";
import { decodePartitionCount } from "../../../shared/stream/task_memory.ts";
import {
  checkTopics,
  DATASET_TOPIC,
  DEAD_LETTER_TOPIC,
  DEVICE_STATE_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_TOPIC,
  wattstreamTopics,
} from "../../../shared/topics.ts";
import { grow } from "./grow.ts";
import {
  append,
  assertRight,
  CORES,
  Killed,
  killedAt,
  runWorkers,
  seconds,
  ticks,
} from "./testing/world.ts";

const [FORMER, PARTITIONS] = [2, 5];
const START_S = 1_700_000_000;
const ALL_TOPICS = {
  inputs: [DEVICE_STATE_TOPIC, POWER_TOPIC],
  outputs: [PREDICTIONS_TOPIC, DATASET_TOPIC, DEAD_LETTER_TOPIC],
};

/** A log, the clock that stamps it, and a way to grow it. */
interface Stage {
  readonly log: Log;
  readonly nowMs: () => number;
  readonly grow: (log: Log, partitions?: number) => Promise<string[]>;
  /** The clock stands at this second, and runs on from there. */
  readonly at: (second: number) => void;
}

async function onStage(body: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  let clockMs = START_S * 1000;
  const nowMs = () => clockMs += 50;
  const log = await openLog(`sqlite:${folder}/log.db`, { nowMs });
  try {
    await log.createTopics(wattstreamTopics(FORMER));
    await body({
      log,
      nowMs,
      at: (second) => clockMs = Math.max(clockMs, second * 1000),
      grow: async (on, partitions = PARTITIONS) => {
        const lines: string[] = [];
        const report = (line: string) => void lines.push(line);
        const settings = { ...DEFAULT_SEMANTICS, lostRecords: "stop" as const };
        await grow({ log: on, partitions, cores: CORES, settings, nowMs, report });
        return lines;
      },
    });
  } finally {
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** The households' life before: windows and sessions stay open, some of it is not processed yet. */
async function before({ log, nowMs, at }: Stage): Promise<void> {
  for (const [index, second] of seconds(START_S, START_S + 50).entries()) {
    at(START_S + index);
    await append(log, [second]);
  }
  await runWorkers(log, FORMER, nowMs);
  for (const [index, second] of seconds(START_S + 50, START_S + 60).entries()) {
    at(START_S + 50 + index);
    await append(log, [second]);
  }
}

/** Their life after: some repeat what was closed before, then go on. */
async function after({ log, nowMs, at }: Stage, partitions: number): Promise<void> {
  at(START_S + 100);
  await append(log, seconds(START_S + 40, START_S + 48));
  for (const [index, second] of seconds(START_S + 100, START_S + 150).entries()) {
    at(START_S + 100 + index);
    await append(log, [second]);
  }
  at(START_S + 160);
  await append(log, [ticks(partitions)]);
  await runWorkers(log, partitions, nowMs);
}

Deno.test("grow() moves the names of devices with their households, the newest of each", async () => {
  await onStage(async ({ log, grow }) => {
    const nameOf = (user: string, home: number, name: string): NewRecord => ({
      topic: "household",
      key: `${user}/home-${home}`,
      partitionKey: `home-${home}`,
      value: JSON.stringify({ client_id: `home-${home}`, username: user, devices: [{ name }] }),
    });
    const homes = Array.from({ length: 12 }, (_, home) => home);
    for (const name of ["old", "new"]) {
      await append(log, [
        homes.flatMap((home) => [nameOf("a", home, name), nameOf("b", home, name)]),
      ]);
    }
    for (const partitions of [PARTITIONS, 7]) {
      await grow(log, partitions);
      const newest = new Map<string, string>();
      for await (const { key, value, partition } of log.read({ topic: "household" })) {
        const text = value === null ? "null" : new TextDecoder().decode(value);
        newest.set(`${partition} ${new TextDecoder().decode(key!)}`, text);
      }
      const found = [...newest].filter(([, text]) => text !== "null");
      const expected = homes.flatMap((home) =>
        ["a", "b"].map((user) => {
          const { key, value } = nameOf(user, home, "new");
          return [`${partitionOf(`home-${home}`, partitions)} ${key}`, value];
        })
      );
      assert.deepEqual(found.sort(), expected.sort());
    }
  });
});

Deno.test("grow() leaves windows and datasets as the oracle has them", async () => {
  await onStage(async (stage) => {
    await before(stage);
    const lines = await stage.grow(stage.log);
    assert.match(lines.at(-1)!, /start the workers, then the bridges/);
    await after(stage, PARTITIONS);
    await assertRight(stage.log);
    assert.deepEqual(await stage.grow(stage.log), ["every topic has 5 partitions already"]);
    // And once more: households move again.
    await stage.grow(stage.log, 7);
    await append(stage.log, [...seconds(START_S + 170, START_S + 210), ticks(7)]);
    await runWorkers(stage.log, 7, stage.nowMs);
    await assertRight(stage.log);
  });
});

for (const when of ["before", "after"] as const) {
  Deno.test(`grow() killed ${when} any of its changes goes on when it is run again`, async () => {
    for (let count = 1;; count++) {
      let isKilled = false;
      await onStage(async (stage) => {
        await before(stage);
        try {
          await stage.grow(killedAt(stage.log, count, when));
        } catch (error) {
          assert.ok(error instanceof Killed, `change ${count}: ${Deno.inspect(error)}`);
          isKilled = true;
        }
        await assertNobodyStartsAmiss(stage.log, `change ${count}`);
        await stage.grow(stage.log);
        await after(stage, PARTITIONS);
        await assertRight(stage.log);
      });
      if (!isKilled) {
        assert.ok(count > 10, `only ${count - 1} changes`);
        return;
      }
    }
  });
}

/** Where the topics let a worker start, the memories are of as many partitions as there are. */
async function assertNobodyStartsAmiss(log: Log, title: string): Promise<void> {
  const count = await checkTopics(log, {
    inputs: ALL_TOPICS.inputs,
    outputs: [DEAD_LETTER_TOPIC],
  }).catch(() => undefined);
  if (count === undefined) return;
  for (const { name } of CORES) {
    for (const [partition, entries] of await log.groupMemory(name)) {
      assert.equal(decodePartitionCount(entries), count, `${title}: ${name}-${partition}`);
    }
  }
}

Deno.test("grow() refuses fewer partitions, and topics that are not there", async () => {
  await onStage(async ({ log, grow }) => {
    await assert.rejects(grow(log, 1), { code: "topic", message: /--partitions 2 or more/ });
  });
  const folder = await Deno.makeTempDir();
  const log = await openLog(`sqlite:${folder}/log.db`);
  try {
    const settings = { ...DEFAULT_SEMANTICS, lostRecords: "stop" as const };
    await assert.rejects(
      grow({ log, partitions: 5, cores: CORES, settings, nowMs: Date.now, report: () => {} }),
      { code: "topic", message: /Create the topics first, missing: device-state, power/ },
    );
  } finally {
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
});
