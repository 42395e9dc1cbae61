/**
 * Recordings in text with a row a sample: CSV as pandas, Excel and loggers write it, REFIT's
 * `CLEAN_House*.csv`, DRED's `All_data.csv`, tracebase's files without a heading.
 */
import { parse } from "csv-parse";
import { basename, extname } from "node:path";
import { WattstreamError } from "../../../shared/errors.ts";
import { explain, headOf, openText } from "./bytes.ts";
import { Cells, timeTextOf } from "./cells.ts";
import { type Columns, namesOf, pickColumns } from "./columns.ts";
import { dredDevices, HEADING_ROWS_MAX, headingOf, type Prelude, preludeOf } from "./heading.ts";
import type { ColumnChoice, Recording, Row } from "./recording.ts";
import { dateOrderOf } from "./times.ts";

interface ParsedRow {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/** How the text of a file is to be read. */
interface Layout extends Prelude {
  readonly encoding: string;
}

/** The household of a file: its name without folder and extensions. */
export function householdOf(path: string): string {
  const name = basename(path).replace(/\.(gz|gzip|zst)$/, "");
  return basename(name, extname(name));
}

/** @throws WattstreamError `config` where it cannot be read, or does not say which column is what. */
export async function openCsv(path: string, choice: ColumnChoice): Promise<Recording> {
  const layout = await layoutOf(path);
  const { separator } = layout;
  const first = await Array.fromAsync(take(rawRows(path, layout), HEADING_ROWS_MAX + 1));
  if (first.length === 0) {
    throw new WattstreamError("config", `${path}, line 1: expected a header, the file is empty`);
  }
  const { names, rowCount } = headingOf(first.map(({ record }) => record));
  const header = names?.map((name) => name.replace(/^#\s*/, "")) ??
    first[0]!.record.map((_, index) => String(index + 1));
  const columns = pickColumns(path, header, {
    ...(names === undefined && { timeColumn: "1", powerColumn: "2" }),
    ...(rowCount > 1 && { deviceColumns: dredDevices(header) }),
    ...defined(choice),
  });
  const timesOf = async function* (): AsyncIterable<string> {
    let row = 0;
    for await (const { record } of rawRows(path, layout)) {
      if (row++ >= rowCount) yield timeTextOf(record, columns);
    }
  };
  const dateOrder = await dateOrderOf(timesOf());
  return {
    path,
    household: householdOf(path),
    devices: namesOf(columns),
    taken: { ...takenOf(header, columns), ...timeTaken(header, columns, first[rowCount]?.record) },
    async *rows(): AsyncIterable<Row> {
      const cells = new Cells({ path, columns, header, separator, dateOrder, ...choice });
      let row = 0;
      for await (const { record, info } of rawRows(path, layout)) {
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

/** Of a time of the day with a date beside it both. */
function timeTaken(
  header: readonly string[],
  columns: Columns,
  row: readonly string[] | undefined,
): Recording["taken"] {
  const { time, date } = columns;
  const isBoth = date !== undefined && row?.[time] !== undefined && row[date] !== undefined &&
    timeTextOf(row, columns) !== row[time].trim();
  return isBoth ? { time: [header[date]!, header[time]!] } : {};
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

async function* rawRows(
  path: string,
  { fromLine, separator, encoding }: Layout,
): AsyncIterable<ParsedRow> {
  const parser = parse({
    ...{ bom: true, delimiter: separator, info: true, skip_empty_lines: true },
    // The cells that are too many have to be empty.
    ...{ from_line: fromLine, relax_column_count_more: true },
  });
  const source = openText(path, encoding, (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    yield* parser as AsyncIterable<ParsedRow>;
  } catch (error) {
    throw explain(error, path);
  } finally {
    source.destroy();
  }
}

async function layoutOf(path: string): Promise<Layout> {
  const { text, encoding } = await headOf(path);
  return { ...preludeOf(text.split(/\r\n|\n|\r/)), encoding };
}
