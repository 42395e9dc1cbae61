/** What stands above the samples of a table in text: comments, and a row of names, several or none. Pure. */
import { numberOf, separatorOf } from "./notation.ts";
import { secondsOf } from "./times.ts";

/** pandas writes a row for each level of its columns, and one for the name of the rows. */
export const HEADING_ROWS_MAX = 4;

export interface Heading {
  /** Undefined where the first row is a sample. */
  readonly names: readonly string[] | undefined;
  readonly rowCount: number;
}

/**
 * Of the first rows of a table. Several are a heading where a row that begins with a time comes after
 * them and none of them has a number; names are those of the row that tells most apart, which has none
 * for the time.
 *
 *   ,power,power,power                               DRED's All_data.csv
 *   ,mains,television,fridge
 *   Timestamp,,,
 *   2015-07-05 00:00:07.000000+02:00,120,0,3.5
 */
export function headingOf(rows: readonly (readonly string[])[]): Heading {
  const first = rows.findIndex(([time = ""]) => secondsOf(time.trim()) !== undefined);
  if (first === 0) return { names: undefined, rowCount: 0 };
  const above = rows.slice(0, Math.max(first, 1)).map((row) => row.map((cell) => cell.trim()));
  const countOf = (row: readonly string[]) => new Set(row.filter((cell) => cell !== "")).size;
  const names = above.reduce((best, row) => countOf(row) > countOf(best) ? row : best);
  const isHeading = names[0] === "" &&
    above.every((row) => row.every((cell) => numberOf(cell, ",") === undefined));
  return isHeading ? { names, rowCount: above.length } : { names: above[0]!, rowCount: 1 };
}

/** Where a table begins, and what separates its cells. */
export interface Prelude {
  /** From 1. */
  readonly fromLine: number;
  readonly separator: string;
}

/**
 * Passes over empty lines, a spreadsheet's `sep=;` and comments of `#` but for a heading behind one: as
 * many cells as the line after it, which is a sample. (InfluxDB's comments are followed by its heading.)
 */
export function preludeOf(lines: readonly string[]): Prelude {
  let separator: string | undefined;
  for (const [index, line] of lines.entries()) {
    const [, given] = /^\ufeff?"?sep=(.)"?$/i.exec(line.trim()) ?? [];
    separator ??= given;
    if (given !== undefined || line.trim() === "") continue;
    const found = separator ?? separatorOf(line);
    const next = lines.slice(index + 1).find((each) => each.trim() !== "");
    if (line.startsWith("#") && !isHeadingOf(next, line, found)) continue;
    return { fromLine: index + 1, separator: found };
  }
  return { fromLine: 1, separator: separator ?? "," };
}

function isHeadingOf(next: string | undefined, line: string, separator: string): boolean {
  const cells = next?.split(separator) ?? [];
  return cells.length === line.split(separator).length &&
    cells.some((cell) => (secondsOf(cell.trim()) ?? numberOf(cell.trim(), ",")) !== undefined);
}

/** DRED's devices are all columns beside its mains, but for what is not known. */
export function dredDevices(header: readonly string[]): string[] | undefined {
  if (!header.includes("mains")) return undefined;
  return header.filter((name) => !["", "mains", "unknown"].includes(name));
}
