/** Takes the CPU profile of a process of ours, from its first line on, through V8's inspector. */
import { eventually } from "../../shared/eventually.ts";
import { WattstreamError } from "../../shared/errors.ts";
import type { CpuProfile } from "./profile_stages.ts";

const SAMPLE_US = 500;
const DEADLINE = { deadlineMs: 60_000, intervalMs: 20 };

/** An answer of the inspector. */
interface Answer {
  readonly id?: number;
  readonly result?: { readonly profile?: CpuProfile };
  readonly error?: { readonly message: string };
}

/** A process that was started with `--inspect-wait` at this port. */
export class Profiler implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const answer: Answer = JSON.parse(data);
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    };
  }

  /** Lets the process go on, and begins. */
  static async start(port: number): Promise<Profiler> {
    const target = await eventually(async () => {
      const response = await fetch(`http://127.0.0.1:${port}/json/list`);
      const [target] = await response.json() as { readonly webSocketDebuggerUrl: string }[];
      if (target === undefined) throw new Error("the process has no isolate yet");
      return target;
    }, DEADLINE);
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const profiler = new Profiler(socket);
    await profiler.#ask("Profiler.enable");
    await profiler.#ask("Profiler.setSamplingInterval", { interval: SAMPLE_US });
    await profiler.#ask("Profiler.start");
    await profiler.#ask("Runtime.runIfWaitingForDebugger");
    return profiler;
  }

  async stop(): Promise<CpuProfile> {
    const { result } = await this.#ask("Profiler.stop");
    if (result?.profile !== undefined) return result.profile;
    throw new WattstreamError("unavailable", "the inspector has no profile");
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  async #ask(method: string, params: object = {}): Promise<Answer> {
    const id = ++this.#lastId;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const answer = await answered;
    this.#waiting.delete(id);
    if (answer.error === undefined) return answer;
    throw new WattstreamError("unavailable", `${method}: ${answer.error.message}`);
  }
}
