/**
 * How long a worker that is behind keeps its event loop to itself: what heartbeats, signals and scrapes
 * wait for. Turns are due every few milliseconds from the first commit that is seen to the last one, and
 * each that was due in a busy stretch counts.
 *
 *   due   │    │    │    │    │    │
 *   busy     ████████████████           turns wait for 13, 8 and 3 ms
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { eventually } from "../../shared/eventually.ts";
import type { Log } from "../../shared/log/log.ts";
import type { LogPlace } from "./broker.ts";
import { EngineProcess, type EngineTask, untilDone, wattstream } from "./engine_run.ts";
import type { LoadSize } from "./household_load.ts";
import type { Job } from "./jobs.ts";
import { withInputs } from "./kafka_bench.ts";
import { TURN_MS } from "./loop_turns.ts";

export interface LoopFigures {
  readonly delayMsP50: number;
  readonly delayMsP99: number;
  readonly delayMsMax: number;
  /** The same of the time for which the worker itself was at work: other processes are not in it. */
  readonly ownMsP99: number;
  readonly ownMsMax: number;
  /** Turns that were due. */
  readonly turns: number;
  readonly inputPerCpuS: number;
}

const DEADLINE = { deadlineMs: 60_000, intervalMs: 10 };

/** Runs a job once, from its bundle. */
export async function benchLoop(
  place: LogPlace,
  job: Job,
  load: LoadSize,
): Promise<LoopFigures> {
  const folder = await mkdtemp(`${tmpdir()}/wattstream-bench-`);
  const turnsTo = `${folder}/turns.json`;
  try {
    return await withInputs(place, { job, load }, async ({ log, task, inputs }) => {
      const { fromMs, toMs, cpuS } = await runWatched(place, { log, task, turnsTo });
      const turns: number[] = JSON.parse(await readFile(turnsTo, "utf8"));
      const delays = delaysOf(turns, { fromMs, toMs }, "late");
      const own = delaysOf(turns, { fromMs, toMs }, "own");
      return {
        delayMsP50: shareOf(delays, 0.5),
        delayMsP99: shareOf(delays, 0.99),
        delayMsMax: delays.at(-1)!,
        ownMsP99: shareOf(own, 0.99),
        ownMsMax: own.at(-1)!,
        turns: delays.length,
        inputPerCpuS: inputs / cpuS,
      };
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Resolves once the process has ended, with when its first and its last commit were seen. */
async function runWatched(
  place: LogPlace,
  { log, task, turnsTo }: {
    readonly log: Log;
    readonly task: EngineTask;
    readonly turnsTo: string;
  },
) {
  const startMs = Date.now();
  await using running = new EngineProcess(place, wattstream({ turnsTo }), task);
  const [fromMs, { wallS, cpuS }] = await Promise.all([
    untilCommitted(log, task.group),
    untilDone(log, { processes: [running], task }),
  ]);
  return { fromMs, toMs: startMs + 1000 * wallS, cpuS };
}

/** When the group has committed something for the first time, ms since 1970. */
function untilCommitted(log: Log, group: string): Promise<number> {
  return eventually(async () => {
    if ((await log.groupOffsets(group)).size === 0) throw new Error(`${group} commits nothing`);
    return Date.now();
  }, DEADLINE);
}

function shareOf(ascending: readonly number[], share: number): number {
  return ascending[Math.floor(ascending.length * share)]!;
}

/**
 * How long each turn waited that was due in `[fromMs, toMs)`, ascending.
 * @param turns one of each stretch, as loop_turns.ts writes them.
 */
export function delaysOf(
  turns: readonly number[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  kind: "late" | "own",
): number[] {
  const delays: number[] = [];
  for (let index = 0; index < turns.length; index += 3) {
    const cameMs = turns[index]!;
    const firstMs = turns[index + (kind === "late" ? 1 : 2)]!;
    for (let waitedMs = firstMs; waitedMs >= 0; waitedMs -= TURN_MS) {
      const dueMs = cameMs - waitedMs;
      if (dueMs >= fromMs && dueMs < toMs) delays.push(waitedMs);
    }
  }
  return delays.sort((a, b) => a - b);
}
