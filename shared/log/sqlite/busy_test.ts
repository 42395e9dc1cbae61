/** A SQLite log while other processes hold the lock of its file. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { hasCode } from "../../errors.ts";
import type { NewRecord } from "../log.ts";
import { openLog } from "../open.ts";

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "wattstream-log-" });
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function reading(value: string): NewRecord {
  return { topic: "power", key: "house", value };
}

Deno.test("append() fails as unavailable while another process keeps the file locked", async () => {
  await inDirectory(async (directory) => {
    const log = await openLog(`sqlite:${directory}/log.db`);
    await log.createTopics([{ name: "power", partitions: 1 }]);
    const other = new DatabaseSync(`${directory}/log.db`);
    other.exec("begin immediate");
    await assert.rejects(
      log.appender().append([reading("x")]),
      (error) => hasCode(error, "unavailable") && error.message.includes(`${directory}/log.db`),
    );
    other.exec("rollback");
    other.close();
    await log.appender().append([reading("x")]);
    await log.close();
  });
});

Deno.test("append() waits its turn as long as others get something done", async () => {
  await inDirectory(async (directory) => {
    const log = await openLog(`sqlite:${directory}/log.db`);
    await log.createTopics([{ name: "power", partitions: 1 }]);
    const other = new DatabaseSync(`${directory}/log.db`);
    other.exec("create table others (value integer)");
    other.exec("begin immediate");
    let isDone = false;
    const appending = log.appender().append([reading("x")]).finally(() => isDone = true);
    // Each lets go of the lock and takes it again before anyone else has a turn.
    for (let turn = 0; turn < 12; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 600));
      other.exec("insert into others values (1); commit; begin immediate");
    }
    assert.equal(isDone, false);
    other.exec("rollback");
    other.close();
    await appending;
    await log.close();
  });
});
