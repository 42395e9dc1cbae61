/**
 * `deno task topics grow` on a real Kafka with real workers: the command is killed again and again, at
 * a later line each time, while the workers end by themselves; windows and datasets over the change
 * are the oracle's.
 */
import assert from "node:assert/strict";
import { append, assertRight, seconds, ticks } from "../../scripts/topics/grow/testing/world.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { groupLags } from "../../shared/log/lag.ts";
import type { Log } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { startKafka } from "../../shared/services/kafka.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { wattstreamTopics } from "../../shared/topics.ts";

const [FORMER, PARTITIONS] = [2, 3];
const START_S = Math.floor(Date.now() / 1000) - 300;
const NAMES = ["predictions", "training"] as const;

Deno.test("topics grow, killed again and again, moves households with what is remembered of them", async () => {
  const kafka = await startKafka();
  let log = await openLog(kafka.url);
  const workers: WorkerProcess[] = [];
  const startWorkers = () => {
    const started = NAMES.map((name) => startWorker(name, ["--log", kafka.url]));
    workers.push(...started);
    return started;
  };
  try {
    await log.createTopics(wattstreamTopics(FORMER));
    const running = startWorkers();
    await append(log, seconds(START_S, START_S + 60));
    await untilProcessed(log);

    let killed = 0;
    while (!await growUntil(kafka.url, killed + 1)) killed++;
    // How often is a race between the command and who kills it: every step for certain, on SQLite, is
    // scripts/topics/grow's own test.
    assert.ok(killed >= 1, "it was never killed");
    for (const worker of running) {
      assert.equal(await worker.exit(), 1);
      assert.match(String(worker.lines.at(-1)!.error), /deno task topics grow/);
    }

    // By the new number of partitions.
    await log.close();
    log = await openLog(kafka.url);
    const started = startWorkers();
    await append(log, [
      ...seconds(START_S + 40, START_S + 48),
      ...seconds(START_S + 100, START_S + 150),
      ticks(PARTITIONS),
    ]);
    await untilProcessed(log);
    for (const worker of started) assert.equal(await worker.stop(), 0);
    await assertRight(log);
  } finally {
    for (const worker of workers) await worker.end();
    await log.close();
    await kafka.stop();
  }
});

/** Kills the command at this line that it prints; true where it prints fewer, and is done. */
async function growUntil(url: string, line: number): Promise<boolean> {
  const script = new URL("../../scripts/topics.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, "grow", "--log", url, "--partitions", `${PARTITIONS}`],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let printed = "";
  let isKilled = false;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += text;
    if (isKilled || printed.split("\n").length <= line || printed.includes("done:")) continue;
    isKilled = true;
    try {
      child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended meanwhile
    }
  }
  const { code } = await child.status;
  if (isKilled) return false;
  assert.equal(code, 0, printed);
  assert.match(printed, /done: start the workers, then the bridges|partitions already/);
  return true;
}

async function untilProcessed(log: Log): Promise<void> {
  await eventually(async () => {
    for (const lag of await groupLags(log)) assert.equal(lag.records, 0, JSON.stringify(lag));
  }, { deadlineMs: PATIENCE_MS, intervalMs: 200 });
}
