/**
 * The folder of a bridge's own that outlives its process: its client id, its spool, and what it knows of its
 * session at the broker. One process at a time has it.
 */
import { messageOf, WattstreamError } from "../errors.ts";
import { STATE_FOLDER } from "../service/permissions.ts";
import { lockFolder } from "./folder_lock.ts";

export interface StatePlace {
  /** What `--state` says. */
  readonly state?: string | undefined;
  /** Of the folder where `--state` says nothing. */
  readonly name: string;
  /** The variables of the process. */
  readonly env: (name: string) => string | undefined;
}

/**
 * Where it is: as `--state` says, or below what the system has for the state of a user's programs,
 * or else of those that are installed.
 */
export function statePath({ state, name, env }: StatePlace): string {
  if (state !== undefined) return state;
  const home = env("HOME");
  const ofUser = env("XDG_STATE_HOME") || (home && `${home}/.local/state`);
  return `${ofUser ? `${ofUser}/wattstream` : STATE_FOLDER}/${name}`;
}

/**
 * Makes the folder where it is not there, and keeps it to this process until the file is closed.
 * @throws WattstreamError `config` where it cannot be made or written, or another process has it.
 */
export function lockState(folder: string): Deno.FsFile {
  return orRefuse(folder, () => lockFolder(folder, "--state folder"));
}

/**
 * Writes a file of a state folder, readable for its owner alone: whole or not at all.
 * @throws WattstreamError `config` where the disk does not take it.
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const folder = path.slice(0, path.lastIndexOf("/"));
  orRefuse(folder, () => {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    using file = Deno.openSync(`${path}.new`, {
      ...{ create: true, write: true, truncate: true, mode: 0o600 },
    });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    for (let written = 0; written < bytes.length;) {
      written += file.writeSync(bytes.subarray(written));
    }
    file.syncSync();
    Deno.renameSync(`${path}.new`, path);
  });
}

function orRefuse<T>(folder: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof WattstreamError) throw cause;
    throw new WattstreamError(
      "config",
      `Give --state a folder that lasts and can be written, not ${folder}: ${messageOf(cause)}`,
      { cause },
    );
  }
}
