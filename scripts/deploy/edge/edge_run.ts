/**
 * The edge's form of the system (one log file, Mosquitto, the workers from one bundle) within the
 * bounds of a small machine, fed from outside of them; then the oracle's word on the log.
 */
import { eventually } from "../../../shared/eventually.ts";
import { ENGINE_FLAGS } from "../../../shared/service/engine_flags.ts";
import { permissionFlags } from "../../../shared/service/permissions.ts";
import { invariant } from "../../../shared/errors.ts";
import { openLog } from "../../../shared/log/open.ts";
import { requireCommands } from "../../../shared/services/commands.ts";
import { freePorts } from "../../../shared/services/ports.ts";
import { pause } from "../../../shared/pause.ts";
import type { Report } from "../../../shared/services/report.ts";
import { usageOf } from "../../bench/process_usage.ts";
import { writeBundle } from "../../build/bundle.ts";
import { prove } from "../verify/proof.ts";
import { Cgroup } from "./cgroup.ts";
import { EDGE_WORKERS, edgeFlags, type FurtherWorker, writeHouseholds } from "./edge_programs.ts";

const MIB = 1024 ** 2;
const CORES = 0.5;
const READY_MS = 300_000;
const LOOK_MS = 1_000;
/** Deno's own runtime, without what a bundle has no use for. */
const RUN = ["run", "--quiet", "--no-config", "--no-remote", "--no-npm", "--cached-only"];

export interface EdgeOptions {
  readonly seconds: number;
  readonly households: number;
  /** Of all programs together, Mosquitto's included. */
  readonly memoryMiB: number;
  /** Workers beside those that always run. */
  readonly further: readonly FurtherWorker[];
  readonly report: Report;
}

export interface EdgeResult {
  readonly seconds: number;
  readonly peakMiB: number;
  readonly heldMiB: number;
  /** By program: the most of that at once, and what it took of a processor. */
  readonly programs: Readonly<Record<string, ProgramUse>>;
  readonly killed: number;
  readonly windows: number;
  readonly datasets: number;
  /** Models and disaggregated seconds. */
  readonly answers: number;
  readonly lost: number;
  readonly duplicated: number;
}

interface ProgramUse {
  heldMiB: number;
  cpuSeconds: number;
}

/** @throws WattstreamError `invariant` where a process ends before its time. */
export async function runEdge(
  { seconds, households, memoryMiB, further, report }: EdgeOptions,
): Promise<EdgeResult> {
  const { mosquitto } = await requireCommands(["mosquitto"], report);
  const folder = await Deno.makeTempDir({ prefix: "wattstream-edge-" });
  const group = await Cgroup.make(`wattstream-edge-${Deno.pid}`, {
    memoryBytes: memoryMiB * MIB,
    cores: CORES,
  });
  const running: { readonly name: string; readonly child: Deno.ChildProcess; ended: boolean }[] =
    [];
  const start = (name: string, [command, args]: readonly [string, string[]]) => {
    const child = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
    const entry = { name, child, ended: false };
    child.status.then(() => entry.ended = true);
    running.push(entry);
    return entry;
  };
  const finish = async (name: string, signal?: "SIGTERM") => {
    const entry = running.find((each) => each.name === name)!;
    if (signal !== undefined && !entry.ended) entry.child.kill(signal);
    const { code } = await entry.child.status;
    running.splice(running.indexOf(entry), 1);
    invariant(code === 0, `${name} ended with ${code}`);
  };
  const assertRunning = () => {
    const ended = running.filter((each) => each.ended).map(({ name }) => name);
    invariant(ended.length === 0, `${ended.join(", ")} ended before its time`);
  };
  try {
    const bundle = `${folder}/wattstream.js`;
    await writeBundle("wattstream", { version: "edge", path: bundle });
    const workers = [...EDGE_WORKERS, ...further];
    const [port, ...ports] = freePorts(1 + workers.length);
    await Deno.writeTextFile(
      `${folder}/mosquitto.conf`,
      `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\n`,
    );
    const flags = permissionFlags({ read: [folder], write: [folder] });
    const wattstream = (
      ...args: string[]
    ) => [Deno.execPath(), ...RUN, ENGINE_FLAGS, ...flags, bundle, ...args];
    const [logUrl, mqttUrl] = [`sqlite:${folder}/log.db`, `mqtt://127.0.0.1:${port}`];
    await writeHouseholds(folder, households);
    start("topics", group.member(wattstream("topics", "create", "--log", logUrl)));
    await finish("topics");
    start("mosquitto", group.member([mosquitto, "-c", `${folder}/mosquitto.conf`]));
    for (const [index, name] of workers.entries()) {
      const flags = edgeFlags(name, { folder, mqttUrl, logUrl });
      start(name, group.member(wattstream(name, "--http", `127.0.0.1:${ports[index]}`, ...flags)));
    }
    for (const httpPort of ports) await untilReady(httpPort, assertRunning);
    report("All are ready; households publish");
    const [deno, ...args] = wattstream("simulator", "--mqtt", mqttUrl, "--users", `${households}`);
    start("simulator", [deno!, args]);
    let heldBytes = 0;
    const programs: Record<string, ProgramUse> = {};
    const startedMs = performance.now();
    while (performance.now() - startedMs < seconds * 1000) {
      await pause(LOOK_MS);
      assertRunning();
      heldBytes = Math.max(heldBytes, await group.heldBytes());
      for (const { name, child } of running) {
        if (name === "simulator") continue;
        const heldMiB = Math.max(programs[name]?.heldMiB ?? 0, await anonymousMiB(child.pid));
        programs[name] = { heldMiB, cpuSeconds: (await usageOf(child.pid)).cpuS };
      }
    }
    await finish("simulator", "SIGTERM");
    const opened = await openLog(`sqlite:${folder}/log.db`);
    try {
      const { correctness, answers } = await prove(opened);
      for (const name of workers) await finish(name, "SIGTERM");
      return {
        seconds,
        peakMiB: Math.round(await group.peakBytes() / 1024 ** 2),
        heldMiB: Math.round(heldBytes / 1024 ** 2),
        programs,
        killed: await group.killedCount(),
        windows: correctness.windows_matching,
        datasets: correctness.datasets_matching,
        answers: answers.matching,
        lost: correctness.lost + answers.lost,
        duplicated: correctness.duplicated + answers.unexpected,
      };
    } finally {
      await opened.close();
    }
  } finally {
    for (const { child, ended } of running) {
      if (!ended) child.kill("SIGKILL");
      await child.status;
    }
    await group.remove();
    await Deno.remove(folder, { recursive: true });
  }
}

/** What a process cannot give back now. */
async function anonymousMiB(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Math.round(Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
}

async function untilReady(port: number, assertRunning: () => void): Promise<void> {
  await eventually(async () => {
    assertRunning();
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    const text = await response.text();
    if (!response.ok) throw new Error(text);
  }, { deadlineMs: READY_MS });
}
