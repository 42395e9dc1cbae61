/** A server process that can be killed, suspended, and brought back as it was. */
import { WattstreamError } from "../errors.ts";
import { eventually } from "../eventually.ts";
import { isFree } from "./ports.ts";
import {
  isRunning,
  killProcess,
  type ProcessIdentity,
  signalProcess,
  type StartOptions,
  startProcess,
  stopProcess,
} from "./process.ts";

/** Of one that hangs: one that ends is noticed at once, and a slow machine takes its time. */
const READY_DEADLINE_MS = 300_000;
const STOP_DEADLINE_MS = 20_000;
/** A process of many threads that was killed keeps its port for some milliseconds more. */
const PORT_DEADLINE_MS = 5_000;
const LOG_LINE_COUNT = 15;

export interface ServerOptions extends StartOptions {
  /** As messages name it, for example `Kafka broker 1`. */
  readonly name: string;
  /** Its port on 127.0.0.1, the same after every start. */
  readonly port: number;
}

/** Call its methods one after the other. */
export class Server {
  readonly name: string;
  readonly port: number;
  readonly logPath: string;
  readonly #options: ServerOptions;
  #process: ProcessIdentity | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.name = options.name;
    this.port = options.port;
    this.logPath = options.logPath;
  }

  /** @throws WattstreamError `invariant` when it was stopped or not yet started. */
  get process(): ProcessIdentity {
    if (this.#process !== undefined) return this.#process;
    throw new WattstreamError("invariant", `Start ${this.name} first: it does not run`);
  }

  /** @throws WattstreamError `invariant` when it was stopped or not yet started. */
  get pid(): number {
    return this.process.pid;
  }

  /**
   * Starts the process without waiting for it to serve.
   * @throws WattstreamError `unavailable` when another process has taken its port.
   */
  async launch(): Promise<void> {
    await eventually(() => {
      if (isFree(this.port)) return;
      throw new WattstreamError(
        "unavailable",
        `Free port ${this.port} of 127.0.0.1, which ${this.name} needs: another process has it`,
      );
    }, { deadlineMs: PORT_DEADLINE_MS });
    this.#process = await startProcess(this.#options);
  }

  /**
   * Resolves once `attempt` does not throw.
   * @throws WattstreamError `unavailable` when the process ends before, with the end of its log.
   */
  async untilServing(attempt: () => Promise<void>): Promise<void> {
    const isServing = await eventually(async () => {
      if (!await isRunning(this.process)) return false;
      await attempt();
      return true;
    }, { deadlineMs: READY_DEADLINE_MS });
    if (!isServing) throw await this.#endedTooSoon();
  }

  /** Ends it as an operator would: SIGTERM, then SIGKILL after 20 s. */
  async stop(): Promise<void> {
    if (this.#process !== undefined) await stopProcess(this.#process, STOP_DEADLINE_MS);
    this.#process = undefined;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    if (this.#process !== undefined) await killProcess(this.#process);
    this.#process = undefined;
  }

  /** SIGSTOP: it holds its connections and answers nothing. */
  async suspend(): Promise<void> {
    await signalProcess(this.process, "SIGSTOP");
  }

  /** SIGCONT. */
  async resume(): Promise<void> {
    await signalProcess(this.process, "SIGCONT");
  }

  async #endedTooSoon(): Promise<WattstreamError> {
    const lines = (await Deno.readTextFile(this.logPath)).trimEnd().split("\n");
    const end = lines.slice(-LOG_LINE_COUNT).join("\n");
    return new WattstreamError(
      "unavailable",
      `${this.name} ended before it was ready; the end of its log:\n${end}`,
    );
  }
}
