/** One meter of a recording that has a file for each: times and watts, ascending, looked at in step. */
import { WattstreamError } from "../../../shared/errors.ts";
import { shortened } from "../../../shared/events.ts";
import { explain, openBytes } from "./bytes.ts";
import { isMissing, numberOf } from "./notation.ts";
import { secondsOf } from "./times.ts";

/** A value counts for so long, s: what has not reported since is not known. */
export const MAX_AGE_S = 60;

export interface Reading {
  readonly fileS: number;
  readonly watts: number | undefined;
  readonly line: number;
}

/** Readings of UK-DALE's and REDD's `channel_N.dat`: `unix_seconds watts`, a line each. */
export async function* readDat(path: string): AsyncGenerator<Reading> {
  for await (const { text, line } of linesOf(path)) {
    const [time = "", value = ""] = text.split(/[\s,;]+/, 2);
    yield readingOf(path, line, time, value);
  }
}

/** The lines of a file that are not empty, in constant memory, from 1. */
export async function* linesOf(path: string): AsyncGenerator<{ text: string; line: number }> {
  const source = openBytes(path, (error) => source.destroy(error));
  const decoder = new TextDecoder();
  let [rest, line] = ["", 0];
  try {
    for await (const bytes of source as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const each of lines) {
        line++;
        const text = each.trim();
        if (text !== "") yield { text, line };
      }
    }
    if (rest.trim() !== "") yield { text: rest.trim(), line: line + 1 };
  } catch (error) {
    throw explain(error, path);
  } finally {
    source.destroy();
  }
}

/** @throws WattstreamError `config` that names the line of what cannot be read. */
export function readingOf(path: string, line: number, time: string, value: string): Reading {
  const fileS = secondsOf(time);
  const watts = numberOf(value, ";");
  if (fileS !== undefined && (watts !== undefined || isMissing(value))) {
    return { fileS, watts, line };
  }
  throw new WattstreamError(
    "config",
    `${path}, line ${line}: expected Unix seconds and watts, got "${
      shortened(`${time} ${value}`, 100)
    }"`,
  );
}

/** What a meter shows at a moment, for moments that ascend. */
export class Channel {
  readonly #readings: AsyncGenerator<Reading>;
  #next: Reading | undefined;
  #last: Reading | undefined;
  #hasBegun = false;

  constructor(readings: AsyncGenerator<Reading>) {
    this.#readings = readings;
  }

  /** The watts of the newest reading at or before `fileS`; undefined where that is too old. */
  async at(fileS: number): Promise<number | undefined> {
    if (!this.#hasBegun) await this.#advance();
    this.#hasBegun = true;
    while (this.#next !== undefined && this.#next.fileS <= fileS) {
      this.#last = this.#next;
      await this.#advance();
    }
    const last = this.#last;
    return last !== undefined && fileS - last.fileS <= MAX_AGE_S ? last.watts : undefined;
  }

  async close(): Promise<void> {
    await this.#readings.return(undefined);
  }

  async #advance(): Promise<void> {
    const { value, done } = await this.#readings.next();
    this.#next = done === true ? undefined : value;
  }
}

/** The readings of a house's mains, each with what its other meters show at that moment. */
export async function* alongside(
  mains: AsyncGenerator<Reading>,
  others: readonly AsyncGenerator<Reading>[],
): AsyncGenerator<Reading & { readonly shown: readonly (number | undefined)[] }> {
  const channels = others.map((each) => new Channel(each));
  try {
    for await (const reading of mains) {
      const shown: (number | undefined)[] = [];
      for (const channel of channels) shown.push(await channel.at(reading.fileS));
      yield { ...reading, shown };
    }
  } finally {
    for (const channel of channels) await channel.close();
  }
}
