/** Looks at the system while somebody watches, once for all who do. */
import { messageOf } from "../../../shared/errors.ts";
import type { Log } from "../../../shared/log/log.ts";
import { pause } from "../../../shared/pause.ts";
import { look } from "../../../shared/system/look.ts";
import type { WorkerAddress } from "../config.ts";
import { encodeServerEvent, type Viewer } from "../server/viewer.ts";
import { type Sight, stateBetween, type SystemPoint } from "./system_state.ts";
import { askWorkers } from "./worker_metrics.ts";

const EVERY_MS = 2000;
/** Five minutes of points, for whoever comes. */
const POINTS_MAX = 150;
const GAP_MS_MAX = 10_000;

export interface SystemWatchParts {
  readonly log: Log;
  readonly workers: readonly WorkerAddress[];
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

export class SystemWatch {
  readonly #parts: SystemWatchParts;
  readonly #viewers = new Set<Viewer>();
  readonly #points: SystemPoint[] = [];
  #running: Promise<void> | undefined;
  #newest: Uint8Array | undefined;

  constructor(parts: SystemWatchParts) {
    this.#parts = parts;
  }

  /** Sends what is known, and what comes. */
  join(viewer: Viewer): void {
    this.#viewers.add(viewer);
    this.#running ??= this.#run();
    viewer.send(encodeServerEvent("history", this.#points));
    if (this.#newest !== undefined) viewer.send(this.#newest);
  }

  leave(viewer: Viewer): void {
    this.#viewers.delete(viewer);
  }

  /** Resolves once nothing is read any more. */
  async close(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal, nowMs } = this.#parts;
    // Nobody looked for a while, and there is nothing to draw of it.
    if (nowMs() - (this.#points.at(-1)?.atMs ?? 0) > GAP_MS_MAX) this.#points.length = 0;
    let before: Sight | undefined;
    try {
      while (this.#viewers.size > 0 && !signal.aborted) {
        const startMs = nowMs();
        const now = await this.#sight();
        if (now !== undefined) {
          const state = stateBetween(before ?? now, now, this.#points);
          if (before !== undefined) this.#points.push(state.point);
          if (this.#points.length > POINTS_MAX) this.#points.shift();
          this.#newest = encodeServerEvent("system", state);
          this.#send(this.#newest);
        }
        before = now;
        // The first rates come soon.
        const everyMs = this.#points.length === 0 ? EVERY_MS / 2 : EVERY_MS;
        await pause(everyMs - (nowMs() - startMs), signal);
      }
    } finally {
      this.#running = undefined;
      this.#newest = undefined;
    }
  }

  /** Undefined while the log is away, which those who watch are told. */
  async #sight(): Promise<Sight | undefined> {
    const { log, workers, nowMs } = this.#parts;
    try {
      const [seen, answers] = await Promise.all([look(log, nowMs), askWorkers(workers)]);
      return { look: seen, answers };
    } catch (error) {
      this.#complain(messageOf(error));
      return undefined;
    }
  }

  #complain(problem: string): void {
    this.#newest = undefined;
    this.#send(encodeServerEvent("away", { problem }));
  }

  #send(bytes: Uint8Array): void {
    for (const viewer of [...this.#viewers]) viewer.send(bytes);
  }
}
