import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { SupervisedWorker, type WorkerListener } from "./supervised_worker.ts";
import { CounterTotals } from "./worker_metrics.ts";
import type { WorkerLine } from "./worker_process.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS };

/** Runs `body` with a way to start workers, and what was heard of them. */
async function supervise(
  body: (
    start: (name: string, args: string[]) => SupervisedWorker,
    heard: { readonly lines: WorkerLine[]; readonly deaths: string[]; restarts: number },
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const heard = { lines: [] as WorkerLine[], deaths: [] as string[], restarts: 0 };
  const listener: WorkerListener = {
    line: (_, line) => heard.lines.push(line),
    died: (worker, what) => heard.deaths.push(`${worker} ${what}`),
    restarted: () => heard.restarts++,
  };
  const workers: SupervisedWorker[] = [];
  const start = (name: string, args: string[]) => {
    const settings = {
      ...{ name, args, logPath: `${folder}/${name}.log`, endsByItself: name === "simulator" },
      env: { ...Deno.env.toObject(), NO_COLOR: "1" },
    };
    const worker = new SupervisedWorker(settings, listener, new CounterTotals());
    workers.push(worker);
    return worker;
  };
  try {
    await body(start, heard);
  } finally {
    for (const worker of workers) worker.kill();
    await Promise.all(workers.map((worker) => worker.over));
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("SupervisedWorker is over where its configuration is refused", async () => {
  await supervise(async (start, heard) => {
    const end = await start("predictions", ["--log", "nowhere"]).over;
    assert.ok(end.kind === "failed");
    assert.equal(end.exitCode, 2);
    assert.match(end.reason, /^the predictions worker ended with exit code 2, see .*\.log$/);
    assert.ok(
      heard.lines.some(({ message }) =>
        /--log: expected a URL that begins with sqlite:/.test(message)
      ),
    );
  });
});

Deno.test("SupervisedWorker is done where its work is, and begins anew where it never is", async () => {
  await supervise(async (start, heard) => {
    assert.deepEqual(await start("simulator", ["--help"]).over, { kind: "done" });
    const training = start("training", ["--help"]);
    await eventually(() => assert.ok(heard.restarts >= 1), DEADLINE);
    assert.equal(heard.deaths[0], "training ended with exit code 0");
    assert.deepEqual(await training.stop(), { kind: "stopped" });
  });
});

Deno.test("SupervisedWorker starts again what was killed, until it is told to stop", async () => {
  await supervise(async (start, heard) => {
    const simulator = start("simulator", ["--mqtt", "mqtt://127.0.0.1:1", "--users", "3"]);
    const isUp = async () => assert.match(await simulator.problem() ?? "", /^connecting to mqtt/);
    await eventually(isUp, DEADLINE);
    const firstPid = simulator.pid!;
    Deno.kill(firstPid, "SIGKILL");
    await eventually(() => assert.equal(heard.restarts, 1), DEADLINE);
    assert.notEqual(simulator.pid, firstPid);
    assert.deepEqual(heard.deaths, ["simulator was killed by SIGKILL"]);
    await eventually(isUp, DEADLINE);
    assert.deepEqual(await simulator.stop(), { kind: "stopped" });
    assert.ok(heard.lines.some(({ message }) => message === "finished"));
  });
});

Deno.test("SupervisedWorker.isFresh is false after a look that was not answered in time", async () => {
  await supervise(async (start) => {
    const simulator = start("simulator", ["--mqtt", "mqtt://127.0.0.1:1", "--users", "3"]);
    await eventually(async () => assert.ok(await simulator.look()), DEADLINE);
    assert.ok(simulator.isFresh);
    Deno.kill(simulator.pid!, "SIGSTOP");
    try {
      assert.equal(await simulator.look(), false);
      assert.equal(simulator.isFresh, false);
    } finally {
      Deno.kill(simulator.pid!, "SIGCONT");
    }
    await eventually(async () => assert.ok(await simulator.look()), DEADLINE);
    assert.ok(simulator.isFresh);
    await simulator.stop();
    assert.equal(await simulator.look(), false);
    assert.ok(simulator.isFresh, "its last counters stand");
  });
});
