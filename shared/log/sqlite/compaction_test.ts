/** Of a compacted topic the newest record of each key stays, and what somebody still needs. */
import assert from "node:assert/strict";
import type { Log } from "../log.ts";
import { openLog } from "../open.ts";

/** A pass looks at a partition a second. */
const STEP_MS = 1000;
const PARTITIONS = 2;

interface Stage {
  readonly log: Log;
  /** Appends a record of each key, and lets enough time pass for every partition's turn. */
  readonly append: (keys: readonly string[], value: string | null) => Promise<void>;
  /** Key and value of each record that is there, by offset. */
  readonly left: (topic?: string) => Promise<string[]>;
}

async function onStage(body: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  let nowMs = 1_000_000;
  const log = await openLog(`sqlite:${folder}/log.db`, { nowMs: () => nowMs });
  await log.createTopics([
    { name: "models", partitions: PARTITIONS, compacted: true },
    { name: "kept", partitions: PARTITIONS },
  ]);
  const appender = log.appender();
  const place = { partition: 0, headers: {} };
  try {
    await body({
      log,
      append: async (keys, value) => {
        await appender.append(
          keys.flatMap((key) =>
            ["models", "kept"].map((topic) => ({ topic, ...place, key, value }))
          ),
        );
        for (let pass = 0; pass < PARTITIONS; pass++) {
          nowMs += STEP_MS;
          await appender.append([{ topic: "kept", partition: 1, key: null, value: "later" }]);
        }
      },
      left: async (topic = "models") => {
        const found: string[] = [];
        for await (const { key, value, offset } of log.read({ topic, partitions: [0] })) {
          const [name, text] = [key, value].map((each) => each && new TextDecoder().decode(each));
          found.push(`${offset} ${name} ${text}`);
        }
        return found;
      },
    });
  } finally {
    await appender.close();
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("compaction leaves the newest record of each key where it is, and other topics alone", () =>
  onStage(async ({ log, append, left }) => {
    for (const value of ["1", "2", "3"]) await append(["a", "b"], value);
    await append(["a"], null);
    assert.deepEqual(await left(), ["5 b 3", "6 a null"]);
    assert.equal((await left("kept")).length, 7);
    const [topic] = await log.describe(["models"]);
    assert.equal(topic!.partitions[0]!.bytes, 3, "two keys and a value");
    await append(["c"], "4");
    assert.deepEqual(await left(), ["5 b 3", "6 a null", "7 c 4"]);
  }));

Deno.test("compaction takes nothing that a group has not processed", () =>
  onStage(async ({ log, append, left }) => {
    const commit = async (next: number) => {
      const stop = new AbortController();
      await log.runTasks({ group: "publisher", inputs: ["models"] }, async (task) => {
        if (task.partition !== 0) return;
        const memory = new Map([["task", JSON.stringify({ rewind: [next] })]]);
        await task.commit({ records: [], memory, offsets: [next] });
        stop.abort();
      }, stop.signal);
    };
    await commit(0);
    for (const value of ["1", "2", "3"]) await append(["a"], value);
    assert.deepEqual(await left(), ["0 a 1", "1 a 2", "2 a 3"]);
    await commit(1);
    await append(["b"], "4");
    assert.deepEqual(await left(), ["1 a 2", "2 a 3", "3 b 4"]);
    await commit(4);
    await append([], null);
    assert.deepEqual(await left(), ["2 a 3", "3 b 4"]);
  }));
