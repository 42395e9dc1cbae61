/** Damaged files are told from whole ones, and what can be read of them is copied. */
import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { seededRandom } from "../../testing/seeded_random.ts";
import { openLog } from "../open.ts";
import { checkAtStart, checkSqliteFile, salvageSqliteFile } from "./salvage.ts";

const RECORDS = 3000;
const PAGE = 4096;

/** A folder with a log of two topics, closed. */
async function withFile(run: (path: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/log.db`;
    const log = await openLog(`sqlite:${path}`);
    await log.createTopics(["power", "other"].map((name) => ({ name, partitions: 2 })));
    const appender = log.appender();
    const record = (topic: string, index: number) => ({
      topic,
      key: `home-${index % 7}`,
      value: `${index} ${"x".repeat(200)}`,
    });
    for (let start = 0; start < RECORDS; start += 500) {
      const indexes = Array.from({ length: 500 }, (_, index) => start + index);
      await appender.append(indexes.flatMap((at) => [record("power", at), record("other", at)]));
    }
    await log.setMemory("training", 0, new Map([["task", "remembered"]]));
    await log.close();
    await run(path, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function recordsOf(path: string): Promise<Map<string, string>> {
  const log = await openLog(`sqlite:${path}`);
  const records = new Map<string, string>();
  for (const { name } of await log.describe()) {
    for await (const { partition, offset, value } of log.read({ topic: name })) {
      records.set(`${name} ${partition} ${offset}`, new TextDecoder().decode(value!));
    }
  }
  await log.close();
  return records;
}

Deno.test("salvageSqliteFile() copies a whole file to the last record and memory", () =>
  withFile(async (path, folder) => {
    assert.deepEqual(checkSqliteFile(path), []);
    checkAtStart(path);
    const { partitions, incomplete } = await salvageSqliteFile(path, `${folder}/new.db`);
    assert.deepEqual(incomplete, []);
    assert.deepEqual(partitions.map(({ lost }) => lost), [0, 0, 0, 0]);
    assert.deepEqual(await recordsOf(`${folder}/new.db`), await recordsOf(path));
    const log = await openLog(`sqlite:${folder}/new.db`);
    assert.equal((await log.groupMemory("training")).get(0)!.get("task"), "remembered");
    await log.close();
    await assert.rejects(salvageSqliteFile(path, `${folder}/new.db`), /is there already/);
  }));

Deno.test("salvageSqliteFile() copies every record around damaged pages, and none wrongly", () =>
  withFile(async (path, folder) => {
    const expected = await recordsOf(path);
    const bytes = readFileSync(path);
    const random = seededRandom(5);
    for (let run = 0; run < 8; run++) {
      const damaged = Uint8Array.from(bytes);
      const pages = new Set<number>();
      for (let count = 0; count < 3; count++) {
        // The first pages are the schema, the topics and the partitions.
        const page = 20 + Math.floor(random() * (bytes.length / PAGE - 20));
        damaged.fill(0xa5, page * PAGE, (page + 1) * PAGE);
        pages.add(page);
      }
      const [old, fresh] = [`${folder}/damaged-${run}.db`, `${folder}/fresh-${run}.db`];
      writeFileSync(old, damaged);
      assert.notDeepEqual(checkSqliteFile(old), []);
      const { partitions } = await salvageSqliteFile(old, fresh);
      assert.deepEqual(checkSqliteFile(fresh), []);
      const found = await recordsOf(fresh);
      for (const [place, value] of found) assert.equal(value, expected.get(place), place);
      const lost = partitions.reduce((sum, each) => sum + each.lost, 0);
      assert.equal(found.size, expected.size - lost);
      // A page has some twenty records; one that leads to others, some hundreds.
      assert.ok(lost >= 1 && lost < 600, `${lost} lost by ${[...pages]}`);
    }
  }));

Deno.test("salvageSqliteFile() leaves no file behind where there is nothing to copy", () =>
  withFile(async (_path, folder) => {
    const [text, fresh] = [`${folder}/text.csv`, `${folder}/fresh.db`];
    writeFileSync(text, "timestamp,power\n".repeat(100));
    for (const old of [text, `${folder}/none.db`]) {
      await assert.rejects(salvageSqliteFile(old, fresh), { code: "config" });
      assert.deepEqual(readdirSync(folder).filter((name) => name.startsWith("fresh")), []);
    }
  }));

Deno.test("checkSqliteFile() finds a file that ends anywhere", () =>
  withFile(async (path, folder) => {
    const cut = `${folder}/cut.db`;
    const size = readFileSync(path).length;
    for (let length = 1; length < size; length += Math.ceil(size / 40) + 1) {
      copyFileSync(path, cut);
      await Deno.truncate(cut, length);
      assert.notDeepEqual(checkSqliteFile(cut), [], `${length} bytes`);
      assert.throws(() => checkAtStart(cut), { code: "invariant", message: /topics salvage/ });
    }
  }));
