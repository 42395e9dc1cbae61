/**
 * A network of a user's own, in place of the posterior: of a window's power, second by second, it tells
 * how likely each device is on. What the model knows of the devices, their watts and what can be said
 * of them, stays as it is.
 */
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { invariant, messageOf, WattstreamError } from "../../../shared/errors.ts";
import type { ReadyModel, WindowJudge } from "../model/disaggregate.ts";
import type { Readings } from "../model/posterior_model.ts";
import {
  ANSWERED,
  ASKED,
  IDLE,
  type ThreadReady,
  threadSource,
  type ThreadStart,
} from "./network_thread.ts";

/** After so long it has not answered because it never will. */
const ANSWER_MS_MAX = 60_000;

export class Network implements WindowJudge {
  readonly #thread: Worker;
  readonly #state: Int32Array;
  readonly #input: Float32Array;
  readonly #output: Float32Array;
  #watts = new Float64Array(0);

  constructor(thread: Worker, { seconds, shared }: Exclude<ThreadReady, { problem: string }>) {
    this.#thread = thread;
    this.#state = new Int32Array(shared, 0, 1);
    this.#input = new Float32Array(shared, 4, seconds);
    this.#output = new Float32Array(shared, 4 + 4 * seconds);
  }

  get watts(): Float64Array {
    return this.#watts;
  }

  /** A network tells of so many devices, no others. */
  canJudge({ model }: ReadyModel): boolean {
    return model.devices.length === this.#output.length;
  }

  columnsOn({ model }: ReadyModel, readings: Readings, at: number, on: Float64Array): void {
    this.#fill(readings, at);
    Atomics.store(this.#state, 0, ASKED);
    Atomics.notify(this.#state, 0);
    while (Atomics.load(this.#state, 0) === ASKED) {
      const woken = Atomics.wait(this.#state, 0, ASKED, ANSWER_MS_MAX);
      invariant(woken !== "timed-out", "The network of --model does not answer");
    }
    const state = Atomics.exchange(this.#state, 0, IDLE);
    invariant(state === ANSWERED, "The network of --model failed on a window");
    if (this.#watts.length !== model.columns.length) {
      this.#watts = new Float64Array(model.columns.length);
    }
    model.columns.forEach(({ devices, watts }, column) => {
      let sum = 0;
      for (const device of devices) sum += this.#output[device]!;
      const probability = sum / devices.length;
      invariant(
        probability >= 0 && probability <= 1,
        `The network of --model gives ${probability} for a probability`,
      );
      on[column] = probability;
      this.#watts[column] = probability * watts;
    });
  }

  /** Second by second about the one that is asked for; where none was read, what was read before it. */
  #fill({ timestamps, consumption }: Readings, at: number): void {
    const first = timestamps[at]! - Math.floor(this.#input.length / 2);
    let reading = 0;
    for (let index = 0; index < this.#input.length; index++) {
      while (reading + 1 < timestamps.length && timestamps[reading + 1]! <= first + index) {
        reading++;
      }
      this.#input[index] = consumption[reading]!;
    }
  }

  close(): void {
    this.#thread.terminate();
  }
}

/**
 * Loads a network and what runs it.
 * @param runtime folder `dist` of the package onnxruntime-web.
 * @throws WattstreamError `config` where either cannot be used.
 */
export async function openNetwork(path: string, runtime: string): Promise<Network> {
  const network = await bytesOf("--model", path);
  const wasm = await bytesOf("--model-runtime", `${runtime}/ort-wasm-simd-threaded.wasm`);
  const thread = new Worker(threadSource(), { type: "module" });
  const start: ThreadStart = { network, wasm, runtime: `${pathToFileURL(runtime)}/` };
  const ready = await new Promise<ThreadReady>((resolve) => {
    thread.onmessage = ({ data }) => resolve(data);
    thread.onerror = (event) => {
      event.preventDefault();
      resolve({ problem: event.message });
    };
    thread.postMessage(start);
  });
  if ("problem" in ready) {
    thread.terminate();
    throw new WattstreamError(
      "config",
      `Check --model ${path}, and that onnxruntime-web is in --model-runtime ${runtime}: ${ready.problem}`,
    );
  }
  return new Network(thread, ready);
}

async function bytesOf(flag: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new WattstreamError("config", `Choose another ${flag}: ${messageOf(cause)}`, { cause });
  }
}
