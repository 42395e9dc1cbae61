/** The write-ahead file stays small, however much is appended and read. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { openLog } from "../open.ts";

const RECORDS = 60_000;
const BATCH = 500;
const VALUE = "x".repeat(1000);
/** A checkpoint comes at 16 MiB; whoever reads at that moment may put it off for a while. */
const WAL_BYTES_MAX = 40 * 1024 * 1024;

Deno.test("append() keeps the write-ahead file bounded while others read", async () => {
  const folder = await Deno.makeTempDir();
  const [writer, reader] = [
    await openLog(`sqlite:${folder}/log.db`),
    await openLog(`sqlite:${folder}/log.db`),
  ];
  try {
    await writer.createTopics([{ name: "power", partitions: 2 }]);
    const end = new AbortController();
    let seen = 0;
    const reading = (async () => {
      const records = reader.read({
        topic: "power",
        from: "end",
        follow: true,
        signal: end.signal,
      });
      for await (const _ of records) seen++;
    })();
    const appender = writer.appender();
    let walBytes = 0;
    for (let count = 0; count < RECORDS; count += BATCH) {
      await appender.append(
        Array.from({ length: BATCH }, (_, index) => ({
          topic: "power",
          key: `home-${index}`,
          value: VALUE,
        })),
      );
      walBytes = Math.max(walBytes, statSync(`${folder}/log.db-wal`).size);
    }
    end.abort();
    await reading;
    assert.ok(seen > 0);
    assert.ok(walBytes < WAL_BYTES_MAX, `${walBytes} bytes in the write-ahead file`);
    assert.ok(statSync(`${folder}/log.db`).size > RECORDS * VALUE.length / 2, "the rest is there");
  } finally {
    await reader.close();
    await writer.close();
    await Deno.remove(folder, { recursive: true });
  }
});
