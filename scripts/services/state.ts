/** What `up` started and `down` has to stop, in a file; one command at a time has it in hand. */
import { z } from "zod";
import { messageOf, WattstreamError } from "../../shared/errors.ts";

const process = z.strictObject({
  /** As messages name it. */
  name: z.string(),
  pid: z.int(),
  /** Tells the process from a later one with the same pid. */
  startTicks: z.int(),
  /** On 127.0.0.1. */
  port: z.int(),
  logPath: z.string(),
});

const service = z.strictObject({ url: z.string(), processes: z.array(process).min(1) });

const state = z.strictObject({
  kafka: service.optional(),
  mosquitto: service.optional(),
  prometheus: service.optional(),
});

export type ServiceProcess = z.output<typeof process>;

/** A service that was started. */
export type StartedService = z.output<typeof service>;

/** The services that were started and not yet stopped, whether they still run or not. */
export type State = z.output<typeof state>;

/** The state file of a folder, while no other command has it. */
export class StateFile {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = `${folder}/state.json`;
  }

  /** @throws WattstreamError `config` when the file is not what this version writes. */
  async read(): Promise<State> {
    let text: string;
    try {
      text = await Deno.readTextFile(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return {};
      throw error;
    }
    try {
      return state.parse(JSON.parse(text));
    } catch (error) {
      throw new WattstreamError(
        "config",
        `Stop the processes named in ${this.#path} yourself and remove it: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  /** Replaces the file as a whole. */
  async write(value: State): Promise<void> {
    const next = `${this.#path}.next`;
    await Deno.writeTextFile(next, `${JSON.stringify(value, null, 2)}\n`);
    await Deno.rename(next, this.#path);
  }
}

/** Creates the folder, waits until no other command uses it, and hands over its state file. */
export async function withState<T>(
  folder: string,
  use: (file: StateFile) => Promise<T>,
): Promise<T> {
  await Deno.mkdir(folder, { recursive: true });
  using lock = await Deno.open(`${folder}/lock`, { create: true, write: true });
  await lock.lock(true);
  return await use(new StateFile(folder));
}
