/**
 * What a report of ours is as a page: no script and nothing to load, readable on a phone and on paper,
 * light or dark as the reader's system is.
 */
import { STYLE } from "./style.ts";

export interface Table {
  readonly title: string;
  readonly note?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A whole page. @param body of HTML. */
export function pageHtml(title: string, body: readonly string[]): string {
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta name="color-scheme" content="light dark"><title>${escaped(title)}</title>`,
    `<style>${STYLE}</style></head><body><main>`,
    `<h1>${escaped(title)}</h1>`,
    ...body,
    "</main></body></html>",
    "",
  ].join("\n");
}

/** A chart under its title. */
export function figureHtml(title: string, svg: string): string {
  return `<figure><figcaption>${escaped(title)}</figcaption>${svg}</figure>`;
}

export function tableHtml({ title, note, head, rows }: Table): string {
  const cells = (tag: string, row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return [
    `<h2>${escaped(title)}</h2>`,
    ...(note === undefined ? [] : [`<p>${escaped(note)}</p>`]),
    `<div class="scroll"><table><thead>${cells("th", head)}</thead><tbody>`,
    ...rows.map((row) => cells("td", row)),
    "</tbody></table></div>",
  ].join("\n");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text for HTML: settings and problems may quote what others wrote. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character]!);
}
