/** What of a machine matters to whoever looks for programs on it, and installs them. */
import { findCommand, systemSource } from "../../shared/services/commands.ts";

/** What a program has said. */
export interface Outcome {
  readonly success: boolean;
  /** Both outputs. */
  readonly text: string;
}

/** A machine. */
export interface Machine {
  readonly isRoot: boolean;
  /** The path of a command, or undefined. */
  find(command: string): Promise<string | undefined>;
  /** Runs a program. */
  run(path: string, ...args: string[]): Promise<Outcome>;
  /** The same where it has to say something, or to ask for a password. */
  runVisibly(path: string, ...args: string[]): Promise<boolean>;
}

/** This machine. */
export function systemMachine(): Machine {
  const { folders, mayInstall: isRoot } = systemSource();
  return {
    isRoot,
    find: (command) => findCommand(command, folders),
    run: async (path, ...args) => {
      const command = new Deno.Command(path, { args, stdin: "null" });
      const { success, stdout, stderr } = await command.output();
      const decoder = new TextDecoder();
      return { success, text: `${decoder.decode(stdout)}${decoder.decode(stderr)}` };
    },
    runVisibly: async (path, ...args) => {
      const env = { DEBIAN_FRONTEND: "noninteractive" };
      return (await new Deno.Command(path, { args, env }).spawn().status).success;
    },
  };
}
