/**
 * Reads a recording: `timestamp,total_power_w,<device>_w…,<device>_on…`, one sample a row. Local
 * times without a zone are taken as they stand, since only their distances count. Everything is
 * checked before anything is published; an error names file, line and column.
 */
import { parse } from "csv-parse";
import { createReadStream } from "node:fs";
import { basename, extname } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import { numberOf, secondsOf, separatorOf, stateOf } from "./replay_notation.ts";

/** Samples that are held in memory at most: 57 days at one a second. */
const SAMPLES_MAX = 5_000_000;
const DEVICES_MAX = 256;
const GZIP = ".gz";
const HEADING_LENGTH_MAX = 64 * 1024;

const TIMESTAMP_COLUMN = "timestamp";
const POWER_COLUMN = "total_power_w";
const STATE_SUFFIX = "_on";

export interface Sample {
  /** Seconds of the file's own clock. */
  readonly fileS: number;
  readonly powerW: number;
  /** In the order of the `_on` columns; empty where there are none. */
  readonly stateBitmap: boolean[];
}

export interface Stretch {
  /** Seconds after the file's first sample at which to begin. */
  readonly fromS: number;
  /** Seconds of the file to take; all that follow where undefined. */
  readonly limitS: number | undefined;
}

/** The household of a file: its name without folder and extension. */
export function householdOf(path: string): string {
  const name = basename(path, GZIP);
  return basename(name, extname(name));
}

/**
 * The samples of a stretch of a file, at least one, ascending.
 * @throws WattstreamError `config` that names file, line and column of what is wrong.
 */
export async function readReplayFile(path: string, stretch: Stretch): Promise<Sample[]> {
  const separator = await separatorIn(path);
  const parser = parse({ bom: true, delimiter: separator, info: true, skip_empty_lines: true });
  const source = openText(path, (error) => parser.destroy(error));
  source.pipe(parser);
  const samples: Sample[] = [];
  let reader: SampleReader | undefined;
  let firstS: number | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRow>) {
      if (reader === undefined) {
        reader = new SampleReader(path, separator, record);
        continue;
      }
      const sample = reader.read(record, info.lines);
      firstS ??= sample.fileS;
      const afterS = sample.fileS - firstS;
      if (stretch.limitS !== undefined && afterS >= stretch.fromS + stretch.limitS) break;
      if (afterS >= stretch.fromS) samples.push(sample);
      if (samples.length > SAMPLES_MAX) {
        throw new WattstreamError(
          "config",
          `Take a stretch of ${path} with --replay-limit: it has more than ${SAMPLES_MAX} samples`,
        );
      }
    }
  } catch (error) {
    throw explain(error, path);
  } finally {
    source.destroy();
  }
  if (samples.length === 0) {
    throw new WattstreamError("config", emptyMessage(path, reader, firstS, stretch));
  }
  return samples;
}

/** By the first line; a comma where there is none. */
async function separatorIn(path: string): Promise<string> {
  const source = openText(path, (error) => source.destroy(error));
  let heading = "";
  try {
    for await (const bytes of source) {
      heading += String(bytes);
      if (/[\r\n]/.test(heading) || heading.length > HEADING_LENGTH_MAX) break;
    }
    return separatorOf(heading.split(/[\r\n]/, 1)[0]!);
  } catch (error) {
    throw explain(error, path);
  } finally {
    source.destroy();
  }
}

/** The bytes of a file, unpacked where it is called `.gz`. `onError` hears of the file's own errors. */
function openText(path: string, onError: (error: Error) => void): Readable {
  const file = createReadStream(path);
  if (!path.endsWith(GZIP)) return file.on("error", onError);
  const unpacked = createGunzip().on("error", onError).on("close", () => file.destroy());
  file.on("error", onError).pipe(unpacked);
  return unpacked;
}

interface ParsedRow {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/** Reads rows under one header. */
class SampleReader {
  readonly #path: string;
  readonly #separator: string;
  readonly #header: readonly string[];
  readonly #timestampIndex: number;
  readonly #powerIndex: number;
  readonly #stateIndexes: readonly number[];
  /** The few vectors that occur, so that a long file shares them. */
  readonly #bitmaps = new Map<string, boolean[]>();
  #lastS = -Infinity;

  constructor(path: string, separator: string, header: readonly string[]) {
    this.#path = path;
    this.#separator = separator;
    this.#header = header.map((name) => name.trim());
    this.#timestampIndex = this.#column(TIMESTAMP_COLUMN);
    this.#powerIndex = this.#column(POWER_COLUMN);
    this.#stateIndexes = this.#header.keys().filter((index) =>
      this.#header[index]!.endsWith(STATE_SUFFIX)
    ).toArray();
    if (this.#stateIndexes.length > DEVICES_MAX) {
      throw new WattstreamError(
        "config",
        `Leave at most ${DEVICES_MAX} ${STATE_SUFFIX} columns in ${path}: it has ${this.#stateIndexes.length}`,
      );
    }
  }

  read(row: readonly string[], line: number): Sample {
    const fileS = this.#seconds(row, line);
    if (fileS <= this.#lastS) {
      this.#refuse(line, this.#timestampIndex, row, "a time after that of the row before");
    }
    this.#lastS = fileS;
    return { fileS, powerW: this.#power(row, line), stateBitmap: this.#states(row, line) };
  }

  #column(name: string): number {
    const index = this.#header.indexOf(name);
    if (index === -1) {
      throw new WattstreamError("config", `${this.#path}, line 1: expected a column ${name}`);
    }
    return index;
  }

  #seconds(row: readonly string[], line: number): number {
    const seconds = secondsOf(row[this.#timestampIndex]!.trim());
    if (seconds === undefined) {
      this.#refuse(line, this.#timestampIndex, row, "YYYY-MM-DDTHH:MM:SS, or Unix time");
    }
    return seconds;
  }

  #power(row: readonly string[], line: number): number {
    const powerW = numberOf(row[this.#powerIndex]!.trim(), this.#separator);
    if (powerW === undefined) this.#refuse(line, this.#powerIndex, row, "a number of watts");
    return powerW;
  }

  #states(row: readonly string[], line: number): boolean[] {
    let key = "";
    for (const index of this.#stateIndexes) {
      const isOn = stateOf(row[index]!.trim());
      if (isOn === undefined) this.#refuse(line, index, row, "0 or 1");
      key += isOn ? "1" : "0";
    }
    let bitmap = this.#bitmaps.get(key);
    if (bitmap === undefined) {
      bitmap = Array.from(key, (digit) => digit === "1");
      this.#bitmaps.set(key, bitmap);
    }
    return bitmap;
  }

  #refuse(line: number, column: number, row: readonly string[], expected: string): never {
    throw new WattstreamError(
      "config",
      `${this.#path}, line ${line}, column ${this.#header[column]}: expected ${expected}, got "${
        row[column]
      }"`,
    );
  }
}

function explain(error: unknown, path: string): unknown {
  if (error instanceof WattstreamError) return error;
  const { code, lines } = error as { readonly code?: unknown; readonly lines?: unknown };
  const at = typeof lines === "number" ? `, line ${lines}` : "";
  if (typeof code !== "string") return error;
  return new WattstreamError("config", `${path}${at}: ${messageOf(error)}`, { cause: error });
}

function emptyMessage(
  path: string,
  reader: SampleReader | undefined,
  firstS: number | undefined,
  stretch: Stretch,
): string {
  if (reader === undefined) return `${path}, line 1: expected a header, the file is empty`;
  if (firstS === undefined) return `${path}, line 2: expected a sample, there is only the header`;
  const limit = stretch.limitS === undefined ? "" : ` --replay-limit ${stretch.limitS}s`;
  return `Choose another stretch of ${path}: --replay-from ${stretch.fromS}s${limit} has no sample`;
}
