/** The file of households: YAML, checked as a whole, each mistake with its line and column. */
import { isMap, isPair, LineCounter, type Node, parseDocument } from "yaml";
import type { z } from "zod";
import { WattstreamError } from "../../../shared/errors.ts";
import { deviceSource, powerSource, type Source, type SourceProblem } from "./rules.ts";
import { type DeviceEntry, type HouseholdEntry, householdsSchema } from "./schema.ts";

export interface HouseholdSpec {
  readonly entry: HouseholdEntry;
  readonly power: Source;
  readonly devices: readonly { readonly entry: DeviceEntry; readonly source: Source }[];
}

/** Longer files are a mistake. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

type Path = readonly (string | number)[];

/**
 * Reads the text of a file.
 * @throws WattstreamError `config` that lists every mistake: `3:7 households.0.user: …`.
 */
export function parseHouseholds(text: string): HouseholdSpec[] {
  if (text.length > FILE_BYTES_MAX) {
    throw new WattstreamError("config", `expected at most ${FILE_BYTES_MAX} bytes of households`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems = new Problems(document, lines);
  for (const { pos, message } of document.errors) problems.addAt(pos[0], message);
  problems.throwAny();
  const parsed = householdsSchema.safeParse(jsonOf(document, problems));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.addIssue(issue);
    problems.throwAny();
  }
  const specs = parsed.data!.households.map((entry, index) => {
    const path = ["households", index];
    return specOf(entry, { path, problems });
  });
  checkNames(specs, problems);
  problems.throwAny();
  return specs;
}

function jsonOf(document: ReturnType<typeof parseDocument>, problems: Problems): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Aliases that would blow it up, or that name nothing.
    if (!(error instanceof Error)) throw error;
    problems.addAt(0, error.message);
    return problems.throwAny();
  }
}

function specOf(
  entry: HouseholdEntry,
  { path, problems }: {
    readonly path: Path;
    readonly problems: Problems;
  },
): HouseholdSpec {
  const take = (
    { source, problems: found }: { source: Source; problems: readonly SourceProblem[] },
    at: Path,
  ) => {
    for (const problem of found) problems.add([...path, ...at, ...problem.path], problem.message);
    return source;
  };
  return {
    entry,
    power: take(powerSource(entry.power), ["power"]),
    devices: entry.devices.map((device, index) => ({
      entry: device,
      source: take(deviceSource(device), ["devices", index]),
    })),
  };
}

function checkNames(specs: readonly HouseholdSpec[], problems: Problems): void {
  const seen = new Set<string>();
  for (const [index, { entry }] of specs.entries()) {
    const name = `${entry.user}/${entry.client_id}`;
    if (seen.has(name)) {
      problems.add(["households", index, "client_id"], `${name} is there already`);
    }
    seen.add(name);
    const devices = new Set<string>();
    for (const [number, device] of entry.devices.entries()) {
      if (devices.has(device.name)) {
        const path = ["households", index, "devices", number, "name"];
        problems.add(path, `${device.name} is there already`);
      }
      devices.add(device.name);
    }
  }
}

/** Mistakes, each with its place in the file. */
class Problems {
  readonly #document: ReturnType<typeof parseDocument>;
  readonly #lines: LineCounter;
  readonly #found: { readonly offset: number; readonly text: string }[] = [];

  constructor(document: ReturnType<typeof parseDocument>, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  add(path: Path, message: string): void {
    this.addAt(this.#offsetOf(path), `${path.join(".")}: ${message}`);
  }

  addAt(offset: number, text: string): void {
    this.#found.push({ offset, text });
  }

  addIssue(issue: z.core.$ZodIssue): void {
    const path = issue.path as Path;
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) this.add([...path, key], "there is no such key");
    } else if (issue.code === "invalid_union") this.#addUnion(path, issue);
    else this.add(path, issue.message);
  }

  /** Of the forms that something may have: the one that it comes closest to. */
  #addUnion(path: Path, issue: z.core.$ZodIssueInvalidUnion): void {
    const value = this.#document.getIn(path, true) as Node | undefined;
    const has = (key: string) => isMap(value) && value.has(key);
    const form = has("preset") ? 0 : has("parts") ? 2 : 1;
    const issues = issue.errors[form] ?? issue.errors.at(-1) ?? [];
    for (const each of issues) this.addIssue({ ...each, path: [...path, ...each.path] });
    if (issues.length === 0) this.add(path, issue.message);
  }

  /** @throws WattstreamError `config` where there are any. */
  throwAny(): undefined {
    if (this.#found.length === 0) return undefined;
    const lines = [...this.#found].sort((a, b) => a.offset - b.offset).map(({ offset, text }) => {
      const { line, col } = this.#lines.linePos(offset);
      return `${line}:${col} ${text}`;
    });
    throw new WattstreamError("config", lines.join("\n"));
  }

  /** Of the key or value at this path, or of what holds it. */
  #offsetOf(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const parent = this.#document.getIn(path.slice(0, length - 1), true) as Node | undefined;
      const key = path[length - 1];
      if (isMap(parent)) {
        const pair = parent.items.find((item) =>
          isPair(item) && String((item.key as { value?: unknown })?.value ?? item.key) === key
        );
        const range = (pair?.key as Node | undefined)?.range;
        if (range) return range[0];
      }
      const range = (this.#document.getIn(path.slice(0, length), true) as Node | undefined)?.range;
      if (range) return range[0];
    }
    return this.#document.contents?.range?.[0] ?? 0;
  }
}
