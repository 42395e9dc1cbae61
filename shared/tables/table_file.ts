/** A file that rows are added to, as Parquet, CSV or JSON lines. Never the whole of it in memory. */
import type { Cell, Column } from "./tables.ts";
import { parquetFile } from "./parquet_file.ts";
import { csvFile, jsonLinesFile } from "./text_file.ts";

export type Format = "parquet" | "csv" | "jsonl";

/** What a file is told about itself. */
export interface TableDescription {
  readonly columns: readonly Column[];
  /** Kept in files that have room for it: the topic, the choice, which part this is. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface TableFile {
  /** Adds rows: a list of cells for each column, all equally long. */
  add(cells: readonly (readonly Cell[])[]): void;
  /** Ends the file, which is worth something from here on. */
  finish(): void;
}

/** Appends bytes to the file; it need not stay open between two calls. */
export type AppendBytes = (bytes: Uint8Array) => void;

const OPEN: Record<Format, (table: TableDescription, append: AppendBytes) => TableFile> = {
  parquet: parquetFile,
  csv: csvFile,
  jsonl: jsonLinesFile,
};

export function openTableFile(
  format: Format,
  table: TableDescription,
  append: AppendBytes,
): TableFile {
  return OPEN[format](table, append);
}
