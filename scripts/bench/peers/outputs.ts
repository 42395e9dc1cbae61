/**
 * The outputs of several engines, held against those of the first, record by record: the same
 * identities, each once, with the same values. How a number or an object is written does not count.
 */
import { hash } from "node:crypto";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { WattstreamError } from "../../../shared/errors.ts";
import type { LogRecord } from "../../../shared/log/log.ts";

/** An output: whose it is and where it begins, and all that it says. */
interface Output {
  readonly identity: string;
  readonly text: string;
}

/** Outputs of an engine against those expected. */
export interface OutputTally {
  readonly expected: number;
  /** Nothing of that household and start. */
  readonly lost: number;
  /** There, but with other values. */
  readonly different: number;
  /** Of a household and start that are not expected. */
  readonly invented: number;
  /** Beyond the first of a household and start. */
  readonly doubled: number;
}

const LINES_PER_WRITE = 10_000;

/** What the first engine put out. */
export class ReferenceOutputs {
  readonly #name: string;
  readonly #path: string;
  readonly #digests = new Map<string, string>();

  private constructor(name: string, path: string) {
    this.#name = name;
    this.#path = path;
  }

  /**
   * @param path Takes all outputs as text, for the message about a difference.
   * @throws WattstreamError `invariant` where one comes twice.
   */
  static async of(
    records: AsyncIterable<LogRecord>,
    { name, path }: { readonly name: string; readonly path: string },
  ): Promise<ReferenceOutputs> {
    const reference = new ReferenceOutputs(name, path);
    await writeFile(path, "");
    let lines: string[] = [];
    const flush = async () => {
      await appendFile(path, lines.join(""));
      lines = [];
    };
    for await (const record of records) {
      const { identity, text } = outputOf(record);
      if (reference.#digests.has(identity)) throw difference(name, `${identity} comes twice`);
      reference.#digests.set(identity, digestOf(text));
      if (lines.push(`${identity}\t${text}\n`) >= LINES_PER_WRITE) await flush();
    }
    await flush();
    return reference;
  }

  get count(): number {
    return this.#digests.size;
  }

  /** @throws WattstreamError `invariant` that shows the first difference. */
  async compare(records: AsyncIterable<LogRecord>, name: string): Promise<void> {
    const seen = new Set<string>();
    for await (const record of records) {
      const { identity, text } = outputOf(record);
      const digest = this.#digests.get(identity);
      if (digest === undefined) {
        throw difference(name, `${this.#name} has no ${identity}, this one has ${text}`);
      }
      if (seen.has(identity)) throw difference(name, `${identity} comes twice`);
      seen.add(identity);
      if (digest === digestOf(text)) continue;
      throw difference(name, `${text}, where ${this.#name} has ${await this.#textOf(identity)}`);
    }
    if (seen.size === this.#digests.size) return;
    const missing = this.#digests.keys().find((identity) => !seen.has(identity))!;
    throw difference(
      name,
      `${this.#digests.size - seen.size} outputs are missing, the first is ` +
        await this.#textOf(missing),
    );
  }

  /** How often others differ, and in what. */
  async tally(records: AsyncIterable<LogRecord>): Promise<OutputTally> {
    const tally = { expected: this.#digests.size, lost: 0, different: 0, invented: 0, doubled: 0 };
    const seen = new Set<string>();
    for await (const record of records) {
      const { identity, text } = outputOf(record);
      const digest = this.#digests.get(identity);
      if (seen.has(identity)) tally.doubled++;
      else if (digest === undefined) tally.invented++;
      else if (digest !== digestOf(text)) tally.different++;
      seen.add(identity);
    }
    tally.lost = this.#digests.keys().filter((identity) => !seen.has(identity)).toArray().length;
    return tally;
  }

  async #textOf(identity: string): Promise<string> {
    const text = await readFile(this.#path, "utf8");
    const start = text.startsWith(`${identity}\t`) ? 0 : text.indexOf(`\n${identity}\t`) + 1;
    return text.slice(start + identity.length + 1, text.indexOf("\n", start));
  }
}

function difference(name: string, message: string): WattstreamError {
  return new WattstreamError("invariant", `Outputs of ${name} differ: ${message}`);
}

function outputOf({ topic, partition, offset, value }: LogRecord): Output {
  if (value === null) {
    throw new WattstreamError("invariant", `${topic} ${partition}:${offset} is no output`);
  }
  const event = JSON.parse(new TextDecoder().decode(value));
  const sorted = Object.entries(event).sort(([left], [right]) => left < right ? -1 : 1);
  const start = event.window_start ?? event.session_start;
  return {
    identity: `${event.username}/${event.client_id} at ${start}`,
    text: JSON.stringify(Object.fromEntries(sorted)),
  };
}

function digestOf(text: string): string {
  return hash("sha1", text, "base64");
}
