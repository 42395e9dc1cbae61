import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { hasCode } from "../../errors.ts";
import { textOf } from "../../events.ts";
import { eventually, PATIENCE_MS } from "../../eventually.ts";
import { logContract } from "../../testing/log_contract.ts";
import type { Log, NewRecord } from "../log.ts";
import { openLog } from "../open.ts";

/** For conditions that come about in the middle of something. */
const FAST = { deadlineMs: PATIENCE_MS, intervalMs: 1 };

logContract("sqlite", async () => {
  const directory = await Deno.makeTempDir({ prefix: "wattstream-log-" });
  return {
    prefix: "",
    open: () => openLog(`sqlite:${directory}/log.db`),
    removeBefore: (topic, offset) =>
      Promise.resolve(removeBefore(`${directory}/log.db`, topic, offset)),
    close: () => Deno.remove(directory, { recursive: true }),
  };
});

/** What retention does, without its waiting. */
function removeBefore(path: string, topic: string, offset: number): void {
  const file = new DatabaseSync(path, { timeout: 5000 });
  file.prepare(
    "delete from records where topic = (select id from topics where name = ?) and offset < ?",
  ).run(topic, offset);
  file.prepare(
    "update partitions set start_offset = ? where topic = (select id from topics where name = ?)",
  ).run(offset, topic);
  file.close();
}

Deno.test("openLog() says what is wrong with a path", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/text`, "This is not a database. ".repeat(100));
    const foreign = new DatabaseSync(`${directory}/foreign.db`);
    foreign.exec("create table something (id integer)");
    foreign.close();
    const newer = new DatabaseSync(`${directory}/newer.db`);
    newer.exec("pragma application_id = 0x77617474; pragma user_version = 99");
    newer.close();
    const cases: [string, RegExp][] = [
      [`${directory}/missing/log.db`, /create the directory .*missing first/],
      [directory, /is a directory/],
      [`${directory}/text/log.db`, /text is not a directory/],
      [`${directory}/text`, /not a Wattstream log/],
      [`${directory}/foreign.db`, /not a Wattstream log/],
      [`${directory}/newer.db`, /version 99/],
      [":memory:", /Name a file/],
      ["", /Name a file/],
    ];
    for (const [path, message] of cases) {
      await assert.rejects(
        openLog(`sqlite:${path}`),
        (error) =>
          hasCode(error, "config") && message.test(error.message) &&
          error.message.includes(path),
        path,
      );
    }
    await assert.rejects(openLog("mysql://host"), (error) => hasCode(error, "config"));
  });
});

Deno.test("openLog() opens a new file many times at once", async () => {
  await inDirectory(async (directory) => {
    const logs = await Promise.all(
      Array.from({ length: 8 }, () => openLog(`sqlite:${directory}/log.db`)),
    );
    await Promise.all(logs.map((log) => log.createTopics([{ name: "power", partitions: 4 }])));
    for (const log of logs) {
      assert.equal((await log.describe())[0]!.partitions.length, 4);
      await log.close();
    }
    const names = Array.from(Deno.readDirSync(directory), (entry) => entry.name);
    assert.deepEqual(names, ["log.db"], "the last one to close leaves one file");
  });
});

Deno.test("append() gives append times that never go back, whatever the clock does", async () => {
  let nowMs = 1000;
  await withLog({ nowMs: () => nowMs }, async (log) => {
    await log.createTopics([{ name: "power", partitions: 1 }]);
    const appender = log.appender();
    for (const clockMs of [1000, 2000, 1500, 0, 3000]) {
      nowMs = clockMs;
      await appender.append([reading("x")]);
    }
    const records = await Array.fromAsync(log.read({ topic: "power" }));
    assert.deepEqual(records.map((one) => one.appendMs), [1000, 2000, 2000, 2000, 3000]);
  });
});

Deno.test("append() stamps anew where its transaction took long", async () => {
  // Every look at the clock finds that a second has passed.
  let nowMs = 0;
  await withLog({ nowMs: () => nowMs += 1000 }, async (log) => {
    await log.createTopics([{ name: "power", partitions: 1 }]);
    await log.appender().append([reading("a"), reading("b")]);
    const records = await Array.fromAsync(log.read({ topic: "power" }));
    assert.deepEqual(records.map((one) => one.appendMs), [nowMs, nowMs]);
  });
});

Deno.test("append() removes what is older than the topic keeps", async () => {
  let nowMs = 0;
  await withLog({ nowMs: () => nowMs }, async (log) => {
    await log.createTopics([
      { name: "power", partitions: 1, retentionMs: 10_000 },
      { name: "kept", partitions: 1 },
    ]);
    const appender = log.appender();
    for (nowMs = 1000; nowMs <= 20_000; nowMs += 1000) {
      await appender.append([reading(`${nowMs}`), { ...reading(`${nowMs}`), topic: "kept" }]);
    }
    const [kept, power] = await log.describe();
    assert.deepEqual(boundsOf(kept!.partitions[0]!), [0, 20]);
    // The pass of the last append (at 20 s) removed what came before 10 s: 1 s to 9 s.
    assert.deepEqual(boundsOf(power!.partitions[0]!), [9, 20]);
    assert.equal(power!.partitions[0]!.bytes, "house10000".length * 11);
    assert.equal((await Array.fromAsync(log.read({ topic: "power" })))[0]!.offset, 9);
  });
});

Deno.test("append() removes the oldest above the bytes that the topic keeps", async () => {
  let nowMs = 0;
  await withLog({ nowMs: () => nowMs }, async (log) => {
    await log.createTopics([{ name: "power", partitions: 1, retentionBytes: 1000 }]);
    for (let index = 0; index < 30; index++) {
      nowMs += 1000;
      await log.appender().append([reading("x".repeat(100))]);
    }
    const [power] = await log.describe();
    // Nine of 105 bytes fit, and the one that was appended last.
    assert.deepEqual(boundsOf(power!.partitions[0]!), [20, 30]);
  });
});

Deno.test("fetch() and read() refuse what retention has removed", async () => {
  let nowMs = 0;
  await withLog({ nowMs: () => nowMs }, async (log) => {
    await log.createTopics([{ name: "power", partitions: 1, retentionBytes: 10 }]);
    for (let index = 0; index < 5; index++) {
      nowMs += 1000;
      await log.appender().append([reading("0123456789")]);
    }
    const isRetention = (error: unknown) =>
      hasCode(error, "retention") && /offset 4/.test(error.message);
    const stop = new AbortController();
    await log.runTasks({ group: "g", inputs: ["power"] }, async (task, signal) => {
      assert.deepEqual(await task.committedOffsets(), [4]);
      await assert.rejects(task.fetch([0], 1000, signal), isRetention);
      stop.abort();
    }, stop.signal);
    await assert.rejects(Array.fromAsync(log.read({ topic: "power", from: [3] })), isRetention);
  });
});

Deno.test("runTasks() of a member that only waits ends once another has joined", async () => {
  await withLog({}, async (log) => {
    await log.createTopics([{ name: "power", partitions: 2 }]);
    const group = { group: "predictions", inputs: ["power"] };
    const waiting = new AbortController();
    const first = log.runTasks(group, async (task, signal) => {
      await task.loadMemory();
      for (;;) await task.fetch([0], 60_000, signal);
    }, waiting.signal);
    const stop = new AbortController();
    const second = log.runTasks(group, async (task, signal) => {
      await task.fetch([0], 60_000, signal);
    }, stop.signal);
    await assert.rejects(
      first,
      (error) => hasCode(error, "fenced") && /group predictions once/.test(error.message),
    );
    stop.abort();
    await second;
  });
});

Deno.test("append() from several processes keeps every record and its order", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/log.db`;
    const log = await openLog(`sqlite:${path}`);
    await log.createTopics([{ name: "power", partitions: 3 }]);
    const children = ["a", "b", "c"].map((key) => startAppending(path, key, 5000));
    const seen = new Map<string, number>();
    let count = 0;
    for await (const record of log.read({ topic: "power", follow: true })) {
      const key = textOf(record.key!)!;
      assert.equal(textOf(record.value!), `${seen.get(key) ?? 0}`);
      seen.set(key, (seen.get(key) ?? 0) + 1);
      if (++count === 15_000) break;
    }
    for (const child of children) assert.equal((await child.ended).code, 0);
    await log.close();
  });
});

Deno.test("append() loses nothing that it acknowledged before a SIGKILL", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/log.db`;
    const setUp = await openLog(`sqlite:${path}`);
    await setUp.createTopics([{ name: "power", partitions: 3 }]);
    await setUp.close();
    for (let round = 1; round <= 4; round++) {
      const key = `life-${round}`;
      const child = startAppending(path, key, Infinity);
      await eventually(() => assert.ok(child.printed() > 300 * round), FAST);
      child.kill();
      await child.ended;
      const log = await openLog(`sqlite:${path}`);
      const records = await Array.fromAsync(log.read({ topic: "power" }));
      const values = records.filter((one) => textOf(one.key!) === key)
        .map((one) => Number(textOf(one.value!)));
      assert.ok(values.length >= child.printed());
      assert.ok(values.every((value, index) => value === index), "no gap, nothing twice");
      await log.close();
    }
    const file = new DatabaseSync(path);
    assert.equal(file.prepare("pragma integrity_check").get()!.integrity_check, "ok");
    file.close();
  });
});

Deno.test("commit() is all or nothing when its process is killed", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/log.db`;
    const log = await openLog(`sqlite:${path}`);
    const partitions = [0, 1, 2];
    await log.createTopics(["power", "predictions"].map((name) => ({ name, partitions: 3 })));
    const values = Array.from({ length: 30_000 }, (_, index) => `${index}`);
    await log.appender().append(
      values.map((value, index) => ({ ...reading(value), partition: index % 3 })),
    );
    for (let round = 1; round <= 4; round++) {
      const child = startScript("copy_numbers.ts", [path]);
      await eventually(() => assert.ok(child.printed() > 5 * round), FAST);
      child.kill();
      await child.ended;
      const output = await Array.fromAsync(log.read({ topic: "predictions" }));
      const copied = partitions.map((n) => output.filter((one) => one.partition === n));
      const counts = copied.map((records) => records.length);
      assert.deepEqual((await log.groupOffsets("copy")).get("power"), counts);
      const memory = await log.groupMemory("copy");
      assert.deepEqual(partitions.map((n) => memory.get(n)!.get("copied")), counts.map(String));
      for (const [partition, records] of copied.entries()) {
        assert.ok(records.every((one, index) => textOf(one.value!) === `${3 * index + partition}`));
      }
    }
    await log.close();
  });
});

/** A process that appends 0, 1, 2 … under `key`, and prints how many the log has taken. */
function startAppending(path: string, key: string, count: number) {
  return startScript("append_numbers.ts", [path, key, `${count}`]);
}

/** A process of its own that prints ascending numbers. */
function startScript(script: string, args: readonly string[]) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(`./testdata/${script}`, import.meta.url).pathname, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let last = 0;
  const printed = (async () => {
    let rest = "";
    for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      last = Number(lines.at(-1) ?? last);
    }
  })();
  return {
    /** The last number that is known to have been printed. */
    printed: () => last,
    kill: () => process.kill("SIGKILL"),
    ended: printed.then(() => process.status),
  };
}

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "wattstream-log-" });
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function withLog(
  options: Parameters<typeof openLog>[1],
  body: (log: Log) => Promise<void>,
): Promise<void> {
  return inDirectory(async (directory) => {
    const log = await openLog(`sqlite:${directory}/log.db`, options);
    try {
      await body(log);
    } finally {
      await log.close();
    }
  });
}

function reading(value: string): NewRecord {
  return { topic: "power", key: "house", value };
}

function boundsOf(partition: { startOffset: number; endOffset: number }): [number, number] {
  return [partition.startOffset, partition.endOffset];
}
