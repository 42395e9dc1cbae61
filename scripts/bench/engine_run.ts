/**
 * A process that works through the inputs in a log, ours or a peer's: it runs until it has committed
 * all of them and its outputs have come to rest. The time ends with the last commit that was seen.
 */
import { setTimeout as delay } from "node:timers/promises";
import { WattstreamError } from "../../shared/errors.ts";
import type { Log } from "../../shared/log/log.ts";
import { ENGINE_FLAGS } from "../../shared/service/engine_flags.ts";
import type { LogPlace } from "./broker.ts";
import { type Bundle, bundleOf } from "./bundles.ts";
import { type Job, JOBS } from "./jobs.ts";
import { TURNS_FILE } from "./loop_turns.ts";
import { mainThreadCpuSOf, type Usage, usageOf } from "./process_usage.ts";
import { BENCH_SEMANTICS } from "./semantics.ts";

/** What of a job is run. */
export interface EngineTask {
  readonly job: Job;
  /** The consumer group that it commits as; ours has a name of its own. */
  readonly group: string;
  /** For what it keeps on disk. */
  readonly folder: string;
}

/** Who does the jobs. */
export interface Engine {
  readonly name: string;
  /** The program and its arguments. */
  command(place: LogPlace, task: EngineTask): readonly string[];
  /** Variables of its environment beside those that are there. */
  readonly env?: Readonly<Record<string, string>>;
}

/** From the start of the process until its last commit. */
export interface RunUsage extends Usage {
  readonly wallS: number;
}

const ROOT = new URL("../..", import.meta.url).pathname;
const POLL_MS = 50;
/** So long nothing must have been committed: longer than the peers' commit interval. */
const REST_MS = 2_000;
/** A run of which nothing was committed for so long has failed. */
const STALL_MS_MAX = 600_000;
const ERRORS_BYTES_MAX = 4_096;

/**
 * Ours, from its bundle (see {@link bundleWorkers}).
 * @param flags beside those that a job needs
 * @param bundle which, where it is not the shipped one
 * @param inspect where a profiler finds it: then from its sources, whose names the profile is to show
 * @param turnsTo the file that takes how late its event loop gives turns: see loop_turns.ts
 */
export function wattstream(
  { flags = [], bundle, inspect, turnsTo }: {
    readonly flags?: readonly string[];
    readonly bundle?: Bundle;
    readonly inspect?: string;
    readonly turnsTo?: string;
  } = {},
): Engine {
  return {
    name: "Wattstream",
    ...(turnsTo !== undefined && { env: { [TURNS_FILE]: turnsTo } }),
    command: ({ url }, { job }) => [
      ...[Deno.execPath(), "run", "--quiet", "-A", ENGINE_FLAGS],
      ...(turnsTo === undefined ? [] : ["--preload", "scripts/bench/loop_turns.ts"]),
      ...(inspect === undefined
        ? ["--no-config", bundleOf(JOBS[job].worker, bundle)]
        : [`--inspect-wait=${inspect}`, `workers/${JOBS[job].worker}/main.ts`]),
      ...["--log", url, "--log-level", "warning"],
      ...(job === "windows" ? ["--min-readings", String(BENCH_SEMANTICS.minReadings)] : []),
      ...flags,
    ],
  };
}

export const WATTSTREAM = wattstream();

/** Those that run: whoever ends this process ends them too. */
const alive = new Set<Deno.ChildProcess>();

/** Kills every engine that runs, for a benchmark that is ended from outside. */
export function killEngines(): void {
  for (const child of alive) child.kill("SIGKILL");
}

/** A started process of an engine. */
export class EngineProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #name: string;
  readonly #reading: Promise<void>;
  #errors = "";
  #hasEnded = false;

  constructor(place: LogPlace, engine: Engine, task: EngineTask) {
    const [program, ...args] = engine.command(place, task);
    this.#name = `${engine.name}, ${task.job}`;
    this.#child = new Deno.Command(program!, {
      args,
      cwd: ROOT,
      env: { ...engine.env },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#reading = this.#read();
    alive.add(this.#child);
    this.#child.status.then(() => {
      this.#hasEnded = true;
      alive.delete(this.#child);
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The end of what it wrote to standard error. */
  get lastWords(): string {
    return this.#errors.trim();
  }

  /** @throws WattstreamError `unavailable` with the last it said when it has ended by itself. */
  async usage(): Promise<Usage> {
    if (this.#hasEnded) {
      await this.#reading;
      throw new WattstreamError("unavailable", `${this.#name} has ended: ${this.lastWords}`);
    }
    return await usageOf(this.#child.pid);
  }

  /** CPU-seconds of its main thread. */
  async mainThreadCpuS(): Promise<number> {
    return await mainThreadCpuSOf(this.#child.pid);
  }

  /** What is in its hands is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#child.kill("SIGTERM");
    await this.#child.status;
    await this.#reading;
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#errors = (this.#errors + text).slice(-ERRORS_BYTES_MAX);
    }
  }
}

/** Starts engines that share a task, waits until they are done, and stops them. */
export async function runEngines(
  place: LogPlace,
  { log, engines, task }: {
    readonly log: Log;
    readonly engines: readonly Engine[];
    readonly task: EngineTask;
  },
): Promise<RunUsage> {
  await using stack = new AsyncDisposableStack();
  const processes = engines.map((engine) => stack.use(new EngineProcess(place, engine, task)));
  return await untilDone(log, { processes, task });
}

/** Resolves once processes have done their job, with what all of them used until then. */
export async function untilDone(
  log: Log,
  { processes, task }: {
    readonly processes: readonly EngineProcess[];
    readonly task: EngineTask;
  },
): Promise<RunUsage> {
  const { inputs, output } = JOBS[task.job];
  const ends = await log.describe(inputs);
  const startMs = performance.now();
  let last = "";
  let used: RunUsage | undefined;
  for (;;) {
    const committed = await log.groupOffsets(task.group);
    const [outputs] = await log.describe([output]);
    const state = JSON.stringify([...committed, outputs]);
    const wallS = (performance.now() - startMs) / 1000;
    const usages = await Promise.all(processes.map((each) => each.usage()));
    if (state !== last || used === undefined) used = { wallS, ...sumOf(usages) };
    last = state;
    const isAtEnd = ends.every(({ name, partitions }) =>
      partitions.every(({ partition, endOffset }) =>
        (committed.get(name)?.[partition] ?? 0) >= endOffset
      )
    );
    const stillMs = (wallS - used.wallS) * 1000;
    if (isAtEnd && stillMs >= REST_MS) return used;
    if (stillMs > STALL_MS_MAX) {
      const words = processes.map(({ lastWords }) => lastWords).join("\n");
      const message = `${task.job} as ${task.group} has come to a halt: ${words}`;
      throw new WattstreamError("unavailable", message);
    }
    await delay(POLL_MS);
  }
}

function sumOf(usages: readonly Usage[]): Usage {
  return {
    cpuS: usages.reduce((sum, { cpuS }) => sum + cpuS, 0),
    peakMemoryMB: usages.reduce((sum, { peakMemoryMB }) => sum + peakMemoryMB, 0),
  };
}
