/** A worker as a process of its own, for tests: started as `deno task` does, killed or stopped. */
import { WattstreamError } from "../errors.ts";
import { ENGINE_FLAGS } from "../service/engine_flags.ts";
import { permissionFlags } from "../service/permissions.ts";
import { eventually, PATIENCE_MS } from "../eventually.ts";

const LOG_LINES_MAX = 200;

/** One line of the worker's log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** Those that run: whoever ends this process may end them too. */
const alive = new Set<Deno.ChildProcess>();

/** Kills every worker that was started here and runs, for a program that is ended from outside. */
export function killWorkers(): void {
  for (const child of alive) killIfAlive(child);
}

function killIfAlive(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended
  }
}

export class WorkerProcess {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #hasEnded = false;
  /** Its log so far, the last 200 lines. */
  readonly lines: LogLine[] = [];
  /** What else it wrote to standard error. */
  readonly otherLines: string[] = [];

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = this.#read(child.stderr);
    alive.add(child);
    void child.status.then(() => {
      this.#hasEnded = true;
      alive.delete(child);
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves once its `/readyz` says so. @throws where it ends before. */
  async ready(): Promise<void> {
    const isReady = await eventually(async () => {
      if (this.#hasEnded) return false;
      const { status, text } = await this.get("/readyz");
      if (status !== 200) throw new Error(text);
      return true;
    }, { deadlineMs: PATIENCE_MS });
    if (isReady) return;
    const last = JSON.stringify(this.lines.at(-1)) ?? "";
    throw new WattstreamError(
      "unavailable",
      `it has ended: ${[...this.otherLines, last].join("\n")}`,
    );
  }

  /** GET of its HTTP side. @throws where it does not serve yet or any more. */
  async get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const address = this.lines.find(({ message }) => message === "started")?.http;
    if (typeof address !== "string") {
      throw new WattstreamError("unavailable", `not started yet: ${this.otherLines.join("\n")}`);
    }
    const response = await fetch(`http://${address}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** The value of a metric, named as Prometheus writes it: `name{label="value"}`. */
  async metric(name: string): Promise<number> {
    const { text } = await this.get("/metrics");
    const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
    if (line === undefined) throw new WattstreamError("invariant", `there is no metric ${name}`);
    return Number(line.slice(name.length + 1));
  }

  /** SIGKILL: what it had in hand is gone. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exit();
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    return await this.exit();
  }

  /** Makes sure that it is gone, whether it has ended already or not. */
  async end(): Promise<void> {
    killIfAlive(this.#child);
    await this.exit();
  }

  /** Resolves with the exit code once it has ended. */
  async exit(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      for (const line of parts) this.#take(line);
    }
  }

  #take(line: string): void {
    if (line.startsWith("{")) this.lines.push(JSON.parse(line));
    else if (line !== "") this.otherLines.push(line);
    while (this.lines.length > LOG_LINES_MAX) this.lines.splice(1, 1);
  }
}

/**
 * Starts `workers/<name>/main.ts` with these flags.
 * @param bundle the file that the worker was bundled into, which starts in its place.
 */
export function startWorker(
  name: string,
  args: readonly string[],
  bundle?: string,
): WorkerProcess {
  const main = bundle === undefined
    ? [new URL(`../../workers/${name}/main.ts`, import.meta.url).pathname]
    : ["--no-config", bundle];
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ENGINE_FLAGS, ...permissionFlags(), ...main, ...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  });
  return new WorkerProcess(command.spawn());
}
