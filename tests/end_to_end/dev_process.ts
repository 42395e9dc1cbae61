/** `deno task dev` and `deno task topics` as a person runs them, for tests. */
import assert from "node:assert/strict";
import { type Report, reportSchema } from "../../scripts/dev/report.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Generous: the machine may be busy. */
export const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 20 };
const END_DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 500 };

type WorkerName =
  | "simulator"
  | "bridge"
  | "predictions"
  | "training"
  | "disaggregation"
  | "console"
  | "publisher";

/** A command of ours, as a process. Both outputs are kept. */
export class TaskProcess {
  output = "";
  readonly #child: Deno.ChildProcess;
  readonly #exit: Promise<number>;
  #hasEnded = false;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: ROOT,
      env: { ...env, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#exit = this.#end();
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves with the exit code, all output being there. */
  exit(): Promise<number> {
    return this.#exit;
  }

  /** As Ctrl-C does. */
  interrupt(): void {
    if (!this.#hasEnded) this.#child.kill("SIGINT");
  }

  /** SIGKILL. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Waits until it has written this. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    return await eventually(() => {
      const match = pattern.exec(this.output);
      assert.ok(match !== null || !this.#hasEnded, `it has ended:\n${this.output}`);
      assert.ok(match !== null, `no ${pattern} in:\n${this.output}`);
      return match;
    }, DEADLINE);
  }

  /** Makes sure that it is gone, after a test that failed too. */
  async end(): Promise<void> {
    await eventually(() => {
      this.interrupt();
      assert.ok(this.#hasEnded, "it does not end");
    }, END_DEADLINE);
  }

  async #end(): Promise<number> {
    const read = async (stream: ReadableStream<Uint8Array>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) this.output += text;
    };
    await Promise.all([read(this.#child.stdout), read(this.#child.stderr)]);
    const { code } = await this.#child.status;
    this.#hasEnded = true;
    return code;
  }
}

/** `deno task dev` with these flags; `isDirect` leaves out the process of `deno task`. */
export class DevProcess extends TaskProcess {
  constructor(
    args: readonly string[],
    { env = {}, isDirect = false }: {
      readonly env?: Readonly<Record<string, string>>;
      readonly isDirect?: boolean;
    } = {},
  ) {
    super([...(isDirect ? ["run", "-A", "scripts/dev.ts"] : ["task", "dev"]), ...args], env);
  }

  /** Waits until it publishes. */
  async running(): Promise<void> {
    await this.until(/Ctrl-C ends it/);
  }

  /** URL of the log. */
  get logUrl(): string {
    return /^ +log +(\S+)/m.exec(this.output)![1]!;
  }

  /** Where the console is. */
  get consoleUrl(): string {
    return /Watch it at (http:\S+)/.exec(this.output)![1]!;
  }

  /** Port of the embedded broker. */
  get mqttPort(): string {
    return /mosquitto_pub .*-p (\d+)/.exec(this.output)![1]!;
  }

  /** Id of the process that is this worker's now. */
  pidOf(worker: WorkerName): number {
    const restarts = [
      ...this.output.matchAll(new RegExp(`the ${worker} worker runs again as process (\\d+)`, "g")),
    ];
    const first = new RegExp(`^ +workers .*${worker} (\\d+)`, "m").exec(this.output);
    return Number((restarts.at(-1) ?? first)![1]);
  }

  /** SIGKILL to this worker, unless it has just ended. */
  killWorker(worker: WorkerName): void {
    const pid = this.pidOf(worker);
    if (isAlive(pid)) Deno.kill(pid, "SIGKILL");
  }

  /** How often this worker was started again. */
  restartsOf(worker: WorkerName): number {
    return this.output.split(`the ${worker} worker runs again`).length - 1;
  }

  /** Every worker that was ever started, dead or alive. */
  get allPids(): number[] {
    const first = /^ +workers +(.*) \(process ids/m.exec(this.output)?.[1] ?? "";
    const later = [...this.output.matchAll(/runs again as process (\d+)/g)].map(([, pid]) => pid!);
    return [...first.matchAll(/\d+/g)].map(([pid]) => pid).concat(later).map(Number);
  }
}

/** Whether a process is running. One that is dead but not yet buried is not. */
export function isAlive(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/\) [ZX] /.test(stat);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The output of `deno task topics …`. */
export async function topics(...args: string[]): Promise<string> {
  const task = new TaskProcess(["run", "-A", "--quiet", "scripts/topics.ts", ...args]);
  assert.equal(await task.exit(), 0, task.output);
  return task.output;
}

/** A record as `deno task topics read --json` prints it. */
export interface JsonRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly append_ms: number;
  readonly key: string | null;
  readonly value: string | null;
}

/** All records of a topic. */
export async function readAll(logUrl: string, topic: string, ...args: string[]) {
  const output = await topics(
    ...["read", topic, "--from-beginning", "--json", "--log", logUrl, ...args],
  );
  return output.split("\n").filter((line) => line !== "").map((line): JsonRecord =>
    JSON.parse(line)
  );
}

/** Runs `body` in a folder of its own. */
export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wattstream-test-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Reads a closing report, which must have the fields of the contract and no others. */
export async function readReport(path: string): Promise<Report> {
  return reportSchema.parse(JSON.parse(await Deno.readTextFile(path)));
}

/** What every run must show. */
export function assertCorrect(report: Report): void {
  const { correctness, outcomes, log, workers, disaggregation } = report;
  assert.equal(correctness.lost, 0);
  assert.equal(correctness.duplicated, 0);
  assert.equal(correctness.windows_matching, correctness.windows_expected);
  assert.equal(correctness.datasets_matching, correctness.datasets_expected);
  assert.equal(log.predictions, correctness.windows_expected);
  assert.equal(log.dataset2train, correctness.datasets_expected);
  assert.equal(correctness.ascending_pct, 100);
  const { partly_late: _, ...exclusive } = outcomes;
  const sum = Object.values(exclusive).reduce((total, count) => total + count, 0);
  assert.equal(sum, 2 * log.power + log.device_state);
  assert.equal(workers.predictions.held, 0);
  assert.equal(workers.training.held, 0);
  if (disaggregation === undefined) return;
  const { models_expected, states_expected, matching, lost, unexpected } = disaggregation;
  // The log compacts models: each dataset makes one, and the newest of each household stays.
  assert.ok(models_expected <= log.dataset2train);
  assert.deepEqual([matching, lost, unexpected], [models_expected + states_expected, 0, 0]);
}
