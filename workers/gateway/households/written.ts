/** A file of households as it is written: what it says, where, and the mistakes in it. */
import type { z } from "zod";
import { WattstreamError } from "../../../shared/errors.ts";
import { shortened } from "../../../shared/events.ts";
import { printableLine } from "../../../shared/service/terminal.ts";

/** Characters of a path in an error. */
const NAME_LENGTH_MAX = 200;

export type Path = readonly (string | number)[];

/** Both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What a file says, as JSON would, and where. */
export interface Written {
  readonly value: unknown;
  /** Of the key or value at this path, or of what holds it. */
  placeOf(path: Path): Place;
}

/** Mistakes, each with its place in the file. */
export class Mistakes {
  readonly #found: (Place & { readonly text: string })[] = [];

  add(place: Place, text: string): void {
    this.#found.push({ ...place, text });
  }

  /** @throws WattstreamError `config` that lists them in the order of their places, if there are any. */
  throwAny(): undefined {
    if (this.#found.length === 0) return undefined;
    const lines = [...this.#found].sort((a, b) => a.line - b.line || a.column - b.column)
      .map(({ line, column, text }) => `${line}:${column} ${text}`);
    throw new WattstreamError("config", lines.join("\n"));
  }
}

/** Mistakes in what a file says, by paths. */
export class Problems {
  readonly #written: Written;
  readonly #mistakes = new Mistakes();

  constructor(written: Written) {
    this.#written = written;
  }

  add(path: Path, message: string): void {
    // A key can be anything, with line breaks in it too.
    const name = printableLine(shortened(path.join("."), NAME_LENGTH_MAX));
    const text = path.length === 0 ? message : `${name}: ${message}`;
    this.#mistakes.add(this.#written.placeOf(path), text);
  }

  addIssue(issue: z.core.$ZodIssue): void {
    const path = issue.path as Path;
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) this.add([...path, key], "there is no such key");
    } else if (issue.code === "invalid_union") this.#addUnion(path, issue);
    else this.add(path, issue.message);
  }

  /** @throws WattstreamError as {@link Mistakes.throwAny} does. */
  throwAny(): undefined {
    return this.#mistakes.throwAny();
  }

  /** Of the forms that something may have: the one that it comes closest to. */
  #addUnion(path: Path, issue: z.core.$ZodIssueInvalidUnion): void {
    const value = valueAt(this.#written.value, path);
    const has = (key: string) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key);
    const form = has("preset") ? 0 : has("parts") ? 2 : 1;
    const issues = issue.errors[form] ?? issue.errors.at(-1) ?? [];
    for (const each of issues) this.addIssue({ ...each, path: [...path, ...each.path] });
    if (issues.length === 0) this.add(path, issue.message);
  }
}

/** What the schema's own words would be about, in words for who wrote the file. */
export function explain(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") {
    const expected = KINDS[issue.expected] ?? issue.expected;
    if (issue.input === undefined) return `expected ${expected}, it is missing`;
    return `expected ${expected}, got ${kindOf(issue.input)}`;
  }
  if (issue.code === "invalid_value") return `expected ${issue.values.map(String).join(" or ")}`;
  if (issue.code !== "too_small" && issue.code !== "too_big") return undefined;
  const bound = issue.code === "too_small"
    ? `at least ${issue.minimum}`
    : `at most ${issue.maximum}`;
  const units: Readonly<Record<string, string>> = { string: " characters", array: " of them" };
  return `expected ${bound}${units[issue.origin] ?? ""}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "keys with values",
};

function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return KINDS.array!;
  if (value instanceof Date) return "a date";
  return KINDS[typeof value] ?? typeof value;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (each, key) => (each as Record<string | number, unknown> | null | undefined)?.[key],
    value,
  );
}
