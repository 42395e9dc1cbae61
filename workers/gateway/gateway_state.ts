/**
 * What a gateway has of its own, from one process to the next: its client id, by how much clocks are
 * off, what has been announced, so that it can be taken back, and the second of each household's last
 * reading, so that what the broker kept and repeats is not taken for new.
 */
import { z } from "zod";
import { lockState, statePath, writeWhole } from "../../shared/spool/state_folder.ts";

/** Whatever else a later version has written is left out. */
const stateSchema = z.object({
  clientId: z.string().min(1),
  /** By household and source: seconds by which a device's clock is ahead. */
  offsets: z.record(z.string(), z.number()),
  /** By household: how many devices of it at most are announced to Home Assistant. */
  announced: z.record(z.string(), z.int().min(0)).default({}),
});

const secondsSchema = z.record(z.string(), z.number());

export class GatewayState implements Disposable {
  readonly folder: string;
  readonly #lock: Deno.FsFile;
  #content: z.infer<typeof stateSchema>;
  readonly lastSeconds: Readonly<Record<string, number>>;
  #seconds = "";

  /**
   * Opens the folder, for this process alone until it is disposed of.
   * @throws WattstreamError `config` where that cannot be.
   */
  constructor(
    { state, env, random }: {
      readonly state: string | undefined;
      readonly env: (name: string) => string | undefined;
      readonly random: () => number;
    },
  ) {
    this.folder = statePath({ state, name: "gateway", env });
    this.#lock = lockState(this.folder);
    const known = this.#read(stateSchema, "gateway.json");
    this.lastSeconds = this.#read(secondsSchema, "seconds.json") ?? {};
    this.#content = known ?? {
      ...{ clientId: `gateway-${random().toString(36).slice(2)}`, offsets: {}, announced: {} },
    };
    if (known === undefined) this.#write();
  }

  get clientId(): string {
    return this.#content.clientId;
  }

  get offsets(): Readonly<Record<string, number>> {
    return this.#content.offsets;
  }

  /** Remembers that a clock is off by so much; undefined: that nobody knows. */
  setOffset(name: string, offsetS: number | undefined): void {
    const { [name]: _, ...others } = this.#content.offsets;
    const offsets = offsetS === undefined ? others : { ...others, [name]: offsetS };
    this.#content = { ...this.#content, offsets };
    this.#write();
  }

  get announced(): Readonly<Record<string, number>> {
    return this.#content.announced;
  }

  /** Remembers that so many devices of a household are announced; undefined: that nothing is. */
  setAnnounced(name: string, deviceCount: number | undefined): void {
    const { [name]: _, ...others } = this.#content.announced;
    const announced = deviceCount === undefined ? others : { ...others, [name]: deviceCount };
    this.#content = { ...this.#content, announced };
    this.#write();
  }

  /** Remembers the seconds of the last readings over a SIGKILL, if not over a power cut. */
  setLastSeconds(seconds: Readonly<Record<string, number>>): void {
    const text = JSON.stringify(seconds);
    if (text === this.#seconds) return;
    const path = `${this.folder}/seconds.json`;
    Deno.writeTextFileSync(`${path}.new`, text);
    Deno.renameSync(`${path}.new`, path);
    this.#seconds = text;
  }

  [Symbol.dispose](): void {
    this.#lock.close();
  }

  /** Undefined where there is none that can be read: then a new one begins. */
  #read<T>(schema: z.ZodType<T>, name: string): T | undefined {
    try {
      const text = Deno.readTextFileSync(`${this.folder}/${name}`);
      const parsed = schema.safeParse(JSON.parse(text));
      return parsed.success ? parsed.data : undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  #write(): void {
    writeWhole(`${this.folder}/gateway.json`, JSON.stringify(this.#content));
  }
}
