/**
 * What a worker's process may do, as flags of Deno: nothing but its sockets, its own variables and
 * its folders; no other program, no native code. Tasks, binaries, images and tests all take it from
 * here.
 */

/** Where a worker that is installed keeps its state. */
export const STATE_FOLDER = "/var/lib/wattstream";

/** Where it finds its settings, certificates and passwords. */
const SETTING_FOLDERS = ["/etc/wattstream", "/run/credentials", "/run/secrets"];

/**
 * Clouds answer here with the machine's own rights. No log and no broker has such an address, and
 * whoever could make a worker connect to it must find nothing.
 */
const METADATA_ADDRESSES = ["169.254.169.254", "[fd00:ec2::254]"];

const VARIABLES = ["WATTSTREAM_*"];
/** Where a user's programs keep their state; an installed worker has a folder of its own. */
const USER_VARIABLES = ["HOME", "XDG_STATE_HOME"];

/** The folders that flags may name. */
export interface Folders {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/** Those of an installed worker: binaries and images are made with them. */
export const INSTALLED_FOLDERS: Folders = {
  read: [...SETTING_FOLDERS, STATE_FOLDER],
  write: [STATE_FOLDER],
};

/**
 * The flags of `deno run` and `deno compile`. Without folders: all of them, for a working copy, whose
 * flags name files wherever they are.
 */
export function permissionFlags(folders?: Folders): string[] {
  const within = (paths: readonly string[] | undefined) => paths ? `=${paths.join(",")}` : "";
  return [
    "--no-prompt",
    "--deny-import",
    "--allow-net",
    `--deny-net=${METADATA_ADDRESSES.join(",")}`,
    `--allow-env=${[...VARIABLES, ...(folders ? [] : USER_VARIABLES)].join(",")}`,
    // Libraries look for variables of their own (DEBUG, say): there are none, and that is no error.
    "--ignore-env",
    `--allow-read${within(folders?.read)}`,
    `--allow-write${within(folders?.write)}`,
  ];
}
