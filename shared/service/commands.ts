/**
 * The frame of a program that has several commands: `topics list`, `services up` and the like. A
 * command is a sentence, a schema and a function; usage, `--help`, errors and exit codes are here.
 */
import type { z } from "zod";
import { hasCode, messageOf } from "../errors.ts";
import type { ConfigSource } from "./config.ts";
import { callOf } from "./help.ts";
import { parseOrExplain } from "./program.ts";
import { print, printError } from "./terminal.ts";
import { plain } from "./secrets.ts";

export interface Command<S extends z.ZodObject> {
  /** What it does, in one line. */
  readonly summary: string;
  /** What its arguments stand for, `TOPIC` say; each must be given. */
  readonly positionals?: readonly string[];
  readonly config: S;
  /** Returns the exit code where it is not 0. */
  run(config: z.output<S>, ...positionals: string[]): Promise<number | void>;
}

/** A command, with the type of its config taken from its schema. */
export function command<S extends z.ZodObject>(parts: Command<S>): Command<z.ZodObject> {
  return parts;
}

export interface CommandSet {
  readonly name: string;
  /** What they are for, in one line. */
  readonly summary: string;
  /** What else `--help` says: a paragraph. */
  readonly notes: string;
  readonly commands: Readonly<Record<string, Command<z.ZodObject>>>;
}

/** Runs the command that comes first; the exit code: its own, 1 failed, 2 bad usage. */
export async function runCommand(set: CommandSet, source: ConfigSource): Promise<number> {
  const [name, ...args] = source.args;
  if (name === "--help" || name === "-h") {
    print(usageOf(set));
    return 0;
  }
  if (name === undefined || !Object.hasOwn(set.commands, name)) {
    printError(usageOf(set));
    if (name !== undefined) printError(`\nThere is no ${plain(name)}.`);
    return 2;
  }
  const title = `${set.name} ${name}`;
  try {
    return await runOne(title, set.commands[name]!, { ...source, args });
  } catch (error) {
    // Whoever read our output (head, say) has seen enough.
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    printError(`${title}: ${messageOf(error)}`);
    return hasCode(error, "config") ? 2 : 1;
  }
}

async function runOne(
  name: string,
  { summary, config, positionals = [], run }: Command<z.ZodObject>,
  source: ConfigSource,
): Promise<number> {
  const takesPositionals = positionals.length > 0;
  const program = {
    ...{ name, summary, config, positionals: takesPositionals },
    ...(takesPositionals && { usage: [...positionals, "[flags]"].join(" ") }),
  };
  const parsed = parseOrExplain(program, source);
  if (typeof parsed === "number") return parsed;
  const given = parsed.positionals;
  if (given.length !== positionals.length) {
    printError(
      `${name}: expected ${positionals.join(" ")}, got ${given.map(plain).join(" ") || "none"}`,
    );
    return 2;
  }
  return await run(parsed.config, ...given) ?? 0;
}

function usageOf({ name, summary, notes, commands }: CommandSet): string {
  const rows = Object.entries(commands).map(([command, { summary, positionals = [] }]) =>
    [[command, ...positionals].join(" "), summary] as const
  );
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    `${name}: ${summary}`,
    "",
    `Usage: ${callOf(name)} ${rows.map(([left]) => left).join(" | ")} [flags]`,
    "",
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    "",
    `Each has its own --help. ${notes}`,
  ].join("\n");
}
