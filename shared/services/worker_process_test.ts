import assert from "node:assert/strict";
import { freePorts } from "./ports.ts";
import { killWorkers, startWorker } from "./worker_process.ts";

Deno.test("killWorkers() ends those that run, and is no error where all have ended", async () => {
  const [port] = freePorts(1);
  const args = ["--mqtt", `mqtt://127.0.0.1:${port}`];
  const workers = [startWorker("simulator", args), startWorker("simulator", args)];
  killWorkers();
  // As a shell has it of who was killed by SIGKILL.
  assert.deepEqual(await Promise.all(workers.map((worker) => worker.exit())), [137, 137]);
  killWorkers();
});
