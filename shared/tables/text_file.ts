/** CSV (RFC 4180, with a heading) and JSON lines. */
import type { AppendBytes, TableDescription, TableFile } from "./table_file.ts";
import type { Cell } from "./tables.ts";

const encoder = new TextEncoder();

/** Nothing is an empty cell, booleans are 1 and 0, lists are JSON. */
export function csvFile({ columns }: TableDescription, append: AppendBytes): TableFile {
  append(encoder.encode(`${columns.map(({ name }) => quotedCell(name)).join(",")}\r\n`));
  return {
    add: (cells) => append(linesOf(cells, (row) => `${row.map(csvCell).join(",")}\r\n`)),
    finish() {},
  };
}

/** One object a line, without the columns that hold nothing there. */
export function jsonLinesFile({ columns }: TableDescription, append: AppendBytes): TableFile {
  const names = columns.map(({ name }) => JSON.stringify(name));
  const textOf = (row: readonly Cell[]) => {
    const fields = row.flatMap((cell, index) =>
      cell === null ? [] : [`${names[index]}:${JSON.stringify(cell)}`]
    );
    return `{${fields.join(",")}}\n`;
  };
  return { add: (cells) => append(linesOf(cells, textOf)), finish() {} };
}

function linesOf(
  cells: readonly (readonly Cell[])[],
  textOf: (row: readonly Cell[]) => string,
): Uint8Array {
  const rowCount = cells[0]!.length;
  let text = "";
  for (let row = 0; row < rowCount; row++) text += textOf(cells.map((column) => column[row]!));
  return encoder.encode(text);
}

function csvCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "boolean") return cell ? "1" : "0";
  if (typeof cell === "number") return String(cell);
  return quotedCell(typeof cell === "string" ? cell : JSON.stringify(cell));
}

function quotedCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
