/**
 * Configuration of a worker or script: one zod schema gives its flags, its `WATTSTREAM_*` variables,
 * its `--help` and its errors, all problems at once. Flags win over variables, variables over
 * defaults.
 *
 * The key `idleTimeoutS` is the flag `--idle-timeout` and the variable `WATTSTREAM_IDLE_TIMEOUT`:
 * the unit that ends a key is not part of the flag, since its value carries one (`60s`, `5m`).
 */
import { parseArgs } from "node:util";
import { z } from "zod";
import { WattstreamError } from "../errors.ts";
import { plain, quoted } from "./secrets.ts";

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration such as `500ms`, `15s`, `5m` or `1h`; a bare number is in seconds. */
function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?$/.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) * MILLISECONDS[(match[2] ?? "s") as keyof typeof MILLISECONDS];
}

function duration(unitMs: number, step: number, max: number) {
  return z.string().transform((text, context) => {
    const milliseconds = parseDuration(text);
    const value = milliseconds === undefined ? undefined : milliseconds / unitMs;
    if (value === undefined || value % step !== 0 || value > max) {
      const unit = unitMs === 1000 && step === 1
        ? "whole seconds, such as 15s or 5m"
        : "500ms, 15s, 5m or 1h";
      context.addIssue({
        code: "custom",
        message: `expected a duration in ${unit}, got ${quoted(text)}`,
      });
      return z.NEVER;
    }
    return value;
  });
}

/** What describes a flag that takes several values. */
const LIST = { isList: true } as const;

/** Builders of the values that a flag can have. A default is given as text: `.prefault("15s")`. */
export const flag = {
  /** A duration in whole seconds. */
  seconds: () => duration(1000, 1, 1e9),
  /** A duration in milliseconds. */
  milliseconds: () => duration(1, 1, 1e12),
  /** A whole number within `[min, max]`. */
  integer: (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
    z.string().transform((text, context) => {
      const value = text.trim() === "" ? NaN : Number(text);
      if (Number.isInteger(value) && value >= min && value <= max) return value;
      const range = max === Number.MAX_SAFE_INTEGER
        ? `of at least ${min}`
        : `from ${min} to ${max}`;
      context.addIssue({
        code: "custom",
        message: `expected a whole number ${range}, got ${quoted(text)}`,
      });
      return z.NEVER;
    }),
  /** A finite number within `[min, max]`. */
  number: (min: number, max: number) =>
    z.string().transform((text, context) => {
      const value = text.trim() === "" ? NaN : Number(text);
      if (value >= min && value <= max) return value;
      context.addIssue({
        code: "custom",
        message: `expected a number from ${min} to ${max}, got ${quoted(text)}`,
      });
      return z.NEVER;
    }),
  text: () => z.string().min(1),
  /** Several, with commas between them; on a command line also `--flag a b c`, as a shell's `*` gives. */
  list: () => z.string().min(1).transform((text) => text.split(",")).meta(LIST),
  /** One of these words. */
  choice: <const T extends readonly [string, ...string[]]>(values: T) =>
    z.enum(values, {
      error: ({ input }) => `expected one of ${values.join(", ")}, got ${quoted(String(input))}`,
    }),
  /** A switch: given or not; as a variable `true` or `false`. */
  boolean: () => z.enum(["true", "false"]).default("false").transform((text) => text === "true"),
  /** `HOST:PORT`; port 0 takes a free one. */
  address: () =>
    z.string().transform((text, context) => {
      const match = /^(.+):(\d{1,5})$/.exec(text);
      if (match !== null && Number(match[2]) <= 65535) {
        return { hostname: match[1]!.replace(/^\[(.*)\]$/, "$1"), port: Number(match[2]) };
      }
      context.addIssue({ code: "custom", message: `expected HOST:PORT, got ${quoted(text)}` });
      return z.NEVER;
    }),
  /** A URL with one of these schemes. */
  url: (schemes: readonly string[]) =>
    z.string().refine(
      (text) => schemes.some((scheme) => text.startsWith(`${scheme}:`)),
      // Under any scheme it may hold a password: it is not repeated.
      { error: `expected a URL that begins with ${schemes.join(":, ")}:`, abort: true },
    ),
};

type Shape = Record<string, z.ZodType>;

/**
 * Adds a rule between keys: checked when these keys are right, whatever else is wrong, so that all
 * problems come out at once. `check` returns what is wrong, with the values, or undefined.
 */
export function withRule<S extends Shape, K extends keyof S & string>(
  schema: z.ZodObject<S, z.core.$strict>,
  keys: readonly K[],
  check: (values: { readonly [P in K]: z.output<S[P]> }) => string | undefined,
): z.ZodObject<S, z.core.$strict> {
  const problemOf = (values: unknown) => check(values as Parameters<typeof check>[0]);
  return schema.refine((values) => problemOf(values) === undefined, {
    when: ({ issues }) => !issues.some(({ path }) => keys.includes(path?.[0] as K)),
    error: ({ input }) => problemOf(input),
  });
}

/** One option of a program as its users see it. */
export interface OptionDescription {
  readonly key: string;
  readonly flag: string;
  readonly variable: string;
  readonly isSwitch: boolean;
  readonly isList: boolean;
  /** It must be given. */
  readonly isRequired: boolean;
  readonly description: string;
  /** As text, or undefined where it must or may be left out. */
  readonly defaultText: string | undefined;
}

/** The options of a schema, in its order. */
export function describeOptions(schema: z.ZodObject<Shape>): OptionDescription[] {
  return Object.entries(schema.shape).map(([key, field]) => {
    const name = key.replace(/(Ms|S)$/, "").replace(
      /[A-Z]/g,
      (letter) => `-${letter.toLowerCase()}`,
    );
    const json = z.toJSONSchema(field, { io: "input", unrepresentable: "any" });
    const values = json.enum ?? [];
    return {
      key,
      flag: `--${name}`,
      variable: `WATTSTREAM_${name.replaceAll("-", "_").toUpperCase()}`,
      isSwitch: values.length === 2 && values.includes("true"),
      isList: json.isList === true,
      isRequired: !field.safeParse(undefined).success,
      description: field.description ?? "",
      defaultText: json.default === undefined ? undefined : String(json.default),
    };
  });
}

export interface ProgramDescription {
  readonly name: string;
  readonly summary: string;
  /** What may follow the name on a command line; without it the flags that must be given. */
  readonly usage?: string;
  /** What else `--help` says, each on a line. */
  readonly notes?: readonly string[];
  /** Variables are not read: what is set for workers must not change what it does. */
  readonly takesNoVariables?: boolean;
  /** Rules between keys are refinements whose message prints both values. */
  readonly config: z.ZodObject<Shape>;
}

/** Where configuration comes from. */
export interface ConfigSource {
  readonly args: readonly string[];
  /** Reads one environment variable. */
  readonly env: (name: string) => string | undefined;
}

export interface ParsedConfig<C> {
  readonly config: C;
  readonly positionals: readonly string[];
  /** What was given, by flag or variable, as variables: for the programs that this one starts. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Parses flags and variables.
 * @returns "help" where `--help` is given.
 * @throws WattstreamError `config` that lists every problem.
 */
export function parseConfig<S extends Shape>(
  schema: z.ZodObject<S>,
  source: ConfigSource,
  positionals: { readonly allowed: boolean } = { allowed: false },
): ParsedConfig<z.output<z.ZodObject<S>>> | "help" {
  const options = describeOptions(schema);
  const problems: string[] = [];
  const byFlag = new Map(options.map((option) => [option.flag.slice(2), option]));
  const input: Record<string, string> = {};
  const names: Record<string, string> = {};
  for (const option of options) {
    const text = source.env(option.variable);
    if (text === undefined) continue;
    input[option.key] = text;
    names[option.key] = option.variable;
  }
  const parsed = parseArgs({
    args: [...source.args],
    options: Object.fromEntries([
      ["help", { type: "boolean", short: "h" }] as const,
      ...options.map((option) =>
        [option.flag.slice(2), { type: option.isSwitch ? "boolean" : "string" }] as const
      ),
    ]),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given: string[] = [];
  let list: OptionDescription | undefined;
  for (const token of parsed.tokens) {
    if (token.kind === "positional" && list !== undefined) {
      input[list.key] += `,${token.value}`;
      continue;
    }
    list = undefined;
    if (token.kind === "positional") {
      given.push(token.value);
      if (!positionals.allowed) problems.push(`${plain(token.value)}: unexpected argument`);
    }
    if (token.kind !== "option") continue;
    if (token.name === "help" || token.name === "h") return "help";
    const option = byFlag.get(token.name);
    if (option === undefined) {
      const problem = `${flagText(token.rawName, byFlag)}: unknown flag`;
      if (!problems.includes(problem)) problems.push(problem);
    } else if (option.isSwitch) {
      if (token.value !== undefined && !/^(true|false)$/.test(token.value)) {
        problems.push(`${option.flag}: takes no value`);
      }
      input[option.key] = token.value ?? "true";
    } else if (token.value === undefined) {
      problems.push(`${option.flag}: expected a value`);
    } else {
      input[option.key] = token.value;
      if (option.isList) list = option;
    }
    if (option !== undefined) names[option.key] = option.flag;
  }
  const result = schema.safeParse(input);
  if (!result.success) {
    for (const issue of result.error.issues) {
      const key = String(issue.path[0] ?? "");
      const option = options.find((candidate) => candidate.key === key);
      const message = option !== undefined && input[key] === undefined && issue.code !== "custom"
        ? "expected a value"
        : issue.message;
      if (problems.some((problem) => problem === `${option?.flag}: expected a value`)) continue;
      problems.push(option === undefined ? message : `${names[key] ?? option.flag}: ${message}`);
    }
  }
  if (problems.length > 0 || !result.success) {
    throw new WattstreamError("config", problems.join("\n"));
  }
  const variables: Record<string, string> = {};
  for (const option of options) {
    const text = input[option.key];
    if (text !== undefined) variables[option.variable] = text;
  }
  return { config: result.data, positionals: given, variables };
}

/** An unknown flag, without what may have been meant as a value: `-pSECRET`, `--passwordSECRET`. */
function flagText(rawName: string, known: ReadonlyMap<string, unknown>): string {
  if (!rawName.startsWith("--")) return "-…";
  const name = rawName.slice(2);
  const begun = [...known.keys()].filter((flag) => name.startsWith(flag));
  if (begun.length > 0) return `--${begun.sort((a, b) => b.length - a.length)[0]}…`;
  return /^[a-z][a-z-]{0,40}$/.test(name) ? rawName : "--…";
}
