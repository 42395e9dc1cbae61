/**
 * A worker under supervision: started again whenever it dies, until it is over.
 *
 *   start ─▶ running ──dies──▶ pause 0.2 s … 5 s ─▶ running
 *               ├─ refuses its configuration (2), or fails again and again ─▶ over: failed
 *               ├─ ends by itself, where that is what it does ─▶ over: done
 *               └─ stop: SIGTERM ─▶ over: stopped
 */
import { readMetrics } from "../../shared/service/metrics_text.ts";
import { StallWatch } from "../../shared/service/stall_watch.ts";
import { pause } from "../../shared/pause.ts";
import type { CounterTotals } from "./worker_metrics.ts";
import { type ProcessSettings, type WorkerLine, WorkerProcess } from "./worker_process.ts";

const PAUSE_MS_MIN = 200;
const PAUSE_MS_MAX = 5_000;
/** A worker that has run for so long is not failing at its start. */
const STABLE_MS = 10_000;
/** Failures in a row, by itself and not by a signal, after which it is given up. */
const FAILURES_MAX = 5;
const REFUSED = 2;
/**
 * How long a worker may be silent after SIGTERM. It ends by itself where its drain stands still, but
 * not where it hangs.
 */
const SILENT_MS_MAX = 20_000;
const SILENT_POLL_MS = 200;
/** Figures are shown once a second; whether it is ready may take longer to say. */
const FIGURES_MS_MAX = 900;
const ANSWER_MS_MAX = 5_000;

/** What `problem()` says of a worker that does not: it starts, or has no time for an answer. */
export const SILENT = ["it is starting", "it does not answer"] as const;

/** How it ended for good. */
export type WorkerEnd =
  | { readonly kind: "done" | "stopped" }
  | { readonly kind: "failed"; readonly reason: string; readonly exitCode: 1 | 2 };

export interface WorkerSettings extends ProcessSettings {
  /** True where exit code 0 is the end of its work, not a mishap. */
  readonly endsByItself: boolean;
}

/** Who hears what a worker does. */
export interface WorkerListener {
  line(worker: string, line: WorkerLine): void;
  died(worker: string, what: string, pauseMs: number): void;
  restarted(worker: string, pid: number): void;
}

export class SupervisedWorker {
  readonly counters: CounterTotals;
  /** Resolves when it is over; rejects where it cannot be run at all. */
  readonly over: Promise<WorkerEnd>;
  readonly #settings: WorkerSettings;
  readonly #listener: WorkerListener;
  readonly #stopping = Promise.withResolvers<void>();
  #isStopping = false;
  #process: WorkerProcess | undefined;
  #lifeCount = 0;
  #hasAnswered = false;
  #isOver = false;

  /** Starts it. */
  constructor(settings: WorkerSettings, listener: WorkerListener, counters: CounterTotals) {
    this.#settings = settings;
    this.#listener = listener;
    this.counters = counters;
    this.over = this.#supervise().finally(() => this.#isOver = true);
  }

  get name(): string {
    return this.#settings.name;
  }

  /** Id of its process, while there is one. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Whether its counters are those of the last look: it answered then, or is over. */
  get isFresh(): boolean {
    return this.#hasAnswered || this.#isOver;
  }

  /** Why it is not ready, or undefined when it is; {@link SILENT} where it does not say. */
  async problem(): Promise<string | undefined> {
    const address = this.#process?.address;
    if (address === undefined) return SILENT[0];
    const response = await get(`http://${address}/readyz`);
    if (response === undefined) return SILENT[1];
    return response.status === 200 ? undefined : response.text.trim();
  }

  /** Takes in its counters as they stand; false where it does not answer. */
  async look(): Promise<boolean> {
    this.#hasAnswered = await this.#takeCounters();
    return this.#hasAnswered;
  }

  async #takeCounters(): Promise<boolean> {
    const process = this.#process;
    if (process?.address === undefined) return false;
    const response = await get(`http://${process.address}/metrics`, FIGURES_MS_MAX);
    // Of a process that has died meanwhile, the counters are closed.
    if (response?.status !== 200 || process !== this.#process) return false;
    this.counters.take(readMetrics(response.text));
    return true;
  }

  /** Lets it drain and end, or kills it once it has not answered for 20 s. Safe twice. */
  async stop(): Promise<WorkerEnd> {
    this.#isStopping = true;
    this.#stopping.resolve();
    this.#process?.signal("SIGTERM");
    const watch = new StallWatch(SILENT_MS_MAX, () => this.#process?.signal("SIGKILL"));
    let isOver = false;
    const listen = async () => {
      while (!isOver) {
        if (await this.#answers()) watch.moved();
        await pause(SILENT_POLL_MS);
      }
    };
    const listening = listen();
    try {
      return await this.over;
    } finally {
      isOver = true;
      watch.close();
      await listening;
    }
  }

  async #answers(): Promise<boolean> {
    const address = this.#process?.address;
    if (address === undefined) return false;
    return await get(`http://${address}/healthz`, SILENT_MS_MAX) !== undefined;
  }

  /** Kills it, without a restart. */
  kill(): void {
    this.#isStopping = true;
    this.#stopping.resolve();
    this.#process?.signal("SIGKILL");
  }

  async #supervise(): Promise<WorkerEnd> {
    for (let failures = 0;;) {
      const startedMs = performance.now();
      const { code, signal } = await this.#live();
      if (this.#isStopping) return { kind: "stopped" };
      if (code === 0 && this.#settings.endsByItself) return { kind: "done" };
      const what = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
      if (signal === null && code === REFUSED) return this.#failed(what, 2);
      if (performance.now() - startedMs >= STABLE_MS) failures = 0;
      if (signal === null && failures >= FAILURES_MAX) {
        return this.#failed(`${what}, ${failures + 1} times in a row`, 1);
      }
      const pauseMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** failures);
      failures++;
      this.#listener.died(this.name, what, pauseMs);
      await this.#pause(pauseMs);
      if (this.#isStopping) return { kind: "stopped" };
    }
  }

  /** One process, from its start to its end. */
  async #live(): Promise<Deno.CommandStatus> {
    const process = new WorkerProcess(
      this.#settings,
      (line) => this.#listener.line(this.name, line),
    );
    this.#process = process;
    if (this.#lifeCount++ > 0) this.#listener.restarted(this.name, process.pid);
    const status = await process.ended;
    this.#process = undefined;
    this.counters.close();
    return status;
  }

  #failed(what: string, exitCode: 1 | 2): WorkerEnd {
    return {
      kind: "failed",
      reason: `the ${this.name} worker ${what}, see ${this.#settings.logPath}`,
      exitCode,
    };
  }

  async #pause(pauseMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const passed = new Promise<void>((resolve) => timer = setTimeout(resolve, pauseMs));
    await Promise.race([passed, this.#stopping.promise]);
    clearTimeout(timer);
  }
}

/** The answer, or undefined where there is none: a process that is starting, busy or gone. */
async function get(
  url: string,
  timeoutMs: number = ANSWER_MS_MAX,
): Promise<{ readonly status: number; readonly text: string } | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    if (error instanceof TypeError || error instanceof DOMException) return undefined;
    throw error;
  }
}
