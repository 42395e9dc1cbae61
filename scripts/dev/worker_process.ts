/** One life of a worker: a process of its own, whose log lines go to a file and to whoever listens. */
import { fileURLToPath } from "node:url";
import { messageOf } from "../../shared/errors.ts";
import { ENGINE_FLAGS } from "../../shared/service/engine_flags.ts";

/** Everything but running programs and native code: no worker needs those. */
const PERMISSIONS = ["--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"];
const LEASH = fileURLToPath(new URL("./leash.ts", import.meta.url));

/** A line of a worker's log: a fixed sentence and its fields; `level` is missing where it is raw. */
export interface WorkerLine {
  readonly message: string;
  readonly level?: string;
  readonly [field: string]: unknown;
}

export interface ProcessSettings {
  readonly name: string;
  readonly args: readonly string[];
  /** All variables of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** File that its output is added to. */
  readonly logPath: string;
}

export class WorkerProcess {
  /** HOST:PORT of its HTTP side, once it has started. */
  address: string | undefined;
  /** Resolves when it has ended and all it wrote is taken in. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #onLine: (line: WorkerLine) => void;
  #hasEnded = false;
  #isLogFailing = false;

  constructor(settings: ProcessSettings, onLine: (line: WorkerLine) => void) {
    const main = fileURLToPath(new URL(`../../workers/${settings.name}/main.ts`, import.meta.url));
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", ENGINE_FLAGS, ...PERMISSIONS, "--preload", LEASH],
        ...[main, ...settings.args],
      ],
      clearEnv: true,
      env: { ...settings.env },
      // A session of its own: Ctrl-C in the terminal is for us, who end the workers in their order.
      detached: true,
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#onLine = onLine;
    this.ended = this.#end(settings.logPath);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Sends a signal, if it has not ended yet. */
  signal(name: "SIGTERM" | "SIGKILL"): void {
    if (this.#hasEnded) return;
    try {
      this.#child.kill(name);
    } catch (error) {
      // It has ended just now, and nobody has been told yet.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  async #end(logPath: string): Promise<Deno.CommandStatus> {
    const exit = this.#child.status.then((status) => {
      this.#hasEnded = true;
      return status;
    });
    const [status] = await Promise.all([exit, this.#read(logPath)]);
    await this.#child.stdin.close().catch((error) => {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    });
    return status;
  }

  async #read(logPath: string): Promise<void> {
    using file = await Deno.open(logPath, { append: true, create: true });
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of this.#child.stderr) {
      this.#write(file, bytes);
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#take(line);
    }
    this.#take(rest);
  }

  /** A worker does not end with the disk that its log is on. */
  #write(file: Deno.FsFile, bytes: Uint8Array): void {
    try {
      file.writeSync(bytes);
      this.#isLogFailing = false;
    } catch (error) {
      if (!this.#isLogFailing) {
        const message = "its log cannot be written: what it says meanwhile is only here";
        this.#onLine({ level: "warning", message, error: messageOf(error) });
      }
      this.#isLogFailing = true;
    }
  }

  #take(text: string): void {
    if (text.trim() === "") return;
    const line = parseLine(text);
    if (line.message === "started" && typeof line.http === "string") this.address = line.http;
    this.#onLine(line);
  }
}

/** A line of JSON with a message, or the text as it is. */
export function parseLine(text: string): WorkerLine {
  if (!text.startsWith("{")) return { message: text };
  try {
    const line: unknown = JSON.parse(text);
    const isLine = typeof line === "object" && line !== null && "message" in line &&
      typeof line.message === "string";
    return isLine ? line as WorkerLine : { message: text };
  } catch (error) {
    if (error instanceof SyntaxError) return { message: text };
    throw error;
  }
}
