/** The write-ahead file stays small, however much is appended and read. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { openLog } from "../open.ts";

const RECORDS = 60_000;
const BATCH = 500;
const VALUE = "x".repeat(1000);
/** A checkpoint comes at 16 MiB; whoever reads at that moment may put it off for a while. */
const WAL_BYTES_MAX = 40 * 1024 * 1024;
const READERS = new URL("./testdata/overlapping_readers.ts", import.meta.url).pathname;
/** They keep it from being cut at 16 MiB; we cut it beyond 128 MiB, as soon as they let us. */
const [OVERLAPPED_BYTES_MIN, OVERLAPPED_BYTES_MAX] = [120 << 20, 512 << 20];
const CUTS_MAX = 20;

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

Deno.test("append() bounds the write-ahead file while another process reads without a break", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/log.db`;
  const log = await openLog(`sqlite:${path}`);
  const readers = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", READERS, path],
    stdin: "null",
    stdout: "piped",
  });
  let child: Deno.ChildProcess | undefined;
  try {
    await log.createTopics([{ name: "power", partitions: 1 }]);
    child = readers.spawn();
    const output = child.stdout.getReader();
    await output.read();
    const appender = log.appender();
    const batch = Array.from({ length: BATCH }, () => ({ topic: "power", key: "a", value: VALUE }));
    const untilCut = async () => {
      for (let walBytes = 0; walBytes < OVERLAPPED_BYTES_MAX;) {
        await appender.append(batch);
        const { size } = statSync(`${path}-wal`);
        if (size < walBytes) return walBytes;
        walBytes = size;
      }
      throw new Error(`it has grown to ${OVERLAPPED_BYTES_MAX} bytes`);
    };
    // Readers that a busy machine gives no time are not in the way, and it is cut sooner.
    const cutAt: number[] = [];
    while (cutAt.every((walBytes) => walBytes <= OVERLAPPED_BYTES_MIN)) {
      assert.ok(cutAt.length < CUTS_MAX, `${cutAt} bytes: the readers were never in the way`);
      cutAt.push(await untilCut());
    }
    await output.cancel();
  } finally {
    child?.kill("SIGKILL");
    await child?.status;
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
});
