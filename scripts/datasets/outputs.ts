/**
 * The files of an export while they grow: rows wait in memory until there are many of a file, or too
 * many of all. Under their names with `.part` they are unfinished; a file with its own name is whole.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  type Format,
  openTableFile,
  type TableDescription,
  type TableFile,
} from "../../shared/tables/table_file.ts";
import type { Cell } from "../../shared/tables/tables.ts";

/** Rows of a file that are written at once: a row group of Parquet. */
const ROWS_MAX = 100_000;
/** Cells that wait in memory, of all files: some 64 MB of numbers. */
const CELLS_MAX = 8_000_000;

interface Output {
  readonly path: string;
  readonly file: TableFile;
  cells: Cell[][];
}

export interface OutputsOptions {
  readonly format: Format;
  /** What the file at `path` is. */
  describe(path: string): TableDescription;
  readonly cellsMax?: number;
}

export class Outputs {
  readonly #options: OutputsOptions;
  readonly #outputs = new Map<string, Output>();
  #waiting = 0;

  constructor(options: OutputsOptions) {
    this.#options = options;
  }

  /** Adds a row to the file that is to be at `path`, with a cell for each of its columns. */
  add(path: string, row: readonly Cell[]): void {
    let output = this.#outputs.get(path);
    if (output === undefined) {
      output = this.#open(path);
      this.#outputs.set(path, output);
    }
    for (let column = 0; column < row.length; column++) output.cells[column]!.push(row[column]!);
    this.#waiting += row.length;
    if (output.cells[0]!.length >= ROWS_MAX) this.#write(output);
    if (this.#waiting >= (this.#options.cellsMax ?? CELLS_MAX)) this.#write(this.#largest());
  }

  /** Ends every file, and gives each its name. @returns their paths. */
  finish(): string[] {
    const paths = [...this.#outputs.keys()];
    for (const output of this.#outputs.values()) {
      this.#write(output);
      output.file.finish();
      renameSync(partPath(output.path), output.path);
    }
    this.#outputs.clear();
    return paths;
  }

  #open(path: string): Output {
    const part = partPath(path);
    mkdirSync(dirname(path), { recursive: true });
    // Whatever a former attempt left there.
    writeFileSync(part, "");
    const append = (bytes: Uint8Array) => writeFileSync(part, bytes, { flag: "a" });
    const { format, describe } = this.#options;
    const table = describe(path);
    return { path, file: openTableFile(format, table, append), cells: emptyCells(table) };
  }

  #write(output: Output): void {
    const { cells } = output;
    const rowCount = cells[0]!.length;
    if (rowCount === 0) return;
    output.file.add(cells);
    this.#waiting -= rowCount * cells.length;
    output.cells = cells.map(() => []);
  }

  #largest(): Output {
    let largest: Output | undefined;
    let rowCount = -1;
    for (const output of this.#outputs.values()) {
      if (output.cells[0]!.length <= rowCount) continue;
      largest = output;
      rowCount = output.cells[0]!.length;
    }
    return largest!;
  }
}

function emptyCells({ columns }: TableDescription): Cell[][] {
  return columns.map(() => []);
}

function partPath(path: string): string {
  return `${path}.part`;
}
