/**
 * Recordings in text with a row a sample: CSV as pandas, Excel and loggers write it, REFIT's
 * `CLEAN_House*.csv`, DRED's `All_data.csv`, tracebase's files without a heading.
 */
import { parse } from "csv-parse";
import { createReadStream } from "node:fs";
import { basename, extname } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf, WattstreamError } from "../../../shared/errors.ts";
import { Cells } from "./cells.ts";
import { type Columns, namesOf, pickColumns } from "./columns.ts";
import { dredDevices, HEADING_ROWS_MAX, headingOf } from "./heading.ts";
import { separatorOf } from "./notation.ts";
import type { ColumnChoice, Recording, Row } from "./recording.ts";

const GZIP = ".gz";
const HEADING_LENGTH_MAX = 64 * 1024;

interface ParsedRow {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/** The household of a file: its name without folder and extensions. */
export function householdOf(path: string): string {
  const name = basename(path).replace(/\.(gz|gzip)$/, "");
  return basename(name, extname(name));
}

/** @throws WattstreamError `config` where it cannot be read, or does not say which column is what. */
export async function openCsv(path: string, choice: ColumnChoice): Promise<Recording> {
  const separator = await separatorIn(path);
  const first = await Array.fromAsync(take(rawRows(path, separator), HEADING_ROWS_MAX + 1));
  if (first.length === 0) {
    throw new WattstreamError("config", `${path}, line 1: expected a header, the file is empty`);
  }
  const { names, rowCount } = headingOf(first.map(({ record }) => record));
  const header = names ?? first[0]!.record.map((_, index) => String(index + 1));
  const columns = pickColumns(path, header, {
    ...(names === undefined && { timeColumn: "1", powerColumn: "2" }),
    ...(rowCount > 1 && { deviceColumns: dredDevices(header) }),
    ...defined(choice),
  });
  return {
    path,
    household: householdOf(path),
    devices: namesOf(columns),
    taken: takenOf(header, columns),
    async *rows(): AsyncIterable<Row> {
      const cells = new Cells({ path, columns, header, separator, ...choice });
      let row = 0;
      for await (const { record, info } of rawRows(path, separator)) {
        if (row++ >= rowCount) yield cells.row(record, info.lines);
      }
      cells.finish();
    },
  };
}

/** What is taken for what, by the names of the columns. */
export function takenOf(header: readonly string[], columns: Columns): Recording["taken"] {
  return {
    time: header[columns.time]!,
    power: header[columns.power]!,
    devices: columns.devices.map(({ name, isState }) => isState ? name : `${name} (watts)`),
  };
}

/** Without what is undefined, which would hide what stands before it. */
function defined(choice: ColumnChoice): ColumnChoice {
  const entries = Object.entries(choice).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as ColumnChoice;
}

async function* take<T>(all: AsyncIterable<T>, count: number): AsyncIterable<T> {
  for await (const each of all) {
    if (count-- <= 0) return;
    yield each;
  }
}

async function* rawRows(path: string, separator: string): AsyncIterable<ParsedRow> {
  const parser = parse({ bom: true, delimiter: separator, info: true, skip_empty_lines: true });
  const source = openBytes(path, (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    yield* parser as AsyncIterable<ParsedRow>;
  } catch (error) {
    throw explain(error, path);
  } finally {
    source.destroy();
  }
}

/** By the first line; a comma where there is none. */
async function separatorIn(path: string): Promise<string> {
  const source = openBytes(path, (error) => source.destroy(error));
  let heading = "";
  try {
    for await (const bytes of source) {
      const isWide = heading === "" && bytes[0] === 0xff && bytes[1] === 0xfe;
      heading += isWide ? bytes.toString("utf16le") : String(bytes);
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
export function openBytes(path: string, onError: (error: Error) => void): Readable {
  const file = createReadStream(path);
  if (!path.endsWith(GZIP)) return file.on("error", onError);
  const unpacked = createGunzip().on("error", onError).on("close", () => file.destroy());
  file.on("error", onError).pipe(unpacked);
  return unpacked;
}

/** What an error of the file, of unpacking or of the parser means. */
export function explain(error: unknown, path: string): unknown {
  if (error instanceof WattstreamError) return error;
  const { code, lines } = error as { readonly code?: unknown; readonly lines?: unknown };
  const at = typeof lines === "number" ? `, line ${lines}` : "";
  if (typeof code !== "string") return error;
  return new WattstreamError("config", `${path}${at}: ${messageOf(error)}`, { cause: error });
}
