/** Recordings in Parquet, as pandas and ENERTALK write it: read a part of a row group at a time. */
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { messageOf, WattstreamError } from "../../../shared/errors.ts";
import { Cells } from "./cells.ts";
import { namesOf, pickColumns } from "./columns.ts";
import { householdOf, takenOf } from "./csv.ts";
import type { ColumnChoice, Recording, Row } from "./recording.ts";

/** Rows that are decoded at a time. */
const ROWS_MAX = 50_000;

/** Beside snappy, which the library has. */
const compressors = {
  GZIP: (bytes: Uint8Array) => gunzipSync(bytes),
  BROTLI: (bytes: Uint8Array) => brotliDecompressSync(bytes),
  ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes),
};

/** A table in a file. */
export interface ParquetTable {
  readonly header: readonly string[];
  /** The values of these columns, row by row, as they would stand in a text; in constant memory. */
  rows(columns: readonly string[]): AsyncGenerator<Readonly<Record<string, string>>>;
}

/** @throws WattstreamError `config` where it cannot be read. */
export async function openTable(path: string): Promise<ParquetTable> {
  const { file, metadata } = await orRefuse(path, async () => {
    const file = await asyncBufferFromFile(path);
    return { file, metadata: await parquetMetadataAsync(file) };
  });
  const rowCount = Number(metadata.num_rows);
  return {
    header: parquetSchema(metadata).children.map(({ element }) => element.name),
    async *rows(columns) {
      for (let rowStart = 0; rowStart < rowCount; rowStart += ROWS_MAX) {
        const rowEnd = Math.min(rowStart + ROWS_MAX, rowCount);
        const part = { file, metadata, compressors, columns: [...columns], rowStart, rowEnd };
        for (const row of await orRefuse(path, () => parquetReadObjects(part))) {
          yield Object.fromEntries(columns.map((name) => [name, textOf(row[name])]));
        }
      }
    },
  };
}

/** @throws WattstreamError `config` where it cannot be read, or does not say which column is what. */
export async function openParquet(path: string, choice: ColumnChoice): Promise<Recording> {
  const table = await openTable(path);
  const { header } = table;
  const columns = pickColumns(path, header, choice);
  const { time, power, devices } = columns;
  const watts = choice.withWatts === true
    ? devices.flatMap(({ wattsIndex }) => wattsIndex === undefined ? [] : [wattsIndex])
    : [];
  const places = new Set([time, power, ...devices.map(({ index }) => index), ...watts]);
  const wanted = Array.from(places, (at) => header[at]!);
  return {
    path,
    household: householdOf(path),
    devices: namesOf(columns),
    taken: takenOf(header, columns),
    async *rows(): AsyncIterable<Row> {
      const cells = new Cells({ path, columns, header, separator: ";", ...choice });
      let line = 0;
      for await (const row of table.rows(wanted)) {
        yield cells.row(header.map((name) => row[name] ?? ""), ++line);
      }
      cells.finish();
    },
  };
}

/** A value as it would stand in a text. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return value instanceof Date ? value.toISOString() : String(value);
}

async function orRefuse<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new WattstreamError("config", `${path}: ${messageOf(cause)}`, { cause });
  }
}
