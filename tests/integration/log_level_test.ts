/** The level of a worker's log, changed while it runs. */
import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { encodeEvent } from "../../shared/events.ts";
import { openLog } from "../../shared/log/open.ts";
import { startWorker } from "../../shared/services/worker_process.ts";
import { POWER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 100 };
const HOUSEHOLD = { client_id: "home", username: "anna" };

Deno.test("a worker that is told debug while it runs logs each commit, and none that is told info", async () => {
  const folder = await Deno.makeTempDir();
  const url = `sqlite:${folder}/log.db`;
  const log = await openLog(url);
  const worker = startWorker("predictions", ["--log", url]);
  const appender = log.appender();
  let read = 0;
  /** Appends a reading, and resolves once the worker has committed it. */
  const readOne = async () => {
    const timestamp = Math.floor(Date.now() / 1000) + read;
    const value = encodeEvent({ ...HOUSEHOLD, timestamp, consumption: 230.5 });
    await appender.append([{ topic: POWER_TOPIC, key: HOUSEHOLD.client_id, value }]);
    read++;
    await eventually(async () => {
      assert.equal(await worker.metric('wattstream_records_read_total{topic="power"}'), read);
    }, DEADLINE);
  };
  const tell = async (level: string) => {
    const { http } = worker.lines.find(({ message }) => message === "started")!;
    const response = await fetch(`http://${http}/log-level`, { method: "PUT", body: level });
    assert.equal(await response.text(), `${level}\n`);
  };
  try {
    await log.createTopics(wattstreamTopics(1));
    await worker.ready();
    await readOne();
    await tell("debug");
    await readOne();
    await tell("info");
    await readOne();
    assert.equal(await worker.stop(), 0);
    const commits = worker.lines.filter(({ message, read }) =>
      message === "committed" && read !== 0
    );
    assert.deepEqual(
      commits.map(({ level, worker, partition, read }) => ({ level, worker, partition, read })),
      [{ level: "debug", worker: "predictions", partition: 0, read: 1 }],
    );
  } finally {
    await worker.end();
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
});
