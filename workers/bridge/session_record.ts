/**
 * What the bridge knows of its session at the broker, kept in its state folder: so a bridge that was
 * started anew notices as well that the broker no longer has the session.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import { writeWhole } from "../../shared/spool/state_folder.ts";

const FILE_NAME = "session.json";

const recordSchema = z.strictObject({
  /** Broker and client id of the session, as a digest: an id that is given is not ours to write down. */
  session: z.string(),
  /** Messages that the broker said it had dropped, by the topic that said so. */
  dropped: z.record(z.string(), z.number()),
});

export class SessionRecord {
  readonly #path: string;
  readonly #session: string;
  /** Whether the broker has a session for us, as far as we know. */
  #isKnown = false;
  #dropped: Record<string, number> = {};

  /**
   * What the folder knows of this session.
   * @throws WattstreamError `config` when the file is not one of ours.
   */
  constructor(
    folder: string,
    { broker, clientId }: { readonly broker: string; readonly clientId: string },
  ) {
    this.#path = `${folder}/${FILE_NAME}`;
    this.#session = createHash("sha256").update(`${broker}\n${clientId}`).digest("hex");
    const text = readIfThere(this.#path);
    if (text === undefined) return;
    const { session, dropped } = parse(text, this.#path);
    if (session !== this.#session) return;
    this.#isKnown = true;
    this.#dropped = { ...dropped };
  }

  /** Whether the broker should have a session for us. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** The broker has one from now on. @throws WattstreamError `config` where the disk fails. */
  remember(): void {
    if (this.#isKnown) return;
    this.#isKnown = true;
    this.#write();
  }

  /** We have ended it ourselves. @throws what the disk says. */
  forget(): void {
    if (!this.#isKnown) return;
    this.#isKnown = false;
    removeIfThere(this.#path);
  }

  /** How many dropped messages this topic had told of, or undefined where it never did. */
  droppedBefore(topic: string): number | undefined {
    return this.#dropped[topic];
  }

  /** @throws WattstreamError `config` where the disk fails. */
  rememberDropped(topic: string, count: number): void {
    this.#dropped[topic] = count;
    if (this.#isKnown) this.#write();
  }

  #write(): void {
    const record: z.input<typeof recordSchema> = { session: this.#session, dropped: this.#dropped };
    writeWhole(this.#path, `${JSON.stringify(record)}\n`);
  }
}

/** For whoever ends the broker, or the session: the next bridge is not to miss it. */
export function forgetSession(folder: string): void {
  removeIfThere(`${folder}/${FILE_NAME}`);
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new WattstreamError("config", `Make ${path} readable: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function parse(text: string, path: string): z.output<typeof recordSchema> {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new WattstreamError("config", `Remove ${path}: it is not a session's record`, { cause });
  }
}
