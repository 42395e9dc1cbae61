/**
 * A write that was cut at any byte. What a kill leaves is a write-ahead file that ends anywhere: the log
 * opens, holds whole transactions in order up to there, and goes on. A log file that ends early itself
 * is told. CI cuts at some hundred bytes; `WATTSTREAM_CUT_STEP=1` cuts at every one.
 */
import assert from "node:assert/strict";
import { copyFileSync, statSync, truncateSync } from "node:fs";
import { hasCode } from "../../errors.ts";
import { openLog } from "../open.ts";
import { checkAtStart, checkSqliteFile } from "./salvage.ts";

/** No multiple of anything in the file, so that cuts fall everywhere. */
const STEP = Number(Deno.env.get("WATTSTREAM_CUT_STEP") ?? 997);
const APPENDS = 12;
const RECORDS = 3;

/** A log that was written to until a moment ago, as a kill leaves it, and room for copies. */
async function withKilledLog(run: (path: string, copy: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/log.db`;
    const log = await openLog(`sqlite:${path}`);
    await log.createTopics([{ name: "power", partitions: 1 }]);
    for (let turn = 0; turn < APPENDS; turn++) await append(log, turn);
    const killed = `${folder}/killed.db`;
    for (const end of ["", "-wal"]) copyFileSync(`${path}${end}`, `${killed}${end}`);
    await log.close();
    await run(killed, `${folder}/copy.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function append(log: Awaited<ReturnType<typeof openLog>>, turn: number): Promise<void> {
  const appender = log.appender();
  await appender.append(
    Array.from({ length: RECORDS }, () => ({ topic: "power", key: "home", value: `${turn}` })),
  );
  await appender.close();
}

/** The value of each record, in order, after one append more; none where there is no topic yet. */
async function valuesAfterOneMore(path: string): Promise<string[]> {
  const log = await openLog(`sqlite:${path}`);
  try {
    await log.createTopics([{ name: "power", partitions: 1 }]);
    await append(log, APPENDS);
    const records = await Array.fromAsync(log.read({ topic: "power" }));
    assert.deepEqual(records.map(({ offset }) => offset), [...records.keys()]);
    return records.map(({ value }) => new TextDecoder().decode(value!));
  } finally {
    await log.close();
  }
}

/** What so many whole appends and then the last one leave. */
function valuesOf(appends: number): string[] {
  return [...Array(appends).keys(), APPENDS].flatMap((turn) => Array(RECORDS).fill(`${turn}`));
}

Deno.test("a log whose write-ahead file ends anywhere opens with whole transactions, and goes on", () =>
  withKilledLog(async (path, copy) => {
    const size = statSync(`${path}-wal`).size;
    let appends = 0;
    for (let length = 0; length < size + STEP; length += STEP) {
      copyFileSync(path, copy);
      copyFileSync(`${path}-wal`, `${copy}-wal`);
      truncateSync(`${copy}-wal`, Math.min(length, size));
      const values = await valuesAfterOneMore(copy);
      const found = values.length / RECORDS - 1;
      assert.deepEqual(values, valuesOf(found), `${length} bytes`);
      assert.ok(found >= appends, `${length} bytes have ${found}, fewer than less`);
      appends = found;
      assert.deepEqual(checkSqliteFile(copy), [], `${length} bytes`);
    }
    assert.equal(appends, APPENDS);
  }));

Deno.test("a log file that ends anywhere is told to be damaged, or lacks nothing", () =>
  withKilledLog(async (path, copy) => {
    // Without its write-ahead file: all that it held goes into it here.
    const whole = await valuesAfterOneMore(path);
    const size = statSync(path).size;
    let told = 0;
    for (let length = 1; length < size; length += STEP) {
      copyFileSync(path, copy);
      truncateSync(copy, length);
      try {
        checkAtStart(copy);
      } catch (error) {
        assert.ok(hasCode(error, "invariant"), `${length} bytes: ${error}`);
        assert.match(error.message, /topics salvage/);
        told++;
        continue;
      }
      // The last page can be one of an empty table: nothing but zeros is gone.
      const more = valuesOf(APPENDS).slice(-RECORDS);
      assert.deepEqual(await valuesAfterOneMore(copy), [...whole, ...more], `${length} bytes`);
    }
    assert.ok(told > size / STEP / 2, `${told} are told`);
  }));
