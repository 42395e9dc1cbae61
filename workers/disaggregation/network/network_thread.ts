/**
 * The thread that runs a network. The runtime computes in a promise, while a batch of windows is judged
 * in one go: so the asking thread waits until this one has answered in memory that they share.
 *
 *   asks      IDLE ─▶ ASKED ······ waits ······ ANSWERED ─▶ reads, IDLE
 *   answers              ╰─▶ computes ─▶ writes ─╯
 */

/** What there is to do, the first number that is shared. */
export const IDLE = 0;
export const ASKED = 1;
export const ANSWERED = 2;
export const FAILED = 3;

/** The runtime, as far as it is used. */
interface Runtime {
  readonly env: { readonly wasm: { numThreads: number; wasmBinary: Uint8Array } };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => unknown;
  readonly InferenceSession: {
    create(network: Uint8Array, options: object): Promise<Session>;
  };
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly { readonly shape?: readonly unknown[] }[];
  run(inputs: object): Promise<Record<string, { readonly data: Float32Array }>>;
}

/** What the thread is begun with. */
export interface ThreadStart {
  readonly network: Uint8Array;
  readonly wasm: Uint8Array;
  /** Folder of the runtime, as a URL that ends with a slash. */
  readonly runtime: string;
}

/** What it says of the network that it has loaded, or why it has not. */
export type ThreadReady =
  | { readonly seconds: number; readonly outputs: number; readonly shared: SharedArrayBuffer }
  | { readonly problem: string };

/** The source of the thread: a bundle has no file for it. */
export function threadSource(): string {
  return `data:text/javascript,${encodeURIComponent(`(${serve.toString()})(self);`)}`;
}

/** All that the thread does; refers to nothing outside of itself. */
function serve(self: {
  onmessage: unknown;
  postMessage(message: ThreadReady): void;
}): void {
  const [asked, answered, failed] = [1, 2, 3];
  self.onmessage = async ({ data }: { readonly data: ThreadStart }) => {
    try {
      // The runtime takes its origin for a base of URLs, and here it is "null".
      Object.defineProperty(self, "location", { value: undefined });
      const runtime: Runtime = await import(`${data.runtime}ort.wasm.bundle.min.mjs`);
      runtime.env.wasm.numThreads = 1;
      runtime.env.wasm.wasmBinary = data.wasm;
      const session = await runtime.InferenceSession.create(data.network, {
        executionProviders: ["wasm"],
      });
      const [input, output] = [session.inputNames[0]!, session.outputNames[0]!];
      const seconds = session.inputMetadata[0]?.shape?.at(-1);
      if (typeof seconds !== "number" || session.inputNames.length !== 1) {
        throw new Error("expected one input of a window's seconds, such as [1, 15]");
      }
      const judge = async (powerW: Float32Array) => {
        const inputs = { [input]: new runtime.Tensor("float32", powerW, [1, seconds]) };
        return (await session.run(inputs))[output]!.data;
      };
      const outputs = (await judge(new Float32Array(seconds))).length;
      const shared = new SharedArrayBuffer(4 * (1 + seconds + outputs));
      const state = new Int32Array(shared, 0, 1);
      const values = new Float32Array(shared, 4);
      self.postMessage({ seconds, outputs, shared });
      for (;;) {
        const now = Atomics.load(state, 0);
        if (now !== asked) {
          Atomics.wait(state, 0, now);
          continue;
        }
        let result = failed;
        try {
          values.set(await judge(values.slice(0, seconds)), seconds);
          result = answered;
        } finally {
          Atomics.store(state, 0, result);
          Atomics.notify(state, 0);
        }
      }
    } catch (error) {
      self.postMessage({ problem: error instanceof Error ? error.message : String(error) });
    }
  };
}
