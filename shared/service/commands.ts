/** The frame of a program that has several commands: `topics list`, `services up` and the like. */
// deno-lint-ignore-file no-console -- usage and errors are this module's to print.
import { hasCode, messageOf } from "../errors.ts";
import type { ConfigSource } from "./config.ts";

export interface CommandSet {
  readonly name: string;
  /** What `--help` prints. */
  readonly usage: string;
  /** By name; each gets the arguments behind it and returns the exit code. */
  readonly commands: Readonly<Record<string, (source: ConfigSource) => Promise<number>>>;
}

/** Runs the command that comes first; the exit code: its own, 1 failed, 2 bad usage. */
export async function runCommand(
  { name, usage, commands }: CommandSet,
  source: ConfigSource,
): Promise<number> {
  const [command, ...args] = source.args;
  if (command === "--help" || command === "-h") {
    console.log(usage);
    return 0;
  }
  if (command === undefined || !Object.hasOwn(commands, command)) {
    console.error(command === undefined ? usage : `${usage}\n\nThere is no ${command}.`);
    return 2;
  }
  try {
    return await commands[command]!({ ...source, args });
  } catch (error) {
    // Whoever read our output (head, say) has seen enough.
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    console.error(`${name} ${command}: ${messageOf(error)}`);
    return hasCode(error, "config") ? 2 : 1;
  }
}
