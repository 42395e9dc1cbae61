/**
 * A write that was cut at any byte. What a kill leaves is a write-ahead file that ends anywhere: the log
 * opens, and holds whole transactions in order up to there. A log file that ends early itself is told.
 * Both are cut at every byte; a longer log, with the making of its tables, at some hundred, after each
 * of which it goes on.
 */
import assert from "node:assert/strict";
import { copyFileSync, statSync, truncateSync } from "node:fs";
import { hasCode } from "../../errors.ts";
import { openLog } from "../open.ts";
import { DatabaseSync } from "node:sqlite";
import { checkAtStart, checkSqliteFile } from "./salvage.ts";

/** No multiple of anything in the file, so that cuts fall everywhere. */
const STEP = 997;
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

/** The value of each record, in order, of a file that is left as it is. */
function valuesIn(path: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = db.prepare("select value from records order by offset").all();
    return rows.map(({ value }) => new TextDecoder().decode(value as Uint8Array));
  } finally {
    db.close();
  }
}

/** A log of one append, and a second one in its write-ahead file, as a kill leaves it. */
async function withSmallLog(run: (path: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/log.db`;
    const first = await openLog(`sqlite:${path}`);
    await first.createTopics([{ name: "power", partitions: 1 }]);
    await append(first, 0);
    await first.close();
    const second = await openLog(`sqlite:${path}`);
    await append(second, 1);
    const killed = `${folder}/killed.db`;
    for (const end of ["", "-wal"]) copyFileSync(`${path}${end}`, `${killed}${end}`);
    await second.close();
    run(killed);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a log whose write-ahead file ends at any byte holds whole transactions", () =>
  withSmallLog((path) => {
    const turns = [0, 1].map((turn) => Array<string>(RECORDS).fill(`${turn}`));
    const size = statSync(`${path}-wal`).size;
    assert.deepEqual(valuesIn(path), turns.flat());
    let held = 2;
    for (let length = size - 1; length >= 0; length--) {
      truncateSync(`${path}-wal`, length);
      const values = valuesIn(path);
      const appends = values.length / RECORDS;
      assert.ok(appends <= held, `${length} bytes have ${appends}, more than more`);
      assert.deepEqual(values, turns.slice(0, appends).flat(), `${length} bytes`);
      held = appends;
    }
    assert.equal(held, 1);
  }));

Deno.test("a log file that ends at any byte is told to be damaged, or lacks nothing", () =>
  withSmallLog((path) => {
    Deno.removeSync(`${path}-wal`);
    const whole = valuesIn(path);
    assert.deepEqual(whole, Array(RECORDS).fill("0"));
    const size = statSync(path).size;
    let told = 0;
    for (let length = size - 1; length > 0; length--) {
      truncateSync(path, length);
      try {
        checkAtStart(path);
      } catch (error) {
        assert.ok(hasCode(error, "invariant"), `${length} bytes: ${error}`);
        assert.match(error.message, /topics salvage/);
        told++;
        continue;
      }
      assert.deepEqual(valuesIn(path), whole, `${length} bytes`);
    }
    assert.ok(told > size / 2, `${told} are told`);
  }));

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

Deno.test("a log file that ends anywhere and is not told to be damaged goes on", () =>
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
