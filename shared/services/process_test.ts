import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../eventually.ts";
import {
  isRunning,
  killProcess,
  type ProcessIdentity,
  signalProcess,
  startProcess,
  stopProcess,
} from "./process.ts";

Deno.test("startProcess() a command that does not exist is a process that has ended", async () => {
  await withFolder(async (folder) => {
    const logPath = `${folder}/log`;
    const process = await startProcess({
      command: `${folder}/no_such_command`,
      args: [],
      logPath,
      keepPath: undefined,
    });
    await eventually(async () => assert(!await isRunning(process)), { deadlineMs: PATIENCE_MS });
    assert.match(await Deno.readTextFile(logPath), /no_such_command.*not found/);
  });
});

Deno.test("stopProcess() leaves alone a later process that got the same pid", async () => {
  await withSleep(async (process) => {
    const earlier = { ...process, startTicks: process.startTicks - 1 };
    assert(!await isRunning(earlier));
    assert(!await signalProcess(earlier, "SIGKILL"));
    assert(await stopProcess(earlier, 1000));
    await killProcess(earlier);
    assert(await isRunning(process));
  });
});

Deno.test("stopProcess() ends a process that is suspended", async () => {
  await withSleep(async (process) => {
    await signalProcess(process, "SIGSTOP");
    assert(await isRunning(process));
    assert(await stopProcess(process, 10_000));
    assert(!await isRunning(process));
  });
});

Deno.test("stopProcess() kills a process that does not heed SIGTERM", async () => {
  await withFolder(async (folder) => {
    const ready = `${folder}/ready`;
    const process = await startProcess({
      command: "sh",
      args: ["-c", 'trap "" TERM; : >"$0"; while :; do sleep 0.1; done', ready],
      logPath: `${folder}/log`,
      keepPath: undefined,
    });
    await eventually(() => Deno.stat(ready), { deadlineMs: PATIENCE_MS });
    assert(!await stopProcess(process, 200));
    assert(!await isRunning(process));
  });
});

Deno.test("startProcess() ends with its owner unless the file that keeps it is there", async () => {
  await withFolder(async (folder) => {
    const keepPath = `${folder}/keep`;
    const [kept, unkept] = await ownerThatStartsAndEnds(folder, keepPath);
    try {
      await eventually(async () => assert(!await isRunning(unkept!)), { deadlineMs: PATIENCE_MS });
      // Its own watch has looked as well, and ended.
      await eventually(async () => assert.equal(await watchCount(kept!), 0), {
        deadlineMs: PATIENCE_MS,
      });
      assert(await isRunning(kept!));
    } finally {
      await killProcess(kept!);
      await killProcess(unkept!);
    }
  });
});

/** A process that starts two sleeps, one with `keepPath`, which it creates, and is gone. */
async function ownerThatStartsAndEnds(
  folder: string,
  keepPath: string,
): Promise<ProcessIdentity[]> {
  const module = import.meta.resolve("./process.ts");
  const code = `
    import { startProcess } from ${JSON.stringify(module)};
    const sleep = { command: "sleep", args: ["60"], logPath: ${JSON.stringify(`${folder}/log`)} };
    const kept = await startProcess({ ...sleep, keepPath: ${JSON.stringify(keepPath)} });
    const unkept = await startProcess({ ...sleep, keepPath: undefined });
    await Deno.writeTextFile(${JSON.stringify(keepPath)}, "");
    console.log(JSON.stringify([kept, unkept]));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    stderr: "inherit",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Processes beside this one in its session, which is its own: its watch. */
async function watchCount({ pid }: ProcessIdentity): Promise<number> {
  const session = await sessionOf(pid);
  let count = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === pid) continue;
    if (await sessionOf(Number(name)) === session) count++;
  }
  return count;
}

async function sessionOf(pid: number): Promise<string | undefined> {
  try {
    const text = await Deno.readTextFile(`/proc/${pid}/stat`);
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[3];
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

async function withSleep(body: (process: ProcessIdentity) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const process = await startProcess({
      command: "sleep",
      args: ["60"],
      logPath: `${folder}/log`,
      keepPath: undefined,
    });
    try {
      await body(process);
    } finally {
      await killProcess(process);
    }
  });
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wattstream-process-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
