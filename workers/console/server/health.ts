/**
 * Whether what the pages live on answers: the log, the broker, the workers. It is looked at once for all
 * pages, once a second while there are any, and each is told every time: a page that hears nothing
 * knows that the console is away.
 */
import { messageOf } from "../../../shared/errors.ts";
import type { Log } from "../../../shared/log/log.ts";
import { pause } from "../../../shared/pause.ts";
import { POWER_TOPIC } from "../../../shared/topics.ts";
import type { Session } from "../access/sessions.ts";
import type { WorkerAddress } from "../config.ts";
import { encodeServerEvent, type Viewer } from "./viewer.ts";

const EVERY_MS = 1000;
/** Whoever takes longer is away: with the second before, a page says so within 3 s. */
const ANSWER_MS_MAX = 1500;

/** What does not answer; a part that does is left out. */
export interface Health {
  /** Why the log does not. */
  readonly log?: string;
  /** Why the broker does not answer who looks at the page. */
  readonly broker?: string;
  /** Names of those of whom a process does not. */
  readonly workers: readonly string[];
}

export interface HealthParts {
  readonly log: Log;
  readonly workers: readonly WorkerAddress[];
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

export class HealthWatch {
  readonly #parts: HealthParts;
  readonly #viewers = new Map<Viewer, Session>();
  #running: Promise<void> | undefined;
  /** A log that hangs is not asked once more meanwhile. */
  #asking: Promise<string | undefined> | undefined;

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  join(viewer: Viewer, session: Session): void {
    this.#viewers.set(viewer, session);
    this.#running ??= this.#run();
  }

  leave(viewer: Viewer): void {
    this.#viewers.delete(viewer);
  }

  /** Resolves once nothing is asked any more. */
  async close(): Promise<void> {
    await this.#running;
    await this.#asking;
  }

  async #run(): Promise<void> {
    const { workers, nowMs, signal } = this.#parts;
    try {
      while (this.#viewers.size > 0 && !signal.aborted) {
        const startMs = nowMs();
        const [log, silent] = await Promise.all([this.#logProblem(), silentWorkers(workers)]);
        for (const [viewer, { brokerProblem }] of [...this.#viewers]) {
          const broker = brokerProblem();
          const health: Health = {
            ...(log !== undefined && { log }),
            ...(broker !== undefined && { broker }),
            workers: silent,
          };
          viewer.send(encodeServerEvent("health", health));
        }
        await pause(EVERY_MS - (nowMs() - startMs), signal);
      }
    } finally {
      this.#running = undefined;
    }
  }

  async #logProblem(): Promise<string | undefined> {
    const asking = this.#asking ??= this.#parts.log.describe([POWER_TOPIC])
      .then(() => undefined, messageOf).finally(() => this.#asking = undefined);
    const answered = new AbortController();
    try {
      const late = pause(ANSWER_MS_MAX, answered.signal).then(() => "it takes long");
      return await Promise.race([asking, late]);
    } finally {
      answered.abort();
    }
  }
}

/** Whoever answers at all is there: what it says of itself is on the page of the system. */
async function silentWorkers(workers: readonly WorkerAddress[]): Promise<string[]> {
  const silent = new Set<string>();
  await Promise.all(workers.map(async ({ worker, address }) => {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX);
      const response = await fetch(`http://${address}/healthz`, { signal });
      await response.body?.cancel();
    } catch {
      silent.add(worker);
    }
  }));
  return [...silent].sort();
}
